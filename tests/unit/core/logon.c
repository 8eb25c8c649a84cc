// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/logon.h"
#include "broker/base/text.h"
#include "broker/core/hours.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct core_fixture core;
static struct logon_decision decision, second;

static void open_hall(void)
{
    core_open(&core);
}

static void close_hall(void)
{
    core_close(&core);
}

TestSuite(logon, .init = open_hall, .fini = close_hall);

Test(logon, starts_a_session_on_a_host_of_the_profiles_pool)
{
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NONE);
    cr_assert(text_equal(decision.host.pool, "neustadt/office"));
    cr_assert_eq(state_count(core.state, NOUN_SESSION), 1);
    cr_assert_eq(state_uses(core.state, NOUN_HOST, decision.host.id), 1);
    cr_assert_eq(decision.session.fence, 1);
}

Test(logon, finds_the_session_left_running)
{
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk2", &second);
    cr_assert(second.reconnected);
    cr_assert(text_equal(second.session.id, decision.session.id));
    cr_assert(text_equal(second.moved_from, "neustadt/desk1"));
    cr_assert_eq(second.session.fence, 2);
    cr_assert_eq(state_count(core.state, NOUN_SESSION), 1);
}

// A broker whose journal comes from a backup: hosts have let people in with higher numbers and refuse lower ones.
Test(logon, gets_a_number_that_its_host_has_not_seen)
{
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    for (size_t i = 0; i < 8; i++)
        core.seen_fence[i] = 700;
    core_log_on(&core, "anna", "rathaus", "neustadt/desk2", &second);
    cr_assert(second.reconnected);
    cr_assert_eq(second.session.fence, 701);
    core_log_on(&core, "bert", "rathaus", "neustadt/desk1", &second);
    cr_assert_eq(second.session.fence, 701);
}

Test(logon, finds_it_on_a_draining_host_too)
{
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    core_drain(&core, decision.host.id, true);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk2", &second);
    cr_assert(second.reconnected);
}

Test(logon, two_groups_land_in_two_pools)
{
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    core_log_on(&core, "bert", "bauamt", "neustadt/desk2", &second);
    cr_assert(text_equal(decision.session.pool, "neustadt/office"));
    cr_assert(text_equal(second.session.pool, "neustadt/building"));
}

