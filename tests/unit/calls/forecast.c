// SPDX-License-Identifier: EUPL-1.2
// The town hall of core's tests, with people whom a directory that answers when the test says so knows.
#include "broker/calls/forecast.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { ASKED_MAX = 4000 };

static struct core_fixture core;
static struct services services;
static struct apply_answer forecast;
static int told;
static struct {
    char user_name[USER_NAME_SIZE];
    auth_done *done;
    void *arg;
} asked[ASKED_MAX];
static size_t asked_count, answered_count;

static void look_up(void *self, const struct tenant *tenant, const char *name, auth_done *done, void *arg)
{
    (void)self;
    cr_assert_str_eq(tenant->id, "neustadt");
    cr_assert_lt(asked_count, ASKED_MAX);
    TEXT_PUT(asked[asked_count].user_name, name);
    asked[asked_count].done = done;
    asked[asked_count++].arg = arg;
}

static bool names_are_old;
static int group_questions;
static group_done *group_asked;
static void *group_arg;

static enum group_standing group_now(void *self, const struct tenant *tenant, const char *group, char dn[DN_SIZE],
                                     bool *is_old)
{
    (void)self;
    if (is_old)
        *is_old = names_are_old;
    return core_groups.dn(NULL, tenant->id, group, dn) && !names_are_old ? GROUP_FOUND : GROUP_UNKNOWN;
}

static void find_group(void *self, const struct tenant *tenant, const char *group, group_done *done, void *arg)
{
    (void)self, (void)tenant, (void)group;
    cr_assert(!group_asked || group_arg == arg);
    group_asked = done;
    group_arg = arg;
    group_questions++;
}

static void answer_groups(enum group_standing standing)
{
    names_are_old = standing == GROUP_UNKNOWN;
    while (group_questions-- > 0)
        group_asked(group_arg, standing, "");
}

static bool somebody_else; // has the user name now

// The oldest question; `group` NULL: with this verdict and no person.
static void answer(const char *group, enum auth_verdict verdict)
{
    static char dns[1][DN_SIZE];
    struct identity identity = {.groups = dns, .group_count = 1};
    TEXT_PUT(identity.user_name, asked[answered_count].user_name);
    TEXT_PUT(identity.key, somebody_else ? "other" : asked[answered_count].user_name);
    snprintf(dns[0], DN_SIZE, "cn=%s,ou=groups,dc=example", group ? group : "");
    size_t number = answered_count++;
    asked[number].done(asked[number].arg, group ? AUTH_RIGHT : verdict, group ? &identity : NULL);
}

static void know(const char *tenant, const char *user_name)
{
    struct store_person person;
    snprintf(person.id, sizeof person.id, "%s/p-%s", tenant, user_name);
    snprintf(person.key, sizeof person.key, "%s", user_name);
    snprintf(person.user_name, sizeof person.user_name, "%s", user_name);
    snprintf(person.name, sizeof person.name, "Frau %s", user_name);
    people_put(&services.people, &person);
}

static void start(void)
{
    core_open(&core);
    services = (struct services){.loop = loop_new(), .state = core.state, .group_cache = group_cache_new(1024 * 1024)};
    services.auth.look_up = look_up;
    services.auth.group = group_now;
    services.auth.find_group = find_group;
    services.groups = services_groups(&services);
}

static void stop(void)
{
    record_free(apply_answer_type.fields, &forecast);
    people_clear(&services.people);
    group_cache_free(services.group_cache);
    loop_free(services.loop);
    core_close(&core);
}

TestSuite(forecast, .init = start, .fini = stop, .timeout = 60);

static void heard(void *arg)
{
    (void)arg;
    told++;
    loop_stop(services.loop);
}

static void foresee(const struct event *events, size_t count)
{
    struct state *after = state_copy(core.state);
    for (size_t i = 0; i < count; i++)
        state_apply(after, &events[i]);
    forecast_start(&services, state_copy(core.state), after, events, count, &forecast, heard, NULL);
}

// The clerks of neustadt are given to another group.
static struct event reassigned(const char *group)
{
    struct event event = {.type = EVENT_SET, .noun = NOUN_ASSIGNMENT};
    event.record.assignment = *(const struct assignment *)state_find(core.state, NOUN_ASSIGNMENT, "neustadt/clerk");
    snprintf(event.record.assignment.group, DN_SIZE, "%s", group);
    return event;
}

