// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/device_messages.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/calls/link_handlers.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct logon_decision anna, bert;

static void open_calls(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    core_log_on(&calls.core, "bert", "rathaus", "neustadt/desk1", &bert);
    core_change(&calls.core, bert.session.id, SESSION_DESK_CONNECTS);
}

TestSuite(device_messages, .init = open_calls, .fini = calls_close);

static void say(const char *device_id, enum device_message_type type, const struct session *session,
                enum desk_report report)
{
    struct device_message message = {.type = type, .state = report, .fence = session ? session->fence : 0};
    TEXT_PUT(message.session, session ? session->id : "");
    TEXT_PUT(message.detail, "so it is");
    calls.to_desk.to[0] = 0;
    device_message(&calls.services, device_id, &message);
}

static enum session_state state_of(const struct session *session)
{
    const struct session *now = state_session(calls.services.state, session->id);
    return now ? (enum session_state)now->state : SESSION_ENDED;
}

Test(device_messages, a_desk_that_shows_nothing_lets_go_of_all)
{
    core_change(&calls.core, anna.session.id, SESSION_DESK_CONNECTS);
    say("neustadt/desk1", DEVICE_SHOWING, NULL, DESK_REPORTS_NOTHING);
    cr_assert_eq(state_of(&anna.session), SESSION_DISCONNECTED);
    cr_assert_eq(state_of(&bert.session), SESSION_DISCONNECTED);
}

Test(device_messages, a_desk_that_shows_one_lets_go_of_the_others)
{
    say("neustadt/desk1", DEVICE_SHOWING, &anna.session, DESK_REPORTS_CONNECTED);
    cr_assert_eq(state_of(&anna.session), SESSION_CONNECTED);
    cr_assert_eq(state_of(&bert.session), SESSION_DISCONNECTED);
}

Test(device_messages, a_desk_that_mends_its_line_shows_it_to_nobody)
{
    core_change(&calls.core, anna.session.id, SESSION_DESK_CONNECTS);
    say("neustadt/desk1", DEVICE_SHOWING, &anna.session, DESK_REPORTS_DISCONNECTED);
    cr_assert_eq(state_of(&anna.session), SESSION_DISCONNECTED);
    cr_assert_str_eq(calls.to_desk.to, "", "it is still its own");
}

Test(device_messages, a_report_is_kept_with_what_the_desk_said)
{
    say("neustadt/desk1", DEVICE_STATE, &anna.session, DESK_REPORTS_CONNECTED);
    cr_assert(strstr(calls.events, "\"session.connected\"") && strstr(calls.events, "so it is") &&
                  strstr(calls.events, "device neustadt/desk1"),
              "%s", calls.events);
}

// A grant that ends leaves what is on a screen there; who leaves it does not come back.
Test(device_messages, a_desk_of_another_tenant_goes_on_showing_a_session_when_the_grant_is_over)
{
    union record device = {.device = *state_device(calls.services.state, "altdorf/desk1")};
    union record session = {.session = *state_session(calls.services.state, anna.session.id)};
    struct event event = {.type = EVENT_SESSION_MOVED, .noun = NOUN_SESSION};
    TEXT_PUT(session.session.device, device.device.id);
    event.record = session;
    state_apply(calls.core.state, &event);
    say("altdorf/desk1", DEVICE_SHOWING, &anna.session, DESK_REPORTS_CONNECTED);
    cr_assert_eq(state_of(&anna.session), SESSION_CONNECTED);
    cr_assert_str_eq(calls.to_desk.to, "");
    say("altdorf/desk1", DEVICE_SHOWING, &bert.session, DESK_REPORTS_CONNECTED); // never was there
    cr_assert_eq(calls.to_desk.message.type, DEVICE_END);
}

static struct desk_word *word_of(const struct session *session)
{
    return sorted_table_find(&calls.services.calm.words, session->id);
}

Test(device_messages, a_desk_that_says_it_again_and_again_does_not_fill_the_journal)
{
    uint64_t before = commit_last_seq(calls.services.commit);
    for (int i = 0; i < 36000; i++)
        say("neustadt/desk1", DEVICE_STATE, &anna.session, i % 2 ? DESK_REPORTS_DISCONNECTED : DESK_REPORTS_CONNECTED);
    cr_assert_leq(commit_last_seq(calls.services.commit) - before, CALM_BURST + 1);
    say("neustadt/desk1", DEVICE_STATE, &anna.session, DESK_REPORTS_CONNECTED);
    for (int i = 0; i < 1000; i++) // a neighbour: by what it shows
        say("neustadt/desk1", DEVICE_SHOWING, i % 2 ? &anna.session : NULL, DESK_REPORTS_CONNECTED);
    cr_assert_leq(commit_last_seq(calls.services.commit) - before, 2 * CALM_BURST + 2);
}

Test(device_messages, what_it_said_last_counts_once_it_may_be_written)
{
    for (int i = 0; i < CALM_BURST; i++)
        say("neustadt/desk1", DEVICE_STATE, &anna.session, i % 2 ? DESK_REPORTS_DISCONNECTED : DESK_REPORTS_CONNECTED);
    say("neustadt/desk1", DEVICE_STATE, &anna.session, DESK_REPORTS_CONNECTED);
    cr_assert_eq(state_of(&anna.session), SESSION_DISCONNECTED);
    cr_assert(word_of(&anna.session)->waits);
    device_sweep(&calls.services);
    cr_assert_eq(state_of(&anna.session), SESSION_DISCONNECTED, "not yet");
    word_of(&anna.session)->meter.at_ms -= 60 * 1000 / CALM_PER_MINUTE;
    device_sweep(&calls.services);
    cr_assert_eq(state_of(&anna.session), SESSION_CONNECTED);
    cr_assert(strstr(calls.events, "so it is"), "%s", calls.events);
    word_of(&anna.session)->meter.at_ms -= 60 * 1000;
    device_sweep(&calls.services);
    cr_assert_null(word_of(&anna.session), "who is quiet costs nothing");
}