Test(logon, the_higher_priority_wins_and_the_why_names_both)
{
    union record record = {.assignment = {.priority = 50}};
    TEXT_PUT(record.assignment.id, "neustadt/anna-builds");
    TEXT_PUT(record.assignment.profile, "neustadt/builder");
    TEXT_PUT(record.assignment.person, "anna");
    core_set(&core, NOUN_ASSIGNMENT, &record);
    core_decide(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    cr_assert(text_equal(decision.profile.id, "neustadt/builder"));
    cr_assert(strstr(decision.trace.lines, "assignment neustadt/clerk applies"));
    cr_assert(strstr(decision.trace.lines, "assignment neustadt/anna-builds applies"));
}

// The control centre works at night, Monday to Friday: the last shift ends on Saturday morning.
Test(logon, hours_over_midnight_belong_to_the_day_they_begin_on)
{
    static const struct {
        int day, hour, minute;
        bool open;
    } rows[] = {{0, 21, 59, false}, {0, 22, 0, true},  {1, 0, 0, true},  {1, 5, 59, true},
                {1, 6, 0, false},   {4, 23, 59, true}, {5, 5, 59, true}, {5, 6, 0, false},
                {5, 22, 0, false},  {6, 23, 0, false}, {0, 0, 0, false}, {0, 5, 0, false}};
    struct profile profile = {.hours = "22:00-06:00", .days = "mon tue wed thu fri"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(hours_are_open(&profile, (rows[i].day * 24 + rows[i].hour) * 60 + rows[i].minute), rows[i].open,
                     "day %d %02d:%02d", rows[i].day, rows[i].hour, rows[i].minute);
    TEXT_PUT(profile.days, "sun");
    cr_expect(hours_are_open(&profile, 5 * 60), "Monday morning is Sunday's");
}

// Every span there is, on every day: open for as long as it says, and never on the wrong side of its ends.
Test(logon, every_span_of_hours_is_open_for_its_length)
{
    for (int from = 0; from < 24 * 60; from += 37) {
        for (int to = 1; to <= 24 * 60; to += 41) {
            struct profile profile = {.days = "wed"};
            int open = 0, length = from < to ? to - from : 24 * 60 - from + to;
            snprintf(profile.hours, sizeof profile.hours, "%02d:%02d-%02d:%02d", from / 60, from % 60, to / 60,
                     to % 60);
            for (int minute = 0; from != to && minute < 7 * 24 * 60; minute += 1)
                open += hours_are_open(&profile, minute);
            cr_assert(from == to || open == length, "%s: %d minutes", profile.hours, open);
        }
    }
}

// How it is written is known where the directory is.
Test(logon, a_group_is_the_one_that_its_name_means)
{
    static const char groups[][DN_SIZE] = {"cn=other,ou=groups,dc=example", "cn=bauamt,ou=groups,dc=example"};
    const struct membership who = {NULL, "anna", groups, 2, &core_groups};
    const struct membership nobody = {NULL, "anna", NULL, 0, NULL};
    cr_expect(membership_has(&who, "neustadt", "bauamt"));
    cr_expect_not(membership_has(&who, "neustadt", "bau"));
    cr_expect_not(membership_has(&who, "neustadt", ""));
    cr_expect_not(membership_has(&nobody, "neustadt", "bauamt"));
}

Test(logon, nobody_new_on_a_draining_host)
{
    core_drain(&core, "neustadt/ts1", true);
    for (int i = 0; i < 3; i++) {
        char user_name[8] = {'p', (char)('0' + i)};
        core_log_on(&core, user_name, "rathaus", "neustadt/desk1", &decision);
        cr_assert(text_equal(decision.host.id, "neustadt/ts2"));
    }
}

Test(logon, a_full_pool_is_said_to_be_full)
{
    for (int i = 0; i < 6; i++) {
        char user_name[8] = {'p', (char)('0' + i)};
        core_log_on(&core, user_name, "rathaus", "neustadt/desk1", &decision);
        cr_assert_eq(decision.refusal, REFUSAL_NONE);
    }
    core_log_on(&core, "late", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_HOSTS_FULL);
    cr_assert_eq(decision.event_count, 0);
    cr_assert_eq(state_uses(core.state, NOUN_HOST, "neustadt/ts1"), 3);
    cr_assert_eq(state_uses(core.state, NOUN_HOST, "neustadt/ts2"), 3);
}

Test(logon, no_healthy_host_is_said_so)
{
    core.health[1] = HOST_UNREACHABLE;
    core.health[2] = HOST_WRONG_CERTIFICATE;
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NO_HOST);
    cr_assert(strstr(decision.trace.lines, "wrong-certificate"));
}

Test(logon, a_session_on_a_dead_host_is_ended_and_a_new_one_started_elsewhere)
{
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    core.health[decision.host.id[strlen("neustadt/ts")] - '0'] = HOST_UNREACHABLE;
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &second);
    cr_assert_eq(second.refusal, REFUSAL_NONE);
    cr_assert_not(second.reconnected);
    cr_assert_not(text_equal(second.host.id, decision.host.id));
    cr_assert_eq(state_count(core.state, NOUN_SESSION), 1);
}

Test(logon, a_lost_session_stays_when_there_is_no_other_host)
{
    core_log_on(&core, "bert", "bauamt", "neustadt/desk1", &decision);
    core.health[3] = HOST_UNREACHABLE;
    core_log_on(&core, "bert", "bauamt", "neustadt/desk1", &second);
    cr_assert_eq(second.refusal, REFUSAL_NO_HOST);
    cr_assert_eq(state_count(core.state, NOUN_SESSION), 1);
}

