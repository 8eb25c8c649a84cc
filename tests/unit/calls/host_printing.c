// SPDX-License-Identifier: EUPL-1.2
// Which queues a session host is told to have, and for whom: by who is on it, what their profiles and the wall let
// them.
#include "broker/calls/host_printing.h"
#include "broker/api/link_rows.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define HOST "neustadt/ts1"
static const int64_t hour_ms = 60 * 60 * 1000;
static struct logon_decision anna, bert;

// What the host was told last, in one line: "room1=neustadt/room1(neustadt) ... | anna@neustadt ...".
static struct text told;
static size_t told_count, wire_length;
static struct host_printing told_server;
static bool away;

static bool send_to_host(void *self, enum noun noun, const char *id, const void *arg)
{
    const struct host_message *message = arg;
    struct text wire = {0};
    (void)self;
    cr_assert(noun == NOUN_HOST && text_equal(id, HOST));
    if (away)
        return false;
    told_count++;
    if (message->type == HOST_PRINTING) {
        told_server = message->printing;
        return true;
    }
    cr_assert_eq(message->type, HOST_QUEUES);
    text_drop(&told);
    for (size_t i = 0; i < message->queues.count; i++) {
        const struct host_queue *queue = record_at(&message->queues, &host_queue_type, i);
        text_addf(&told, "%s=%s(%s) ", queue->name, queue->printer, queue->tenants);
    }
    text_adds(&told, "|");
    for (size_t i = 0; i < message->people.count; i++) {
        const struct host_printing_person *person = record_at(&message->people, &host_printing_person_type, i);
        text_addf(&told, " %s@%s", person->user_name, person->tenant);
    }
    link_print(&wire, link_of(NOUN_HOST), message);
    wire_length = wire.length;
    text_drop(&wire);
    return true;
}

// ---- the town

static void let_print(const char *profile_id, const char *pool, bool may)
{
    union record record = {.profile = *(const struct profile *)state_find(calls.core.state, NOUN_PROFILE, profile_id)};
    record.profile.printers = may;
    TEXT_PUT(record.profile.pool, pool);
    core_set(&calls.core, NOUN_PROFILE, &record);
}

static void add_printer(const char *id, const char *name)
{
    union record record = {.printer = {.uri = "ipp://printer.example/ipp/print"}};
    TEXT_PUT(record.printer.id, id);
    TEXT_PUT(record.printer.name, name);
    TEXT_PUT(record.printer.room, name);
    core_set(&calls.core, NOUN_PRINTER, &record);
}

static void put_server(const char *id, const char *address, bool enrolled)
{
    union record record = {.print_server = {.port = 8631}};
    TEXT_PUT(record.print_server.id, id);
    TEXT_PUT(record.print_server.address, address);
    if (enrolled)
        memset(record.print_server.certificate, 'c', DIGEST_SIZE - 1);
    core_set(&calls.core, NOUN_PRINT_SERVER, &record);
}

static void give(const char *id, const char *to, enum noun noun, const char *thing)
{
    union record record = {.grant = {.reason = "rebuilding", .until_ms = calls.core.now_ms + hour_ms}};
    struct grant *grant = &record.grant;
    TEXT_PUT(grant->id, id);
    TEXT_PUT(grant->to, to);
    text_put(noun == NOUN_POOL ? grant->pool : grant->printer, ID_SIZE, thing);
    grant->since_ms = calls.core.now_ms;
    for (size_t side = 0; side < GRANT_SIDE_COUNT; side++)
        grant->approvals[side] = (struct grant_approval){"x/y", calls.core.now_ms};
    core_set(&calls.core, NOUN_GRANT, &record);
}

static void open_calls(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    calls.services.links.send = send_to_host;
    put_server("neustadt/print", "print.neustadt.example", true);
    core_drain(&calls.core, "neustadt/ts2", true);
    let_print("neustadt/clerk", "neustadt/office", true);
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    cr_assert_str_eq(anna.host.id, HOST);
    reports_link(&calls.services.reports, HOST, true, clock_steady_ms());
}

static void close_calls(void)
{
    text_drop(&told);
    calls_close();
}

TestSuite(host_printing, .init = open_calls, .fini = close_calls);

