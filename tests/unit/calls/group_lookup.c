// SPDX-License-Identifier: EUPL-1.2
// A directory that is asked what the groups of thousands of assignments mean.
#include "broker/calls/group_lookup.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { GROUPS = 1000, MOST = 16 }; // what is open at a time leaves room for others, and does not take all day

static struct core_fixture core;
static struct services services;
static struct group_lookup lookup;
static struct {
    group_done *done;
    void *arg;
    int number;
} open_questions[GROUPS];
static size_t open, most;
static bool known[GROUPS];
static int questions, told;
static bool said;

static int number_of(const char *group)
{
    int number = -1;
    cr_assert_eq(sscanf(group, "group %d", &number), 1, "%s", group);
    return number;
}

static enum group_standing group_now(void *self, const struct tenant *tenant, const char *group, char dn[DN_SIZE],
                                     bool *is_old)
{
    (void)self, (void)tenant;
    dn[0] = 0;
    bool one = !text_starts(group, "group ") || known[number_of(group)];
    if (is_old)
        *is_old = !one;
    return one ? GROUP_ABSENT : GROUP_UNKNOWN;
}

static void find_group(void *self, const struct tenant *tenant, const char *group, group_done *done, void *arg)
{
    (void)self;
    cr_assert_str_eq(tenant->id, "neustadt");
    cr_assert_lt(open, GROUPS);
    open_questions[open].done = done;
    open_questions[open].arg = arg;
    open_questions[open++].number = number_of(group);
    most = open > most ? open : most;
    questions++;
}

// The newest first, so that the order of asking is not the order of answers.
static void answer(enum group_standing standing)
{
    cr_assert_gt(open, 0);
    size_t last = --open;
    known[open_questions[last].number] = standing != GROUP_UNKNOWN;
    open_questions[last].done(open_questions[last].arg, standing, "");
}

static void heard(void *arg, bool all)
{
    cr_assert_eq(arg, &lookup);
    cr_assert_eq(open, 0, "asked and not waited for");
    told++;
    said = all;
}

static void assign(int number, int group)
{
    struct event event = {.type = EVENT_SET, .noun = NOUN_ASSIGNMENT};
    event.record.assignment = *(const struct assignment *)state_find(core.state, NOUN_ASSIGNMENT, "neustadt/clerk");
    snprintf(event.record.assignment.id, ID_SIZE, "neustadt/a-%d", number);
    snprintf(event.record.assignment.group, DN_SIZE, "group %d", group);
    state_apply(core.state, &event);
}

static void start(void)
{
    core_open(&core);
    services = (struct services){.state = core.state, .auth = {.group = group_now, .find_group = find_group}};
}

static void stop(void)
{
    core_close(&core);
}

TestSuite(group_lookup, .init = start, .fini = stop, .timeout = 60);

static void look_up(void)
{
    group_lookup_begin(&lookup, &services, heard, &lookup);
    group_lookup_add(&lookup, core.state, "neustadt");
    group_lookup_end(&lookup);
}

Test(group_lookup, of_what_is_known_asks_nobody)
{
    look_up();
    cr_assert(told == 1 && said && questions == 0);
}

Test(group_lookup, of_thousands_asks_for_all_and_some_at_a_time)
{
    for (int i = 0; i < GROUPS; i++)
        assign(i, i);
    look_up();
    while (open)
        answer(GROUP_ABSENT);
    cr_assert(told == 1 && said);
    cr_assert_eq(questions, GROUPS);
    cr_assert(most > 1 && most <= MOST, "%zu at a time", most);
}

Test(group_lookup, asks_for_a_group_of_many_assignments_as_long_as_it_is_not_known)
{
    for (int i = 0; i < GROUPS; i++)
        assign(i, 7);
    look_up();
    while (open)
        answer(GROUP_FOUND);
    cr_assert(told == 1 && said);
    cr_assert_leq(questions, MOST);
}

Test(group_lookup, ends_with_the_first_that_the_directory_does_not_tell)
{
    for (int i = 0; i < GROUPS; i++)
        assign(i, i);
    look_up();
    answer(GROUP_UNKNOWN);
    while (open)
        answer(GROUP_FOUND);
    cr_assert(told == 1 && !said);
    cr_assert_leq(questions, MOST);
}

// The tenant may be gone by the time that its turn comes.
Test(group_lookup, of_a_tenant_that_was_removed_meanwhile_knows_nothing)
{
    for (int i = 0; i < GROUPS; i++)
        assign(i, i);
    look_up();
    services.state = state_new();
    while (open)
        answer(GROUP_FOUND);
    cr_assert(told == 1 && !said);
    state_free(services.state);
}
