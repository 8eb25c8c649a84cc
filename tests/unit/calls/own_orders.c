// SPDX-License-Identifier: EUPL-1.2
// A person at a desk and their own print jobs.
#include "broker/calls/own_orders.h"
#include "broker/api/link_rows.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/device_messages.h"
#include "broker/calls/host_messages.h"
#include "broker/calls/print_messages.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SERVER "neustadt/print"
#define PERSON "neustadt/p-anna"

static struct logon_decision anna;

static void add_person(const char *id, const char *key, const char *user_name)
{
    struct store_person person = {.id = ""};
    union record record = {.person = {.first_seen_ms = 1}};
    TEXT_PUT(person.id, id);
    TEXT_PUT(person.key, key);
    TEXT_PUT(person.user_name, user_name);
    TEXT_PUT(record.person.id, id);
    people_put(&calls.services.people, &person);
    core_set(&calls.core, NOUN_PERSON, &record);
}

static void open_calls(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    add_person(PERSON, "1", "anna");
    add_person("neustadt/p-bert", "2", "bert");
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    core_change(&calls.core, anna.session.id, SESSION_DESK_CONNECTS);
    print_linked(&calls.services, SERVER);
    calls.to_desk_count = 0;
    calls.caller = (struct peer){.role = ROLE_DEVICE, .id = "neustadt/desk2", .tenant = "neustadt"};
}

TestSuite(own_orders, .init = open_calls, .fini = calls_close);

static void server_says(const char *name, const char *person, enum job_state state, enum job_reason reason)
{
    struct print_message message = {
        .type = PRINT_JOB, .user_name = "x", .state = state, .reason = reason, .created_ms = 5, .pages = 3};
    TEXT_PUT(message.job, name);
    TEXT_PUT(message.person, person);
    TEXT_PUT(message.host, anna.host.id);
    TEXT_PUT(message.printer, "neustadt/room1");
    print_message(&calls.services, SERVER, &message);
}

static void desk_says(const char *device_id, enum device_message_type type, const char *job, const char *printer)
{
    struct device_message message = {.type = type, .fence = anna.session.fence, .why = JOB_PRINTER_AWAY};
    TEXT_PUT(message.session, anna.session.id);
    TEXT_PUT(message.job, job);
    TEXT_PUT(message.printer, printer);
    calls.to_desk_count = 0;
    calls.told_count = 0;
    device_message(&calls.services, device_id, &message);
}

static const struct own_jobs *answered(enum own_problem problem)
{
    cr_assert_eq(calls.to_desk_count, 1);
    cr_assert_eq(calls.to_desk.message.type, DEVICE_OWN_JOBS);
    cr_assert_str_eq(calls.to_desk.message.session, anna.session.id);
    cr_assert_eq(calls.to_desk.message.own.problem, problem);
    return &calls.to_desk.message.own;
}

static void expect_row(enum job_state state, enum job_reason reason)
{
    const struct own_job *row = record_at(&calls.to_desk.message.own.jobs, &own_job_type, 0);
    cr_assert_eq(row->state, state);
    cr_assert_eq(row->reason, reason);
}

static void expect_order(enum print_order order, const char *job, const char *printer)
{
    cr_assert_eq(calls.told_count, 1);
    cr_assert_eq(calls.told[0].message.type, PRINT_ORDER);
    cr_assert_eq(calls.told[0].message.order, order);
    cr_assert_str_eq(calls.told[0].message.job, job);
    cr_assert_str_eq(calls.told[0].message.printer, printer);
    cr_assert_str_eq(calls.told[0].message.by, "person " PERSON);
}

// ---- in the session

Test(own_orders, a_desk_sees_the_jobs_of_whom_it_shows)
{
    server_says("j-1", PERSON, JOB_HELD, JOB_REASON_NONE);
    server_says("j-2", "neustadt/p-bert", JOB_HELD, JOB_REASON_NONE);
    server_says("j-3", PERSON, JOB_DONE, JOB_REASON_NONE);
    desk_says("neustadt/desk1", DEVICE_JOBS, "", "");
    const struct own_jobs *own = answered(OWN_PROBLEM_NONE);
    cr_assert_eq(own->jobs.count, 1);
    const struct own_job *job = record_at(&own->jobs, &own_job_type, 0);
    cr_assert_str_eq(job->job, "j-1");
    cr_assert_neq(job->printer[0], 0);
    cr_assert_eq(job->pages, 3);
    cr_assert_eq(own->printers.count, 1, "and none of another tenant's");
    const struct own_printer *printer = record_at(&own->printers, &own_printer_type, 0);
    cr_assert_str_eq(printer->printer, "neustadt/room1");
}