Test(logon, outside_the_hours_is_refused)
{
    core.week_minute = 6 * 60 + 59;
    core_decide(&core, "bert", "bauamt", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_OUTSIDE_HOURS);
    core.week_minute = 7 * 60;
    core_decide(&core, "bert", "bauamt", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NONE);
    core.week_minute = 18 * 60;
    core_decide(&core, "bert", "bauamt", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_OUTSIDE_HOURS);
}

// Names change hands; the person is the same by whatever name.
Test(logon, an_assignment_to_a_person_stays_theirs)
{
    union record record = {.assignment = {.priority = 50}};
    TEXT_PUT(record.assignment.id, "neustadt/anna-builds");
    TEXT_PUT(record.assignment.profile, "neustadt/builder");
    TEXT_PUT(record.assignment.person, "Anna");
    const struct membership anna = {"neustadt/p-anna", "anna", NULL, 0, NULL};
    const struct membership renamed = {"neustadt/p-anna", "anna.berg", NULL, 0, NULL};
    const struct membership other = {"neustadt/p-other", "anna", NULL, 0, NULL};
    cr_assert(assignment_awaits(&record.assignment, &anna) && assignment_awaits(&record.assignment, &other));
    cr_assert_not(assignment_awaits(&record.assignment, &renamed));
    TEXT_PUT(record.assignment.holder, "neustadt/p-anna");
    core_set(&core, NOUN_ASSIGNMENT, &record);
    cr_assert_not(assignment_awaits(&record.assignment, &anna) || assignment_awaits(&record.assignment, &other));
    struct trace trace = {.length = 0};
    cr_assert_str_eq(profile_choose(core.state, "neustadt", &anna, &trace)->id, "neustadt/builder");
    cr_assert_str_eq(profile_choose(core.state, "neustadt", &renamed, &trace)->id, "neustadt/builder");
    struct trace said = {.length = 0};
    cr_assert_null(profile_choose(core.state, "neustadt", &other, &said));
    cr_assert(strstr(said.lines, "neustadt/anna-builds is for somebody else"), "%s", said.lines);
}

Test(logon, without_an_assignment_there_is_no_profile)
{
    core_decide(&core, "gast", "", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NO_PROFILE);
}

Test(logon, never_at_a_disabled_or_unknown_device)
{
    union record record = {.device = *state_device(core.state, "neustadt/desk1")};
    record.device.disabled = true;
    core_set(&core, NOUN_DEVICE, &record);
    core_decide(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_DEVICE_DISABLED);
    core_decide(&core, "anna", "rathaus", "neustadt/desk9", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_DEVICE_UNKNOWN);
}

Test(logon, never_at_a_device_of_another_tenant)
{
    struct logon_input input = {
        .tenant_id = "neustadt",
        .person_id = "neustadt/p-anna",
        .who = {.user_name = "anna"},
        .device_id = "altdorf/desk1",
        .health = &core.source,
    };
    logon_decide(core.state, &input, &decision);
    cr_assert_eq(decision.refusal, REFUSAL_DENIED);
}

static void set_room(const char *id, int64_t weight, int64_t max_sessions)
{
    union record record = {.host = *state_host(core.state, "neustadt/ts1")};
    TEXT_PUT(record.host.id, id);
    record.host.weight = weight;
    record.host.max_sessions = max_sessions;
    core_set(&core, NOUN_HOST, &record);
}

static void log_many_on(char first, int count)
{
    for (int i = 0; i < count; i++) {
        char user_name[8] = {first, (char)('0' + i / 100), (char)('0' + i / 10 % 10), (char)('0' + i % 10)};
        core_log_on(&core, user_name, "rathaus", "neustadt/desk1", &decision);
        cr_assert_eq(decision.refusal, REFUSAL_NONE);
    }
}