// A colleague of the neighbours, whom a grant lets onto this host.
static void neighbour_logs_on(void)
{
    give("neustadt/g-1", "altdorf", NOUN_POOL, "neustadt/office");
    let_print("altdorf/clerk", "neustadt/office", true);
    core_log_on(&calls.core, "bert", "rathaus", "altdorf/desk1", &bert);
    cr_assert_str_eq(bert.host.id, HOST);
}

// The host reports these sessions, "session=user name" each.
struct reported {
    const char *session, *user_name;
};

static void report_rows(const struct reported *rows, size_t count)
{
    struct host_message as = {.type = HOST_REPORT};
    struct host_session *sessions = mem_new(count + 1, sizeof *sessions);
    for (size_t i = 0; i < count; i++) {
        TEXT_PUT(sessions[i].session, rows[i].session);
        TEXT_PUT(sessions[i].user_name, rows[i].user_name);
    }
    reports_take(&calls.services.reports, HOST, &as, sessions, count, INT64_MAX, clock_steady_ms());
    host_printing_tell(&calls.services, HOST);
}

#define REPORT(...)                                                                                                    \
    report_rows((const struct reported[]){__VA_ARGS__},                                                                \
                sizeof(const struct reported[]){__VA_ARGS__} / sizeof(struct reported))
#define ANNA ((struct reported){anna.session.id, "anna"})
#define BERT ((struct reported){bert.session.id, "bert"})

static void report_nobody(void)
{
    report_rows(NULL, 0);
}

static void expect_told(const char *expected)
{
    cr_assert_str_eq(told.bytes ? told.bytes : "", expected, "%s", told.bytes);
}

// ---- what there is

Test(host_printing, goes_to_the_print_server_of_the_hosts_tenant)
{
    REPORT(ANNA);
    cr_assert(text_equal(told_server.server, "neustadt/print") && told_server.port == 8631);
    cr_assert_str_eq(told_server.address, "print.neustadt.example");
    cr_assert(told_server.authority[0]);
}

Test(host_printing, is_of_no_use_before_the_print_server_has_joined)
{
    put_server("neustadt/print", "print.neustadt.example", false);
    REPORT(ANNA);
    cr_assert_str_eq(told_server.address, "");
    expect_told("|");
}

Test(host_printing, offers_the_printers_of_those_who_are_there)
{
    add_printer("neustadt/hall", "Hall");
    REPORT(ANNA);
    expect_told("next-to-me=() hall=neustadt/hall(neustadt) room1=neustadt/room1(neustadt) | anna@neustadt");
}

Test(host_printing, is_told_once_and_again_when_the_host_may_have_missed_it)
{
    REPORT(ANNA);
    cr_assert_eq(told_count, 2);
    REPORT(ANNA);
    cr_assert_eq(told_count, 2);
    reports_link(&calls.services.reports, HOST, false, clock_steady_ms());
    reports_link(&calls.services.reports, HOST, true, clock_steady_ms());
    REPORT(ANNA);
    cr_assert_eq(told_count, 4);
    add_printer("neustadt/hall", "Hall");
    away = true;
    REPORT(ANNA);
    away = false;
    REPORT(ANNA);
    cr_assert_eq(told_count, 6);
    cr_assert(strstr(told.bytes, "hall="));
}

Test(host_printing, calls_no_printer_like_the_queue_for_all)
{
    add_printer("neustadt/next-to-me", "Foxed");
    REPORT(ANNA);
    expect_told("next-to-me=() neustadt.next-to-me=neustadt/next-to-me(neustadt) room1=neustadt/room1(neustadt) "
                "| anna@neustadt");
}

// ---- who may

Test(host_printing, is_not_for_whose_profile_does_not_let_them)
{
    let_print("neustadt/clerk", "neustadt/office", false);
    REPORT(ANNA);
    expect_told("next-to-me=() |"); // which the host opens to nobody then
}

Test(host_printing, ends_with_a_persons_last_session)
{
    REPORT(ANNA);
    report_nobody();
    expect_told("next-to-me=() |");
    REPORT(ANNA);
    core_change(&calls.core, anna.session.id, SESSION_DESK_ENDS);
    REPORT(ANNA); // which has not noticed yet
    expect_told("next-to-me=() |");
}

