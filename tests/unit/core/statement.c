// SPDX-License-Identifier: EUPL-1.2
// Accounts from the journal's lines alone: who used which profile for how long, without the state that they gave.
#include "broker/api/codec.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 32, ROWS_MAX = 16, MINUTE_MS = 60 * 1000 };

static struct core_fixture core;
static struct logon_decision decision;
static struct text lines[LINES_MAX];
static size_t line_count;

// ---- what happens

static void note(const struct event *event)
{
    cr_assert_lt(line_count, LINES_MAX);
    event_print(event, &lines[line_count++]);
    state_apply(core.state, event);
}

static void pass_minutes(int minutes)
{
    core.now_ms += (int64_t)minutes * MINUTE_MS;
}

static void log_on(const char *login, const char *groups, const char *device)
{
    core_decide(&core, login, groups, device, &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NONE, "%s", decision.trace.lines);
    for (size_t i = 0; i < decision.event_count; i++)
        note(&decision.events[i]);
}

static void change(const struct session *session, enum session_happening what, const char *by)
{
    struct event event;
    session_change(state_session(core.state, session->id), what, by, core.now_ms, &event);
    note(&event);
}

// ---- the statement

struct row {
    char person[ID_SIZE], profile[ID_SIZE];
    int64_t minutes, connected_minutes;
};

// A session as the last line about it had it.
struct open_session {
    char id[ID_SIZE], person[ID_SIZE], profile[ID_SIZE], state[32];
    int64_t since_ms;
};

struct statement {
    struct row rows[ROWS_MAX];
    size_t row_count;
    struct open_session sessions[ROWS_MAX];
    size_t session_count;
};

static struct row *row_of(struct statement *statement, const char *person, const char *profile)
{
    for (size_t i = 0; i < statement->row_count; i++)
        if (text_equal(statement->rows[i].person, person) && text_equal(statement->rows[i].profile, profile))
            return &statement->rows[i];
    struct row *row = &statement->rows[statement->row_count++];
    cr_assert_leq(statement->row_count, ROWS_MAX);
    TEXT_PUT(row->person, person);
    TEXT_PUT(row->profile, profile);
    return row;
}

static struct open_session *session_of(struct statement *statement, const char *id)
{
    for (size_t i = 0; i < statement->session_count; i++)
        if (text_equal(statement->sessions[i].id, id))
            return &statement->sessions[i];
    struct open_session *session = &statement->sessions[statement->session_count++];
    cr_assert_leq(statement->session_count, ROWS_MAX);
    TEXT_PUT(session->id, id);
    return session;
}

// What went by until this line belongs to what the line before said.
static void add_line(struct statement *statement, const char *line)
{
    struct fault why;
    owned(json) json_object *event = NULL;
    cr_assert(codec_parse(&event, line, strlen(line), &why), "%s: %s", line, why.text);
    json_object *record = codec_member(event, "record");
    if (!text_starts(codec_string(event, "type"), "session."))
        return;
    struct open_session *session = session_of(statement, codec_string(record, "id"));
    bool only_told = text_equal(codec_string(event, "type"), "session.locked");
    int64_t now_ms = codec_number(record, "changed");
    if (session->since_ms && !only_told) {
        struct row *row = row_of(statement, session->person, session->profile);
        row->minutes += (now_ms - session->since_ms) / MINUTE_MS;
        if (text_equal(session->state, "connected"))
            row->connected_minutes += (now_ms - session->since_ms) / MINUTE_MS;
    }
    TEXT_PUT(session->person, codec_string(record, "person"));
    TEXT_PUT(session->profile, codec_string(record, "profile"));
    TEXT_PUT(session->state, codec_string(record, "state"));
    session->since_ms = now_ms;
}

static void expect_row(struct statement *statement, const char *person, const char *profile, int64_t minutes,
                       int64_t connected_minutes)
{
    const struct row *row = row_of(statement, person, profile);
    cr_expect_eq(row->minutes, minutes, "%s %s: %lld minutes", person, profile, (long long)row->minutes);
    cr_expect_eq(row->connected_minutes, connected_minutes, "%s %s: %lld minutes connected", person, profile,
                 (long long)row->connected_minutes);
}

// ---- the tests

static void open_core(void)
{
    core_open(&core);
    core.week_minute = 10 * 60;
}

static void close_core(void)
{
    for (size_t i = 0; i < line_count; i++)
        text_drop(&lines[i]);
    core_close(&core);
}

TestSuite(statement, .init = open_core, .fini = close_core);

// Both profiles lead to the same pool, so that a session may go on by another profile than it began.
static void give_clerks_a_second_profile(void)
{
    union record profile = {.profile = {.id = "neustadt/chief", .name = "chief", .pool = "neustadt/office"}};
    union record assignment = {.assignment = {.id = "neustadt/chief",
                                              .profile = "neustadt/chief",
                                              .group = "cn=chiefs,ou=groups,dc=example",
                                              .priority = 20}};
    core_set(&core, NOUN_PROFILE, &profile);
    core_set(&core, NOUN_ASSIGNMENT, &assignment);
}