static void weigh_third(int64_t third)
{
    set_room("neustadt/ts1", 1000, 100);
    set_room("neustadt/ts2", 100, 100);
    if (third)
        set_room("neustadt/ts5", third, 100);
    log_many_on('p', 66);
    int64_t on_light = state_uses(core.state, NOUN_HOST, "neustadt/ts2");
    cr_assert(on_light >= 1 && on_light <= 12, "%lld of 66 on a host of a tenth of the weight", (long long)on_light);
}

Test(logon, the_load_follows_the_weight_of_two)
{
    weigh_third(0);
}

Test(logon, the_load_follows_the_weight_of_three)
{
    weigh_third(1000);
}

Test(logon, a_host_that_comes_back_empty_catches_up)
{
    set_room("neustadt/ts1", 100, 200);
    set_room("neustadt/ts2", 100, 200);
    core_drain(&core, "neustadt/ts2", true);
    log_many_on('p', 40);
    core_drain(&core, "neustadt/ts2", false);
    log_many_on('q', 40);
    int64_t back = state_uses(core.state, NOUN_HOST, "neustadt/ts2");
    cr_assert_geq(back, 28, "%lld of 40 on the empty one of two", (long long)back);
}

// ---- at any computer, through a gateway

static void allow_outside(enum outside_access outside)
{
    union record profile = {.profile = *(const struct profile *)state_find(core.state, NOUN_PROFILE, "neustadt/clerk")};
    profile.profile.outside = outside;
    core_set(&core, NOUN_PROFILE, &profile);
}

static void come_through(const char *gateway_id, struct logon_decision *made)
{
    static const char group[][DN_SIZE] = {"cn=rathaus,ou=groups,dc=example"};
    const struct logon_input input = {
        .tenant_id = "neustadt",
        .person_id = "neustadt/p-anna",
        .who = {"neustadt/p-anna", "anna", group, 1, &core_groups},
        .device_id = "",
        .gateway_id = gateway_id,
        .health = &core.source,
        .now_ms = core.now_ms,
        .week_minute = core.week_minute,
        .random_bits = 7,
        .fence = ++core.fence,
    };
    logon_decide(core.state, &input, made);
    core_apply(&core, made);
}

Test(logon, through_a_gateway_is_for_the_profiles_that_allow_any_computer)
{
    for (int outside = OUTSIDE_BY_NOBODY; outside <= OUTSIDE_BY_DEVICE; outside++) {
        allow_outside((enum outside_access)outside);
        come_through("neustadt/gw", &decision);
        cr_assert_eq(decision.refusal, REFUSAL_NOT_OUTSIDE);
    }
    allow_outside(OUTSIDE_BY_ANY);
    come_through("neustadt/gw", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NONE);
    cr_assert_str_eq(decision.session.device, "");
    cr_assert_str_eq(decision.events[decision.event_count - 1].by, "gateway neustadt/gw");
}

Test(logon, through_a_gateway_takes_over_what_stands_at_a_desk_and_back)
{
    allow_outside(OUTSIDE_BY_ANY);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    core_change(&core, decision.session.id, SESSION_DESK_CONNECTS);
    come_through("neustadt/gw", &second);
    cr_assert_eq(second.refusal, REFUSAL_NONE);
    cr_assert_str_eq(second.session.id, decision.session.id);
    cr_assert_str_eq(second.moved_from, "neustadt/desk1");
    cr_assert_gt(second.session.fence, decision.session.fence);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    cr_assert_str_eq(decision.session.id, second.session.id);
    cr_assert_str_eq(decision.moved_from, "");
    cr_assert_gt(decision.session.fence, second.session.fence);
}

Test(logon, never_through_a_gateway_of_another_tenant)
{
    allow_outside(OUTSIDE_BY_ANY);
    come_through("altdorf/gw", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_DENIED);
    come_through("neustadt/none", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_DENIED);
}