Test(own_orders, whom_a_desk_shows_is_obeyed)
{
    server_says("j-1", PERSON, JOB_HELD, JOB_NOT_AT_A_DESK);
    desk_says("neustadt/desk1", DEVICE_RELEASE, "j-1", "neustadt/room1");
    answered(OWN_PROBLEM_NONE);
    expect_row(JOB_WAITING, JOB_REASON_NONE); // not held any more, though its print server has not said so yet
    expect_order(PRINT_RELEASE, "j-1", "neustadt/room1");
    desk_says("neustadt/desk1", DEVICE_CANCEL, "j-1", "");
    answered(OWN_PROBLEM_NONE);
    expect_row(JOB_CANCELLED, JOB_REASON_NONE);
    expect_order(PRINT_CANCEL, "j-1", "");
    desk_says("neustadt/desk1", DEVICE_JOBS, "", "");
    expect_row(JOB_HELD, JOB_NOT_AT_A_DESK); // as its print server says
    server_says("j-1", PERSON, JOB_WAITING, JOB_PRINTER_AWAY);
    desk_says("neustadt/desk1", DEVICE_RELEASE, "j-1", "neustadt/room1");
    expect_order(PRINT_MOVE, "j-1", "neustadt/room1");
    server_says("j-1", PERSON, JOB_PRINTING, JOB_REASON_NONE);
    desk_says("neustadt/desk1", DEVICE_RELEASE, "j-1", "neustadt/room1");
    answered(OWN_PROBLEM_PRINTING);
    cr_assert_eq(calls.told_count, 0);
    calls.away = true;
    desk_says("neustadt/desk1", DEVICE_CANCEL, "j-1", "");
    answered(OWN_PROBLEM_SERVER_AWAY);
    expect_row(JOB_PRINTING, JOB_REASON_NONE);
}

Test(own_orders, jobs_and_printers_of_others_are_as_good_as_none)
{
    static const struct {
        enum device_message_type type;
        const char *job, *printer;
    } rows[] = {{DEVICE_RELEASE, "j-2", "neustadt/room1"}, {DEVICE_CANCEL, "j-2", ""},
                {DEVICE_RELEASE, "j-1", "altdorf/room1"},  {DEVICE_RELEASE, "j-1", "neustadt/none"},
                {DEVICE_RELEASE, "j-9", "neustadt/room1"}, {DEVICE_CANCEL, "", ""},
                {DEVICE_CANCEL, "neustadt/j-2", ""}};
    server_says("j-1", PERSON, JOB_HELD, JOB_REASON_NONE);
    server_says("j-2", "neustadt/p-bert", JOB_HELD, JOB_REASON_NONE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_says("neustadt/desk1", rows[i].type, rows[i].job, rows[i].printer);
        answered(OWN_PROBLEM_GONE);
        cr_assert_eq(calls.told_count, 0, "row %zu", i);
    }
}

// Who is at the portal is at no desk: nothing is near, and they say where it shall come out.
Test(own_orders, whoever_is_at_no_desk_says_which_printer)
{
    struct own_jobs own;
    server_says("j-1", PERSON, JOB_HELD, JOB_NOT_AT_A_DESK);
    server_says("j-2", "neustadt/p-bert", JOB_HELD, JOB_REASON_NONE);
    calls.told_count = 0;
    own_orders_show(&calls.services, PERSON, &own);
    cr_expect_eq(own.jobs.count, 1);
    cr_expect_eq(own.printers.count, 1, "and none of another tenant's");
    own_jobs_free(&own);
    own_orders_release(&calls.services, PERSON, "j-1", "", &own);
    cr_expect_eq(own.problem, OWN_PROBLEM_NO_PRINTER);
    own_jobs_free(&own);
    own_orders_release(&calls.services, PERSON, "j-1", "altdorf/room1", &own);
    cr_expect_eq(own.problem, OWN_PROBLEM_GONE);
    own_jobs_free(&own);
    own_orders_cancel(&calls.services, PERSON, "j-2", &own);
    cr_expect_eq(own.problem, OWN_PROBLEM_GONE);
    own_jobs_free(&own);
    cr_expect_eq(calls.told_count, 0);
    own_orders_release(&calls.services, PERSON, "j-1", "neustadt/room1", &own);
    cr_expect_eq(own.problem, OWN_PROBLEM_NONE);
    own_jobs_free(&own);
    expect_order(PRINT_RELEASE, "j-1", "neustadt/room1");
    calls.told_count = 0;
    own_orders_cancel(&calls.services, PERSON, "j-1", &own);
    own_jobs_free(&own);
    expect_order(PRINT_CANCEL, "j-1", "");
}