Test(host_printing, believes_no_session_that_the_journal_has_not_on_this_host)
{
    REPORT({"neustadt/s-0123456789abcdef-01234567", "carl"});
    expect_told("next-to-me=() |");
    struct session elsewhere = anna.session;
    TEXT_PUT(elsewhere.host, "neustadt/ts2");
    struct event event = {.type = EVENT_SESSION_MOVED, .noun = NOUN_SESSION, .record.session = elsewhere};
    state_apply(calls.core.state, &event);
    REPORT(ANNA);
    expect_told("next-to-me=() |");
}

// ---- the wall

Test(host_printing, shows_people_of_each_tenant_its_own_printers)
{
    neighbour_logs_on();
    REPORT(ANNA, BERT);
    expect_told("next-to-me=() room1=neustadt/room1(neustadt) altdorf.room1=altdorf/room1(altdorf) "
                "| anna@neustadt bert@altdorf");
    REPORT(BERT);
    expect_told("next-to-me=() altdorf.room1=altdorf/room1(altdorf) | bert@altdorf");
}

Test(host_printing, crosses_the_border_by_a_grant_and_as_long_as_it_is_in_force)
{
    static const char without[] = "next-to-me=() room1=neustadt/room1(neustadt) | anna@neustadt";
    REPORT(ANNA);
    expect_told(without);
    give("altdorf/g-2", "neustadt", NOUN_PRINTER, "altdorf/room1");
    REPORT(ANNA);
    expect_told("next-to-me=() altdorf.room1=altdorf/room1(neustadt) room1=neustadt/room1(neustadt) | anna@neustadt");
    calls.core.now_ms += hour_ms;
    REPORT(ANNA);
    expect_told(without);
}

Test(host_printing, ends_a_grant_at_once_when_it_is_revoked)
{
    give("altdorf/g-2", "neustadt", NOUN_PRINTER, "altdorf/room1");
    REPORT(ANNA);
    cr_assert(strstr(told.bytes, "altdorf.room1"));
    struct event event = {.type = EVENT_GRANT_REVOKED, .noun = NOUN_GRANT};
    event.record.grant = *(const struct grant *)state_find(calls.core.state, NOUN_GRANT, "altdorf/g-2");
    state_apply(calls.core.state, &event);
    REPORT(ANNA);
    expect_told("next-to-me=() room1=neustadt/room1(neustadt) | anna@neustadt");
}

Test(host_printing, has_one_queue_for_all_who_may_use_a_printer)
{
    neighbour_logs_on();
    give("neustadt/g-2", "altdorf", NOUN_PRINTER, "neustadt/room1");
    REPORT(ANNA, BERT);
    expect_told("next-to-me=() room1=neustadt/room1(neustadt altdorf) altdorf.room1=altdorf/room1(altdorf) "
                "| anna@neustadt bert@altdorf");
}

// ---- bounds

Test(host_printing, fits_into_one_message_whatever_there_is)
{
    char id[ID_SIZE], name[NAME_SIZE], user_name[USER_NAME_SIZE];
    memset(name, '"', sizeof name - 1); // two bytes each on the wire
    memset(user_name, '"', sizeof user_name - 1);
    name[sizeof name - 1] = user_name[sizeof user_name - 1] = 0;
    for (int i = 0; i < 2 * HOST_QUEUES_MAX; i++) {
        snprintf(id, sizeof id, "neustadt/p%059d", i);
        add_printer(id, name);
    }
    struct reported rows[HOST_SESSIONS_MAX];
    for (size_t i = 0; i < HOST_SESSIONS_MAX; i++)
        rows[i] = (struct reported){anna.session.id, user_name};
    report_rows(rows, HOST_SESSIONS_MAX);
    cr_assert(wire_length && wire_length <= HOST_MESSAGE_MAX, "%zu bytes", wire_length);
    cr_assert(strncmp(told.bytes, "next-to-me=() ", 14) == 0);
    report_rows(rows, 1);
    cr_assert(wire_length && wire_length <= HOST_MESSAGE_MAX, "%zu bytes", wire_length);
}