Test(device_messages, what_it_took_back_meanwhile_is_not_written)
{
    for (int i = 0; i < CALM_BURST; i++)
        say("neustadt/desk1", DEVICE_STATE, &anna.session, i % 2 ? DESK_REPORTS_DISCONNECTED : DESK_REPORTS_CONNECTED);
    say("neustadt/desk1", DEVICE_STATE, &anna.session, DESK_REPORTS_CONNECTED);
    say("neustadt/desk2", DEVICE_STATE, &anna.session, DESK_REPORTS_DISCONNECTED);
    cr_assert(word_of(&anna.session)->waits, "another desk takes nothing back");
    say("neustadt/desk1", DEVICE_STATE, &anna.session, DESK_REPORTS_DISCONNECTED);
    cr_assert_not(word_of(&anna.session)->waits);
}

// Whatever a desk says, in whatever order, and of whomever: only its own sessions change, and nothing breaks.
Test(device_messages, no_desk_can_say_what_may_not_happen)
{
    static const char *const desks[] = {"neustadt/desk1", "neustadt/desk2", "altdorf/desk1", "neustadt/none"};
    const struct session *const sessions[] = {&anna.session, &bert.session, NULL};
    for (unsigned round = 0; round < 4000; round++) {
        unsigned dice = round * 2654435761u >> 8;
        const char *desk = desks[dice % 4];
        const struct session *session = sessions[dice / 4 % 3];
        struct session wrong = session ? *session : (struct session){0};
        enum session_state before[] = {state_of(&anna.session), state_of(&bert.session)};
        wrong.fence += dice / 12 % 3 == 0;
        say(desk, (enum device_message_type)(dice / 36 % DEVICE_MESSAGE_TYPE_COUNT), session ? &wrong : NULL,
            (enum desk_report)(dice / 360 % DESK_REPORT_COUNT));
        if (strcmp(desk, "neustadt/desk1") != 0)
            cr_assert(before[0] == state_of(&anna.session) && before[1] == state_of(&bert.session), "%s", desk);
        cr_assert(state_is_sound(calls.services.state));
        if (state_of(&anna.session) == SESSION_ENDED && state_of(&bert.session) == SESSION_ENDED) {
            core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
            core_log_on(&calls.core, "bert", "rathaus", "neustadt/desk1", &bert);
        }
    }
}

// ---- what people call a desk

static const char *told(const char *device_id)
{
    cr_assert_str_eq(calls.to_desk.to, device_id);
    cr_assert_eq(calls.to_desk.message.type, DEVICE_DESK);
    return calls.to_desk.message.place;
}

Test(device_messages, a_desk_learns_what_people_call_it)
{
    CALLS_EXPECT(200, METHOD_SET, NOUN_SITE, "neustadt/rathaus", "{\"name\":\"Rathaus\"}");
    link_handlers[NOUN_DEVICE].up(&calls.services, "neustadt/desk2");
    cr_assert_str_eq(told("neustadt/desk2"), "Rathaus, neustadt/desk2"); // the room that the test's town has
    CALLS_EXPECT(200, METHOD_SET, NOUN_DEVICE, "neustadt/desk2",
                 "{\"site\":\"neustadt/rathaus\",\"room\":\"Zimmer 12\"}");
    cr_assert_str_eq(told("neustadt/desk2"), "Rathaus, Zimmer 12");
    CALLS_EXPECT(200, METHOD_SET, NOUN_DEVICE, "neustadt/desk2", "{\"site\":\"neustadt/rathaus\"}");
    cr_assert_str_eq(told("neustadt/desk2"), "Rathaus, desk2", "without a room by its own name");
}

Test(device_messages, a_site_that_gets_a_name_tells_its_desks)
{
    calls.to_desk.to[0] = 0;
    CALLS_EXPECT(200, METHOD_SET, NOUN_SITE, "altdorf/rathaus", "{\"name\":\"Altes Rathaus\"}");
    cr_assert_str_eq(told("altdorf/desk1"), "Altes Rathaus, altdorf/desk1"); // the only one there
    calls.to_desk.to[0] = 0;
    CALLS_EXPECT(200, METHOD_SET, NOUN_POOL, "altdorf/office", "{\"name\":\"Altes Rathaus\"}");
    cr_assert_str_eq(calls.to_desk.to, "");
}

Test(device_messages, a_long_name_of_a_desk_ends_within_no_letter)
{
    owned(text) struct text body = {0};
    text_adds(&body, "{\"site\":\"neustadt/rathaus\",\"room\":\"");
    for (size_t i = 0; i < (NAME_SIZE - 1) / 2; i++)
        text_adds(&body, "ü");
    text_adds(&body, "\"}");
    CALLS_EXPECT(200, METHOD_SET, NOUN_SITE, "neustadt/rathaus", "{\"name\":\"Rathaus\"}");
    CALLS_EXPECT(200, METHOD_SET, NOUN_DEVICE, "neustadt/desk2", body.bytes);
    const char *place = told("neustadt/desk2");
    cr_assert(text_starts(place, "Rathaus, üü"), "%s", place);
    cr_assert(text_is_clean(place, strlen(place)), "%s", place);
}