static const struct forecast_person *affected(size_t number)
{
    return record_at(&forecast.affected, &forecast_person_type, number);
}

static size_t affected_count(void)
{
    return forecast.affected.count;
}

Test(forecast, is_there_at_once_when_nobody_is_touched)
{
    know("altdorf", "dora");
    struct event event = reassigned("bauamt");
    foresee(&event, 1);
    cr_assert_eq(told, 1);
    cr_assert_eq(forecast.people, 0);
    cr_assert_eq(asked_count, 0);
}

Test(forecast, waits_for_what_the_names_of_groups_mean)
{
    know("neustadt", "anna");
    names_are_old = true;
    struct event event = reassigned("bauamt");
    foresee(&event, 1);
    cr_assert(told == 0 && asked_count == 0 && group_questions > 0);
    answer_groups(GROUP_FOUND);
    cr_assert_eq(asked_count, 1);
    answer("rathaus", AUTH_RIGHT);
    cr_assert(told == 1 && affected_count() == 1 && forecast.without_workplace == 1);
}

Test(forecast, checks_nobody_when_groups_are_not_known)
{
    know("neustadt", "anna");
    names_are_old = true;
    struct event event = reassigned("bauamt");
    foresee(&event, 1);
    answer_groups(GROUP_UNKNOWN);
    cr_assert(told == 1 && asked_count == 0 && forecast.people == 1 && forecast.not_checked == 1);
}

Test(forecast, of_a_former_owner_of_a_user_name_nothing_is_foreseen)
{
    know("neustadt", "anna");
    struct event event = reassigned("bauamt");
    foresee(&event, 1);
    somebody_else = true;
    answer("rathaus", AUTH_RIGHT);
    cr_assert(told == 1 && affected_count() == 0 && forecast.without_workplace == 0);
}

Test(forecast, puts_first_who_could_not_work_any_more)
{
    know("neustadt", "anna");
    know("neustadt", "bert");
    know("neustadt", "clara");
    know("neustadt", "gone");
    struct event event = reassigned("bauamt");
    foresee(&event, 1);
    cr_assert_eq(told, 0);
    cr_assert_eq(asked_count, 4);
    answer("bauamt", AUTH_RIGHT); // works as builder: of the same priority, the lower id goes first
    answer("standesamt", AUTH_RIGHT);
    answer("rathaus", AUTH_RIGHT);
    answer(NULL, AUTH_WRONG);
    cr_assert_eq(told, 1);
    cr_assert_eq(forecast.without_workplace, 1);
    cr_assert_eq(forecast.affected_count, (int64_t)affected_count());
    cr_assert_str_eq(affected(0)->user_name, "clara");
    cr_assert_str_eq(affected(0)->from, "neustadt/clerk");
    cr_assert_str_eq(affected(0)->to, "");
    cr_assert_eq(forecast.not_checked, 0);
}

// Nobody can be asked what a directory that is not in use yet will say of people.
Test(forecast, says_of_whom_nothing_is_known_once_the_directory_is_another)
{
    know("neustadt", "anna");
    know("neustadt", "bert");
    struct event event = {.type = EVENT_SET, .noun = NOUN_TENANT};
    event.record.tenant = *state_tenant(core.state, "neustadt");
    TEXT_PUT(event.record.tenant.help_desk, "4711");
    foresee(&event, 1);
    cr_assert_eq(forecast.people, 0, "their telephone number changes nothing");
    record_free(apply_answer_type.fields, &forecast);
    TEXT_PUT(event.record.tenant.group_base, "ou=new,dc=example");
    struct event both[] = {event, reassigned("bauamt")};
    foresee(both, 2);
    cr_assert_eq(told, 2);
    cr_assert_eq(asked_count, 0);
    cr_assert_eq(forecast.people, 2);
    cr_assert_eq(forecast.not_checked, 2);
}

Test(forecast, names_what_a_profile_gives_otherwise)
{
    know("neustadt", "anna");
    struct event event = {.type = EVENT_SET, .noun = NOUN_PROFILE};
    event.record.profile = *(const struct profile *)state_find(core.state, NOUN_PROFILE, "neustadt/clerk");
    event.record.profile.clipboard = false;
    TEXT_PUT(event.record.profile.pool, "neustadt/building");
    foresee(&event, 1);
    answer("rathaus", AUTH_RIGHT);
    cr_assert_eq(affected_count(), 1);
    cr_assert_str_eq(affected(0)->to_pool, "neustadt/building");
    cr_assert_str_eq(affected(0)->fields, "pool clipboard");
}

