// SPDX-License-Identifier: EUPL-1.2
// Where a job comes out: every row of the table, its neighbours, and the wall.
#include "broker/core/print_route.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct core_fixture core;
static struct people people;
static struct reports reports;
static struct print_jobs jobs;
static struct print_world world;
static struct print_question question;
static struct print_decision decision;

enum { MADE_MS = 50 };

static void add_site(const char *id)
{
    union record site = {.site = {.name = "site"}};
    TEXT_PUT(site.site.id, id);
    core_set(&core, NOUN_SITE, &site);
}

static struct printer *printer_at(const char *id)
{
    struct printer *printer = (struct printer *)(uintptr_t)state_find(core.state, NOUN_PRINTER, id);
    cr_assert(printer, "%s", id);
    return printer;
}

static void add_printer(const char *id, const char *site, const char *room)
{
    union record printer = {.printer = {.name = "printer", .uri = "ipp://printer.example/ipp/print"}};
    TEXT_PUT(printer.printer.id, id);
    TEXT_PUT(printer.printer.site, site);
    TEXT_PUT(printer.printer.room, room);
    core_set(&core, NOUN_PRINTER, &printer);
}

static void change_device(const char *id, const char *site, const char *room, const char *printer)
{
    union record device = {.device = *state_device(core.state, id)};
    TEXT_PUT(device.device.site, site);
    TEXT_PUT(device.device.room, room);
    TEXT_PUT(device.device.printer, printer);
    core_set(&core, NOUN_DEVICE, &device);
}

static void change_profile(bool printers, enum home_printing home)
{
    union record profile = {.profile = *(const struct profile *)state_find(core.state, NOUN_PROFILE, "neustadt/clerk")};
    profile.profile.printers = printers;
    profile.profile.home_printing = home;
    core_set(&core, NOUN_PROFILE, &profile);
}

static const struct session *anna(void)
{
    struct session_walk walk = state_sessions_of(core.state, SESSIONS_OF_PERSON, "neustadt/p-anna");
    return state_next_session(&walk);
}

// anna works at desk1, in room 12 of the town hall; there are printers in 12 and 13, and one in the school.
static void open_hall(void)
{
    struct logon_decision logon;
    struct store_person person = {.id = "neustadt/p-anna", .key = "1", .user_name = "Anna", .name = "Anna"};
    union record record = {.person = {.id = "neustadt/p-anna", .first_seen_ms = 1}};
    core_open(&core);
    core.now_ms = 10;
    people = (struct people){0};
    reports = (struct reports){0};
    print_jobs_init(&jobs);
    people_put(&people, &person);
    core_set(&core, NOUN_PERSON, &record);
    add_site("neustadt/school");
    add_printer("neustadt/room12", "neustadt/rathaus", "12");
    add_printer("neustadt/room13", "neustadt/rathaus", "13");
    add_printer("neustadt/school1", "neustadt/school", "1");
    change_device("neustadt/desk1", "neustadt/rathaus", "12, at the window", "");
    change_device("neustadt/desk2", "neustadt/school", "7", "");
    change_profile(true, HOME_PRINTING_HOLD);
    core_set_agent(&core, "neustadt/ts1", true);
    core_set_agent(&core, "neustadt/ts2", true);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &logon);
    cr_assert_eq(logon.refusal, REFUSAL_NONE);
    core_change(&core, anna()->id, SESSION_HOST_CONNECTS);
    world = (struct print_world){core.state, &people, &reports, &jobs};
    static char host_id[ID_SIZE]; // sessions come and go
    TEXT_PUT(host_id, anna()->host);
    question = (struct print_question){.server_id = "neustadt/print",
                                       .host_id = host_id,
                                       .certificate = state_host(core.state, anna()->host)->certificate,
                                       .user_name = "anna",
                                       .principal = "",
                                       .target = "",
                                       .avoid = "",
                                       .created_ms = MADE_MS};
}

static void close_hall(void)
{
    print_jobs_clear(&jobs);
    reports_clear(&reports);
    people_clear(&people);
    core_close(&core);
}

TestSuite(print_route, .init = open_hall, .fini = close_hall);