Test(own_orders, a_desk_that_does_not_show_the_session_is_not_heard)
{
    static const enum device_message_type types[] = {DEVICE_JOBS, DEVICE_RELEASE, DEVICE_CANCEL};
    server_says("j-1", PERSON, JOB_HELD, JOB_REASON_NONE);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        desk_says("neustadt/desk2", types[i], "j-1", "");
        cr_expect(calls.to_desk_count == 0 && calls.told_count == 0, "another desk");
        desk_says("altdorf/desk1", types[i], "j-1", "");
        cr_expect(calls.to_desk_count == 0 && calls.told_count == 0, "another tenant's desk");
        anna.session.fence--;
        desk_says("neustadt/desk1", types[i], "j-1", "");
        cr_expect(calls.to_desk_count == 0 && calls.told_count == 0, "an old number");
        anna.session.fence++;
    }
    core_change(&calls.core, anna.session.id, SESSION_DESK_DISCONNECTS);
    desk_says("neustadt/desk1", DEVICE_RELEASE, "j-1", "");
    cr_expect(calls.to_desk_count == 0 && calls.told_count == 0, "it is locked");
}

Test(own_orders, the_list_is_bounded)
{
    for (int i = 0; i < 3 * OWN_JOBS_MAX; i++) {
        char name[20];
        snprintf(name, sizeof name, "j-%03d", i);
        server_says(name, PERSON, JOB_HELD, JOB_REASON_NONE);
    }
    desk_says("neustadt/desk1", DEVICE_JOBS, "", "");
    cr_assert_eq(answered(OWN_PROBLEM_NONE)->jobs.count, OWN_JOBS_MAX);
    cr_assert(calls.to_desk.message.own.more);
}

Test(own_orders, the_longest_list_fits_into_a_message_of_the_link)
{
    struct device_message message = {.type = DEVICE_OWN_JOBS, .fence = INT64_MAX, .own.more = true};
    memset(message.session, 's', ID_SIZE - 1);
    for (int i = 0; i < OWN_JOBS_MAX; i++) {
        struct own_job *job = record_add(&message.own.jobs, &own_job_type);
        memset(job->job, 'j', JOB_NAME_SIZE - 1);
        memset(job->printer, '"', NAME_SIZE - 1);
        job->state = JOB_UNCERTAIN;
        job->reason = JOB_SEALED_FOR_ANOTHER_BROKER;
        job->created_ms = 1796000000000;
        job->pages = INT64_MAX;
    }
    for (int i = 0; i < OWN_PRINTERS_MAX; i++) {
        struct own_printer *printer = record_add(&message.own.printers, &own_printer_type);
        memset(printer->printer, 'p', ID_SIZE - 1);
        memset(printer->place, '"', NAME_SIZE - 1);
    }
    owned(text) struct text text = {0};
    link_print(&text, link_of(NOUN_DEVICE), &message);
    cr_assert_leq(text.length, DEVICE_MESSAGE_MAX);
    own_jobs_free(&message.own);
}

// ---- notices

static void expect_notice(const char *desk, const char *job, enum job_reason why)
{
    cr_assert_eq(calls.to_desk_count, 1);
    cr_assert_eq(calls.to_desk.message.type, DEVICE_NOTICE);
    cr_assert_str_eq(calls.to_desk.to, desk);
    cr_assert_str_eq(calls.to_desk.message.session, anna.session.id);
    cr_assert_str_eq(calls.to_desk.message.job, job);
    cr_assert_eq(calls.to_desk.message.why, why);
    calls.to_desk_count = 0;
}