Test(statement, is_made_of_the_lines_alone)
{
    static struct statement statement;
    give_clerks_a_second_profile();
    log_on("anna", "rathaus", "neustadt/desk1");
    const struct session anna = decision.session;
    pass_minutes(1);
    change(&anna, SESSION_DESK_CONNECTS, "device neustadt/desk1");
    pass_minutes(30);
    log_on("dora", "rathaus", "altdorf/desk1");
    const struct session dora = decision.session;
    change(&anna, SESSION_ADMIN_LOCKS, "admin neustadt/admin");
    pass_minutes(10);
    change(&anna, SESSION_HOST_DISCONNECTS, "host neustadt/ts1");
    pass_minutes(5);
    // She has become a chief meanwhile, and works on at another desk.
    log_on("anna", "rathaus,chiefs", "neustadt/desk2");
    cr_assert(decision.reconnected);
    change(&anna, SESSION_HOST_CONNECTS, "host neustadt/ts1");
    pass_minutes(60);
    change(&anna, SESSION_HOST_ENDS, "host neustadt/ts1");
    change(&dora, SESSION_ADMIN_ENDS, "admin altdorf/admin");
    for (size_t i = 0; i < line_count; i++)
        add_line(&statement, lines[i].bytes);
    expect_row(&statement, "neustadt/p-anna", "neustadt/clerk", 46, 40);
    expect_row(&statement, "neustadt/p-anna", "neustadt/chief", 60, 60);
    expect_row(&statement, "altdorf/p-dora", "altdorf/clerk", 75, 0);
    cr_assert_eq(statement.row_count, 3);
}

// The next on a host that is gone: the end of what was lost, and a new one.
Test(statement, counts_what_was_lost_until_it_was_given_up)
{
    static struct statement statement;
    log_on("anna", "rathaus", "neustadt/desk1");
    const struct session anna = decision.session;
    pass_minutes(20);
    core.health[text_equal(decision.host.id, "neustadt/ts1") ? 1 : 2] = HOST_UNREACHABLE;
    log_on("anna", "rathaus", "neustadt/desk1");
    cr_assert(!text_equal(decision.session.id, anna.id));
    pass_minutes(3);
    change(&decision.session, SESSION_DESK_ENDS, "device neustadt/desk1");
    for (size_t i = 0; i < line_count; i++)
        add_line(&statement, lines[i].bytes);
    expect_row(&statement, "neustadt/p-anna", "neustadt/clerk", 23, 0);
}

// Whoever has one line knows who, what, where and since when, whatever became of the lines before it.
static void check_line(const char *line, const struct session *session, const char *state)
{
    struct fault why;
    owned(json) json_object *event = NULL;
    cr_assert(codec_parse(&event, line, strlen(line), &why), "%s", why.text);
    json_object *record = codec_member(event, "record");
    static const char *const names[] = {"id", "person", "pool", "host", "profile", "device"};
    const char *const values[] = {session->id,   session->person,  session->pool,
                                  session->host, session->profile, session->device};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_str_eq(codec_string(record, names[i]), values[i], "%s in %s", names[i], line);
    cr_expect_eq(codec_number(record, "started"), session->started_ms, "%s", line);
    cr_expect_eq(codec_number(record, "changed"), session->changed_ms, "%s", line);
    cr_expect_str_eq(codec_string(record, "state"), state, "%s", line);
}

Test(statement, every_line_about_a_session_stands_on_its_own)
{
    log_on("anna", "rathaus", "neustadt/desk1");
    struct session anna = decision.session;
    check_line(lines[0].bytes, &anna, ""); // the first of the states is left out
    pass_minutes(1);
    change(&anna, SESSION_DESK_CONNECTS, "device neustadt/desk1");
    anna.changed_ms = core.now_ms;
    check_line(lines[1].bytes, &anna, "connected");
    pass_minutes(1);
    change(&anna, SESSION_ADMIN_LOCKS, "admin neustadt/admin");
    check_line(lines[2].bytes, &anna, "connected");
    change(&anna, SESSION_DESK_DISCONNECTS, "device neustadt/desk1");
    anna.changed_ms = core.now_ms;
    check_line(lines[3].bytes, &anna, "disconnected");
    pass_minutes(1);
    log_on("anna", "rathaus", "neustadt/desk2");
    TEXT_PUT(anna.device, "neustadt/desk2");
    anna.changed_ms = core.now_ms;
    check_line(lines[4].bytes, &anna, "");
    cr_assert(strstr(lines[4].bytes, "\"type\":\"session.moved\"") &&
                  strstr(lines[4].bytes, "\"from\":\"neustadt/desk1\""),
              "%s", lines[4].bytes);
    pass_minutes(1);
    change(&anna, SESSION_ADMIN_ENDS, "admin neustadt/admin");
    anna.changed_ms = core.now_ms;
    check_line(lines[5].bytes, &anna, "ended");
    cr_assert(strstr(lines[5].bytes, "\"type\":\"session.ended\""), "%s", lines[5].bytes);
}

Test(statement, lines_are_read_as_they_were_printed)
{
    log_on("anna", "rathaus", "neustadt/desk1");
    log_on("anna", "rathaus", "neustadt/desk2");
    change(&decision.session, SESSION_ADMIN_ENDS, "admin neustadt/admin");
    for (size_t i = 0; i < line_count; i++) {
        struct event event;
        struct fault why;
        owned(text) struct text again = {0};
        cr_assert(event_read(&event, lines[i].bytes, lines[i].length, &why), "%s: %s", lines[i].bytes, why.text);
        event_print(&event, &again);
        cr_expect_str_eq(again.bytes, lines[i].bytes);
    }
}

Test(statement, an_end_that_is_none_is_refused)
{
    static const char *const broken[] = {
        "{\"v\":1,\"type\":\"session.ended\",\"record\":{\"id\":\"neustadt/s-1\"},\"by\":\"x\"}",
        "{\"v\":1,\"type\":\"session.started\",\"record\":{\"id\":\"neustadt/s-1\",\"state\":\"ended\"},\"by\":\"x\"}",
        "{\"v\":1,\"type\":\"session.ended\",\"id\":\"neustadt/s-1\",\"by\":\"x\"}",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct event event;
        struct fault why;
        cr_expect_not(event_read(&event, broken[i], strlen(broken[i]), &why), "%s", broken[i]);
        cr_expect_eq(why.kind, FAULT_BROKEN, "%s", broken[i]);
    }
}