#define EXPECT(wanted, because, at) expect(wanted, because, at, __LINE__)
static void expect(enum print_outcome outcome, enum job_reason reason, const char *printer, int line)
{
    print_route(&world, &question, &decision);
    cr_assert_eq(decision.outcome, outcome, "line %d: %s, %s", line, print_outcome_words[decision.outcome],
                 decision.trace.lines);
    cr_assert_eq(decision.reason, reason, "line %d: %s", line, job_reason_words[decision.reason]);
    cr_assert_str_eq(decision.printer ? decision.printer->id : "", printer, "line %d", line);
}

static void move_to(const char *device)
{
    struct logon_decision logon;
    core_log_on(&core, "anna", "rathaus", device, &logon);
    cr_assert_eq(logon.refusal, REFUSAL_NONE);
    core_change(&core, anna()->id, SESSION_HOST_CONNECTS);
}

static void set_state(const char *printer, enum printer_state state)
{
    print_jobs_printer(&jobs, "neustadt/print", printer, state, "", 1);
}

// ---- next to the person

Test(print_route, goes_to_the_room_of_the_desk_then_to_its_building)
{
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
    cr_assert_str_eq(decision.person, "neustadt/p-anna");
    cr_assert(strstr(decision.trace.lines, "neustadt/desk1"), "%s", decision.trace.lines);
    change_device("neustadt/desk1", "neustadt/rathaus", "12", "");
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
    change_device("neustadt/desk1", "neustadt/rathaus", "13 links", "");
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room13");
    change_device("neustadt/desk1", "neustadt/rathaus", "120", ""); // is not in room 12
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room1");
    change_device("neustadt/desk1", "neustadt/rathaus", "", "");
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room1");
}

Test(print_route, follows_the_person_from_desk_to_desk)
{
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
    move_to("neustadt/desk2");
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/school1");
    change_device("neustadt/desk2", "neustadt/school", "7", "neustadt/room13"); // as it is set
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room13");
}

Test(print_route, holds_what_has_no_printer_near)
{
    add_site("neustadt/depot");
    change_device("neustadt/desk1", "neustadt/depot", "12", "");
    EXPECT(PRINT_HOLD, JOB_NO_PRINTER_NEAR, "");
}

Test(print_route, of_two_as_near_takes_the_one_that_prints)
{
    add_printer("neustadt/room12b", "neustadt/rathaus", "12");
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
    set_state("neustadt/room12", PRINTER_STOPPED);
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12b");
    set_state("neustadt/room12b", PRINTER_UNREACHABLE);
    EXPECT(PRINT_WAIT, JOB_PRINTER_STOPPED, "neustadt/room12");
}

// ---- at no desk

Test(print_route, at_home_holds_or_goes_to_the_own_printer)
{
    core_change(&core, anna()->id, SESSION_HOST_DISCONNECTS);
    EXPECT(PRINT_HOLD, JOB_NOT_AT_A_DESK, "");
    change_profile(true, HOME_PRINTING_OWN_PRINTER);
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12"); // near the desk of last
    union record person = {.person = {.id = "neustadt/p-anna", .first_seen_ms = 1, .printer = "neustadt/school1"}};
    core_set(&core, NOUN_PERSON, &person);
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/school1");
    TEXT_PUT(person.person.printer, "altdorf/room1"); // not theirs to use
    core_set(&core, NOUN_PERSON, &person);
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
    move_to("neustadt/desk2"); // at a desk nobody asks for that
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/school1");
}

// ---- who may

Test(print_route, a_profile_without_printing_prints_nothing)
{
    change_profile(false, HOME_PRINTING_HOLD);
    EXPECT(PRINT_REFUSE, JOB_MAY_NOT_PRINT, "");
    question.target = "neustadt/room13";
    EXPECT(PRINT_REFUSE, JOB_MAY_NOT_PRINT, "");
}

Test(print_route, prints_for_nobody_without_a_session_there)
{
    question.user_name = "ben";
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
    cr_assert_str_eq(decision.person, "");
    question.user_name = "";
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
    question.user_name = "anna";
    question.host_id = text_equal(anna()->host, "neustadt/ts1") ? "neustadt/ts2" : "neustadt/ts1";
    question.certificate = state_host(core.state, question.host_id)->certificate;
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
    question.host_id = "neustadt/ts9";
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
    question.host_id = "";
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
}