Test(own_orders, a_person_is_told_once_why_a_job_does_not_come_out)
{
    server_says("j-1", PERSON, JOB_WAITING, JOB_REASON_NONE);
    cr_assert_eq(calls.to_desk_count, 0, "all is well");
    server_says("j-1", PERSON, JOB_WAITING, JOB_PRINTER_AWAY);
    expect_notice("neustadt/desk1", "j-1", JOB_PRINTER_AWAY);
    desk_says("neustadt/desk2", DEVICE_NOTICED, "j-1", "");
    server_says("j-1", PERSON, JOB_WAITING, JOB_PRINTER_AWAY);
    expect_notice("neustadt/desk1", "j-1", JOB_PRINTER_AWAY); // another desk cannot say so
    desk_says("neustadt/desk1", DEVICE_NOTICED, "j-1", "");
    server_says("j-1", PERSON, JOB_WAITING, JOB_PRINTER_AWAY);
    cr_assert_eq(calls.to_desk_count, 0, "they know");
    server_says("j-1", PERSON, JOB_HELD, JOB_HALF_PRINTED);
    expect_notice("neustadt/desk1", "j-1", JOB_HALF_PRINTED);
    server_says("j-1", PERSON, JOB_CANCELLED, JOB_BY_ITS_PERSON);
    cr_assert_eq(calls.to_desk_count, 0, "that was themselves");
    server_says("j-2", PERSON, JOB_DONE, JOB_AT_SUBSTITUTE);
    expect_notice("neustadt/desk1", "j-2", JOB_AT_SUBSTITUTE);
    server_says("j-3", PERSON, JOB_DONE, JOB_PRINTER_AWAY);
    cr_assert_eq(calls.to_desk_count, 0, "it came out after all");
    server_says("j-4", "neustadt/p-bert", JOB_HELD, JOB_PRINTER_AWAY);
    cr_assert_eq(calls.to_desk_count, 0, "somebody else's, who is at no desk");
}

static void session_is_shown(const char *device_id)
{
    struct device_message shown = {.type = DEVICE_STATE, .state = DESK_REPORTS_CONNECTED, .fence = anna.session.fence};
    TEXT_PUT(shown.session, anna.session.id);
    device_message(&calls.services, device_id, &shown);
}

static void server_says_told(const char *name, const char *told)
{
    struct print_message message = {
        .type = PRINT_JOB, .user_name = "x", .state = JOB_WAITING, .reason = JOB_PRINTER_AWAY, .created_ms = 5};
    TEXT_PUT(message.job, name);
    TEXT_PUT(message.person, PERSON);
    TEXT_PUT(message.told, told);
    print_message(&calls.services, SERVER, &message);
}

Test(own_orders, what_a_person_was_told_outlives_the_broker_with_the_job)
{
    server_says("j-1", PERSON, JOB_WAITING, JOB_PRINTER_AWAY);
    desk_says("neustadt/desk1", DEVICE_NOTICED, "j-1", "");
    cr_assert_eq(calls.told_count, 1);
    cr_assert_eq(calls.told[0].message.type, PRINT_TOLD);
    cr_assert_str_eq(calls.told[0].message.job, "j-1");
    cr_assert_eq(calls.told[0].message.reason, JOB_PRINTER_AWAY);
    desk_says("neustadt/desk1", DEVICE_NOTICED, "j-1", "");
    cr_assert_eq(calls.told_count, 0, "it is kept already");
    print_jobs_clear(&calls.services.print_jobs); // as after a start
    calls.to_desk_count = 0;
    server_says_told("j-1", "of-a-later-version printer-stopped printer-away");
    cr_assert_eq(calls.to_desk_count, 0);
    server_says_told("j-1", "");
    cr_assert_eq(calls.to_desk_count, 0, "nor is it forgotten");
    server_says_told("j-2", "printer-stopped");
    expect_notice("neustadt/desk1", "j-2", JOB_PRINTER_AWAY);
}

Test(own_orders, that_a_job_was_given_up_is_kept_until_its_person_was_told)
{
    struct print_jobs *jobs = &calls.services.print_jobs;
    int64_t now_ms = clock_steady_ms();
    core_change(&calls.core, anna.session.id, SESSION_DESK_DISCONNECTS);
    server_says("j-1", PERSON, JOB_CANCELLED, JOB_TOO_OLD);
    server_says("j-2", PERSON, JOB_DONE, JOB_REASON_NONE);
    print_jobs_sweep(jobs, now_ms + 2 * PRINT_JOB_OVER_MS);
    cr_assert(print_jobs_find(jobs, "neustadt/j-1"));
    cr_assert_null(print_jobs_find(jobs, "neustadt/j-2"));
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    session_is_shown("neustadt/desk1");
    expect_notice("neustadt/desk1", "j-1", JOB_TOO_OLD);
    print_jobs_sweep(jobs, now_ms + 2 * (int64_t)PRINT_UNTOLD_MS);
    cr_assert_null(print_jobs_find(jobs, "neustadt/j-1"), "not for ever");
}