Test(forecast, warns_of_a_pool_without_hosts)
{
    know("neustadt", "bert");
    struct event event = {.type = EVENT_SET, .noun = NOUN_HOST};
    event.record.host = *state_host(core.state, "neustadt/ts3");
    TEXT_PUT(event.record.host.pool, "neustadt/office");
    foresee(&event, 1);
    answer("bauamt", AUTH_RIGHT);
    cr_assert_eq(forecast.without_workplace, 1);
    cr_assert(affected(0)->no_host);
}

// Another tenant's hosts are none without a grant, and none once it is over.
Test(forecast, counts_the_hosts_of_another_tenants_pool_by_the_wall)
{
    struct grant grant = {.id = "altdorf/g-1", .to = "neustadt", .pool = "altdorf/office", .reason = "why"};
    struct event event = {.type = EVENT_SET, .noun = NOUN_PROFILE};
    event.record.profile = *(const struct profile *)state_find(core.state, NOUN_PROFILE, "neustadt/clerk");
    TEXT_PUT(event.record.profile.pool, "altdorf/office");
    know("neustadt", "anna");
    for (int granted = 0; granted < 2; granted++) {
        union record record = {.grant = grant};
        record.grant.until_ms = core.now_ms + granted; // over, or for a moment still
        record.grant.since_ms = record.grant.approvals[0].at_ms = record.grant.approvals[1].at_ms = 1;
        core_set(&core, NOUN_GRANT, &record);
        foresee(&event, 1);
        if (!granted)
            answer("rathaus", AUTH_RIGHT); // remembered afterwards
        cr_assert_eq(affected_count(), 1);
        cr_assert_eq(affected(0)->no_host, !granted);
        record_free(apply_answer_type.fields, &forecast);
        forecast = (struct apply_answer){0};
    }
}

Test(forecast, asks_nobody_twice_a_day_and_few_at_a_time)
{
    char user_name[USER_NAME_SIZE];
    for (int i = 0; i < 40; i++) {
        snprintf(user_name, sizeof user_name, "p%02d", i);
        know("neustadt", user_name);
    }
    struct event event = reassigned("bauamt");
    foresee(&event, 1);
    cr_assert_eq(asked_count, 16);
    while (answered_count < asked_count)
        answer("rathaus", AUTH_RIGHT);
    cr_assert_eq(asked_count, 40);
    cr_assert_eq(forecast.without_workplace, 40);
    record_free(apply_answer_type.fields, &forecast);
    foresee(&event, 1);
    cr_assert_eq(told, 2);
    cr_assert_eq(asked_count, 40);
    cr_assert_eq(forecast.without_workplace, 40);
}

Test(forecast, says_how_many_could_not_be_asked)
{
    char user_name[USER_NAME_SIZE];
    for (int i = 0; i < 2100; i++) {
        snprintf(user_name, sizeof user_name, "p%04d", i);
        know("neustadt", user_name);
    }
    struct event event = reassigned("bauamt");
    foresee(&event, 1);
    for (int i = 0; i < 10; i++)
        answer("rathaus", AUTH_RIGHT);
    while (answered_count < asked_count)
        answer(NULL, AUTH_UNAVAILABLE);
    cr_assert_eq(told, 1);
    cr_assert_eq(asked_count, 26);
    cr_assert_eq(forecast.people, 2100);
    cr_assert_eq(forecast.without_workplace, 10);
    cr_assert_eq(forecast.not_checked, 2090);
}

Test(forecast, does_not_wait_for_a_silent_directory)
{
    know("neustadt", "anna");
    know("neustadt", "bert");
    struct event event = reassigned("bauamt");
    foresee(&event, 1);
    answer("rathaus", AUTH_RIGHT);
    int64_t began_ms = clock_steady_ms();
    loop_run(services.loop);
    cr_assert_eq(told, 1);
    cr_assert_lt(clock_steady_ms() - began_ms, 15000);
    cr_assert_eq(forecast.not_checked, 1);
    cr_assert_eq(forecast.without_workplace, 1);
    answer("rathaus", AUTH_RIGHT); // too late, and the last to know of it
    cr_assert_eq(told, 1);
}