Test(print_route, a_copied_key_of_before_an_enrolment_vouches_for_nobody)
{
    union record host = {.host = *state_host(core.state, anna()->host)};
    static char former[DIGEST_SIZE];
    memset(former, '7', DIGEST_SIZE - 1);
    host.host.enrolled_ms = 100ll * 60 * 60 * 1000;
    core_set(&core, NOUN_HOST, &host);
    question.certificate = former;
    question.certified_ms = 50ll * 60 * 60 * 1000;
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
    question.certified_ms = host.host.enrolled_ms; // since then, and renewed meanwhile
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
    host.host.certificate[0] = 0;
    core_set(&core, NOUN_HOST, &host);
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
}

Test(print_route, knows_whose_a_job_is_after_their_session_has_ended)
{
    core.now_ms = MADE_MS + 20;
    core_change(&core, anna()->id, SESSION_HOST_ENDS);
    EXPECT(PRINT_HOLD, JOB_NOT_AT_A_DESK, "");
    cr_assert_str_eq(decision.person, "neustadt/p-anna");
    change_profile(true, HOME_PRINTING_OWN_PRINTER);
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
    question.created_ms = MADE_MS + 21; // made when the session was over: somebody else's
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
    question.created_ms = 1; // before it had begun
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
}

Test(print_route, is_asked_by_print_servers_for_the_tenants_that_they_serve)
{
    question.server_id = "altdorf/print";
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
    question.server_id = "neustadt/none";
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
}

// ---- a printer that was chosen

Test(print_route, goes_to_the_printer_that_was_chosen)
{
    question.target = "neustadt/school1";
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/school1");
    core_change(&core, anna()->id, SESSION_HOST_DISCONNECTS); // wherever they are
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/school1");
    question.target = "neustadt/none";
    EXPECT(PRINT_HOLD, JOB_PRINTER_UNKNOWN, "");
    question.target = "altdorf/room1";
    EXPECT(PRINT_HOLD, JOB_NO_GRANT, "");
    question.target = "../..";
    EXPECT(PRINT_HOLD, JOB_PRINTER_UNKNOWN, "");
}

// ---- printers that cannot print

Test(print_route, goes_to_the_substitute_of_a_printer_that_cannot_print)
{
    static const struct {
        enum printer_state state;
        bool draining;
        const char *avoid;
        enum job_reason reason;
    } troubles[] = {
        {PRINTER_STOPPED, false, "", JOB_PRINTER_STOPPED},
        {PRINTER_UNREACHABLE, false, "", JOB_PRINTER_AWAY},
        {PRINTER_IDLE, true, "", JOB_PRINTER_DRAINING},
        {PRINTER_IDLE, false, "neustadt/room12", JOB_PRINTER_AWAY},
    };
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        struct printer *printer = printer_at("neustadt/room12");
        set_state("neustadt/room12", troubles[i].state);
        printer->draining = troubles[i].draining;
        printer->substitute[0] = 0;
        question.avoid = troubles[i].avoid;
        EXPECT(PRINT_WAIT, troubles[i].reason, "neustadt/room12");
        TEXT_PUT(printer->substitute, "neustadt/room13");
        EXPECT(PRINT_SEND, JOB_AT_SUBSTITUTE, "neustadt/room13");
    }
    question.avoid = "";
    set_state("neustadt/room12", PRINTER_PRINTING); // busy is not broken
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
}

// Sending to it fails at once, and then it is known again.
Test(print_route, tries_a_printer_that_was_away_again)
{
    set_state("neustadt/room12", PRINTER_UNREACHABLE);
    print_jobs_sweep(&jobs, 1 + PRINT_AWAY_MS);
    EXPECT(PRINT_WAIT, JOB_PRINTER_AWAY, "neustadt/room12");
    print_jobs_sweep(&jobs, 2 + PRINT_AWAY_MS);
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
    set_state("neustadt/room12", PRINTER_STOPPED); // would take the job and keep it
    print_jobs_sweep(&jobs, 2 + PRINT_AWAY_MS);
    EXPECT(PRINT_WAIT, JOB_PRINTER_STOPPED, "neustadt/room12");
}