Test(own_orders, what_was_not_shown_is_told_at_the_next_desk)
{
    server_says("j-1", PERSON, JOB_WAITING, JOB_PRINTER_AWAY);
    expect_notice("neustadt/desk1", "j-1", JOB_PRINTER_AWAY);
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk2", &anna);
    session_is_shown("neustadt/desk1");
    cr_assert_eq(calls.to_desk_count, 0, "the old desk speaks too late");
    session_is_shown("neustadt/desk2");
    expect_notice("neustadt/desk2", "j-1", JOB_PRINTER_AWAY);
    desk_says("neustadt/desk2", DEVICE_NOTICED, "j-1", "");
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    session_is_shown("neustadt/desk1");
    cr_assert_eq(calls.to_desk_count, 0, "once is enough");
}

Test(own_orders, somebody_at_no_desk_is_told_when_they_come_to_one)
{
    core_change(&calls.core, anna.session.id, SESSION_DESK_DISCONNECTS);
    server_says("j-1", PERSON, JOB_HELD, JOB_NOT_AT_A_DESK);
    cr_assert_eq(calls.to_desk_count, 0);
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    session_is_shown("neustadt/desk1");
    expect_notice("neustadt/desk1", "j-1", JOB_NOT_AT_A_DESK);
}

static void host_reports(int64_t unprinted_ms)
{
    struct host_message report = {.type = HOST_REPORT};
    struct host_session *there = record_add(&report.sessions, &host_session_type);
    TEXT_PUT(there->session, anna.session.id);
    TEXT_PUT(there->user_name, "anna");
    there->fence = anna.session.fence;
    there->connected = true;
    there->unprinted_ms = unprinted_ms;
    calls.to_desk_count = 0;
    host_message(&calls.services, anna.host.id, &report);
}

static void desk_notices(const char *device_id, const char *job)
{
    struct device_message noticed = {.type = DEVICE_NOTICED, .fence = anna.session.fence, .why = JOB_SERVER_AWAY};
    TEXT_PUT(noticed.session, anna.session.id);
    TEXT_PUT(noticed.job, job);
    calls.told_count = 0;
    device_message(&calls.services, device_id, &noticed);
    cr_assert_eq(calls.told_count, 0, "no print server has it");
}

Test(own_orders, jobs_that_wait_on_their_host_are_told_of_once_each_time_that_the_print_server_is_away)
{
    host_reports(0);
    cr_assert_eq(calls.to_desk_count, 0);
    host_reports(1000);
    expect_notice("neustadt/desk1", "unprinted-1000", JOB_SERVER_AWAY);
    desk_notices("neustadt/desk2", "unprinted-1000");
    host_reports(1000);
    expect_notice("neustadt/desk1", "unprinted-1000", JOB_SERVER_AWAY); // another desk cannot say so
    desk_notices("neustadt/desk1", "unprinted-1000");
    host_reports(1000);
    cr_assert_eq(calls.to_desk_count, 0);
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk2", &anna);
    session_is_shown("neustadt/desk2");
    cr_assert_eq(calls.to_desk_count, 0, "nor at the next desk");
    host_reports(0);
    host_reports(2000);
    expect_notice("neustadt/desk2", "unprinted-2000", JOB_SERVER_AWAY);
}

Test(own_orders, a_host_speaks_for_its_own_sessions_and_the_next_desk_tells_what_nobody_read)
{
    core_change(&calls.core, anna.session.id, SESSION_DESK_DISCONNECTS);
    host_reports(1000);
    cr_assert_eq(calls.to_desk_count, 0, "nobody is there");
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    session_is_shown("neustadt/desk1");
    expect_notice("neustadt/desk1", "unprinted-1000", JOB_SERVER_AWAY);
    TEXT_PUT(anna.host.id, "neustadt/another");
    host_reports(3000);
    cr_assert_eq(calls.to_desk_count, 0);
}

// ---- at the greeter

static size_t listed(enum method_id method, const char *body, const char *problem)
{
    calls.told_count = 0;
    owned(json) json_object *answer = calls_call(method, NOUN_NONE, "", body);
    cr_assert_eq(calls.status, 200, "%d: %s", calls.status, json_object_to_json_string(answer));
    cr_assert_str_eq(codec_string(answer, "problem"), problem);
    return json_object_array_length(codec_member(answer, "jobs"));
}