Test(print_route, follows_substitutes_twice_and_in_no_circle)
{
    static const char *const chain[] = {"neustadt/room12", "neustadt/room13", "neustadt/school1", "neustadt/room1"};
    for (size_t i = 0; i < 4; i++) {
        struct printer *printer = printer_at(chain[i]);
        TEXT_PUT(printer->substitute, chain[(i + 1) % 4]);
    }
    set_state(chain[0], PRINTER_STOPPED);
    set_state(chain[1], PRINTER_UNREACHABLE);
    EXPECT(PRINT_SEND, JOB_AT_SUBSTITUTE, chain[2]);
    set_state(chain[2], PRINTER_STOPPED);
    EXPECT(PRINT_WAIT, JOB_PRINTER_STOPPED, chain[0]);
    struct printer *second = printer_at(chain[1]);
    TEXT_PUT(second->substitute, chain[0]);
    EXPECT(PRINT_WAIT, JOB_PRINTER_STOPPED, chain[0]);
    TEXT_PUT(printer_at(chain[0])->substitute, "altdorf/room1"); // nothing crosses the wall
    EXPECT(PRINT_WAIT, JOB_PRINTER_STOPPED, chain[0]);
}

// ---- the wall

Test(print_route, at_a_desk_of_another_tenant_holds_without_a_grant)
{
    union record session = {.session = *anna()};
    TEXT_PUT(session.session.device, "altdorf/desk1");
    struct event event = {.type = EVENT_SESSION_MOVED, .noun = NOUN_SESSION, .record = session};
    state_apply(core.state, &event);
    EXPECT(PRINT_HOLD, JOB_NO_GRANT, "");
    change_device("altdorf/desk1", "altdorf/rathaus", "1", "altdorf/room1"); // also when it is set there
    EXPECT(PRINT_HOLD, JOB_NO_GRANT, "");
}

Test(print_route, a_server_of_the_district_serves_who_has_none)
{
    cr_assert(print_route_serves(core.state, "neustadt/print", "neustadt"));
    cr_assert_not(print_route_serves(core.state, "neustadt/print", "altdorf"));
    union record district = {.tenant = *state_tenant(core.state, "altdorf")};
    district.tenant.district = true;
    core_set(&core, NOUN_TENANT, &district);
    cr_assert_not(print_route_serves(core.state, "altdorf/print", "neustadt"));
    cr_assert_str_eq(print_route_server(core.state, "neustadt")->id, "neustadt/print");
    struct event gone = {.type = EVENT_REMOVED, .noun = NOUN_PRINT_SERVER, .record.print_server.id = "neustadt/print"};
    state_apply(core.state, &gone);
    cr_assert(print_route_serves(core.state, "altdorf/print", "neustadt"));
    cr_assert_str_eq(print_route_server(core.state, "neustadt")->id, "altdorf/print");
    cr_assert_not(print_route_serves(core.state, "altdorf/print", "nirgends"));
    question.server_id = "altdorf/print";
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
}

// ---- by Kerberos

Test(print_route, knows_whose_a_principal_is_by_its_realm)
{
    union record tenant = {.tenant = *state_tenant(core.state, "neustadt")};
    TEXT_PUT(tenant.tenant.realm, "HALL.EXAMPLE");
    core_set(&core, NOUN_TENANT, &tenant);
    question.host_id = question.certificate = question.user_name = "";
    question.principal = "anna@HALL.EXAMPLE";
    EXPECT(PRINT_SEND, JOB_REASON_NONE, "neustadt/room12");
    static const char *const nobody[] = {"anna",         "@HALL.EXAMPLE",      "anna@",
                                         "anna@EXAMPLE", "ben@HALL.EXAMPLE",   "anonymous@HALL.EXAMPLE",
                                         "remroot",      "anna@HALL.EXAMPLE@", "anna@X@HALL.EXAMPLE"};
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        question.principal = nobody[i];
        EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
    }
    question.principal = "anna@HALL.EXAMPLE";
    question.server_id = "altdorf/print";
    EXPECT(PRINT_HOLD, JOB_OWNER_UNKNOWN, "");
}