#define PROOF "\"name\":\"anna\",\"password\":\"anna-geheim\""

Test(own_orders, a_person_sees_and_releases_their_jobs_by_name_and_password)
{
    server_says("j-1", PERSON, JOB_HELD, JOB_NOT_AT_A_DESK);
    server_says("j-2", "neustadt/p-bert", JOB_HELD, JOB_NOT_AT_A_DESK);
    cr_assert_eq(listed(METHOD_OWN_JOBS, "{" PROOF "}", "none"), 1);
    cr_assert_eq(calls.told_count, 0);
    listed(METHOD_OWN_RELEASE, "{" PROOF ",\"job\":\"j-1\",\"printer\":\"neustadt/room1\"}", "none");
    expect_order(PRINT_RELEASE, "j-1", "neustadt/room1");
    listed(METHOD_OWN_CANCEL, "{" PROOF ",\"job\":\"j-1\"}", "none");
    expect_order(PRINT_CANCEL, "j-1", "");
    listed(METHOD_OWN_CANCEL, "{" PROOF ",\"job\":\"j-2\"}", "gone");
    cr_assert_eq(calls.told_count, 0, "somebody else's");
    listed(METHOD_OWN_RELEASE, "{" PROOF ",\"job\":\"j-1\",\"printer\":\"altdorf/room1\"}", "gone");
    cr_assert_eq(calls.told_count, 0, "another tenant's printer");
}

Test(own_orders, a_ticket_proves_as_well)
{
    server_says("j-1", PERSON, JOB_HELD, JOB_NOT_AT_A_DESK);
    calls.ticket = "anna@NEUSTADT.EXAMPLE";
    cr_assert_eq(listed(METHOD_OWN_JOBS, "{}", "none"), 1);
    cr_assert_eq(calls.binds, 0);
}

Test(own_orders, whoever_was_never_here_has_no_jobs)
{
    server_says("j-1", PERSON, JOB_HELD, JOB_NOT_AT_A_DESK);
    server_says("j-2", "", JOB_HELD, JOB_OWNER_UNKNOWN);
    calls.key = "9";
    cr_assert_eq(listed(METHOD_OWN_JOBS, "{" PROOF "}", "none"), 0);
    listed(METHOD_OWN_CANCEL, "{" PROOF ",\"job\":\"j-2\"}", "gone");
    cr_assert_eq(calls.told_count, 0);
}

Test(own_orders, a_desk_of_another_tenant_knows_none_of_them)
{
    server_says("j-1", PERSON, JOB_HELD, JOB_NOT_AT_A_DESK);
    calls.caller = (struct peer){.role = ROLE_DEVICE, .id = "altdorf/desk1", .tenant = "altdorf"};
    cr_assert_eq(listed(METHOD_OWN_JOBS, "{" PROOF "}", "none"), 0); // its own directory has another anna
    listed(METHOD_OWN_CANCEL, "{" PROOF ",\"job\":\"j-1\"}", "gone");
    cr_assert_eq(calls.told_count, 0);
}

Test(own_orders, wrong_passwords_are_counted_and_nothing_is_done)
{
    int refused = 0;
    server_says("j-1", PERSON, JOB_HELD, JOB_NOT_AT_A_DESK);
    calls.told_count = 0;
    for (int i = 0; i < 9 && !refused; i++) {
        owned(json) json_object *answer = calls_call(i % 2 ? METHOD_OWN_CANCEL : METHOD_OWN_RELEASE, NOUN_NONE, "",
                                                     "{\"name\":\"anna\",\"password\":\"x\",\"job\":\"j-1\"}");
        cr_expect(calls.status == 401 || calls.status == 429, "%d", calls.status);
        refused += calls.status == 429;
    }
    cr_assert_geq(refused, 1, "as at a logon");
    cr_assert_eq(calls.told_count, 0);
}

Test(own_orders, are_for_devices)
{
    static const enum method_id methods[] = {METHOD_OWN_JOBS, METHOD_OWN_RELEASE, METHOD_OWN_CANCEL};
    calls.caller.role = ROLE_DISTRICT;
    for (size_t i = 0; i < 3; i++)
        CALLS_EXPECT(403, methods[i], NOUN_NONE, "", i ? "{\"job\":\"j-1\"}" : "{}");
}
