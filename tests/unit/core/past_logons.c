// SPDX-License-Identifier: EUPL-1.2
// The last log-ons of somebody, as they see them.
#include "broker/core/past_logons.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define ANNA "neustadt/p-1"
#define BEN "neustadt/p-2"

static struct past_logons past;

static void forget_all(void)
{
    past_logons_fini(&past);
}

TestSuite(past_logons, .fini = forget_all);

static void add(const char *person, int64_t at_ms, int64_t count)
{
    struct past_logon logon = {.at_ms = at_ms, .count = count, .network = "192.0.2.0/24", .browser = "Firefox, Linux"};
    past_logons_add(&past, person, &logon);
}

// The journal is read while people log on.
Test(past_logons, stand_in_the_order_of_their_times)
{
    static const int64_t times[] = {50, 10, 70, 30, 60, 20, 40};
    cr_expect_null(past_logons_find(&past, ANNA));
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        add(ANNA, times[i], 0);
    add(BEN, 65, 0);
    const struct past_logons_of *theirs = past_logons_find(&past, ANNA);
    cr_assert_eq(theirs->count, sizeof times / sizeof *times);
    for (size_t i = 0; i < theirs->count; i++)
        cr_expect_eq(theirs->last[i].at_ms, 70 - 10 * (int64_t)i);
}

Test(past_logons, are_the_latest)
{
    for (int i = 0; i < 2 * PAST_LOGONS_KEPT; i++)
        add(ANNA, i, 0);
    add(ANNA, 0, 0);
    const struct past_logons_of *theirs = past_logons_find(&past, ANNA);
    cr_assert_eq(theirs->count, PAST_LOGONS_KEPT);
    cr_expect_eq(theirs->last[0].at_ms, 2 * PAST_LOGONS_KEPT - 1);
    cr_expect_eq(theirs->last[PAST_LOGONS_KEPT - 1].at_ms, PAST_LOGONS_KEPT);
}

static bool refuse(const char *person, int64_t at_ms, const char *network, int64_t now_steady_ms)
{
    struct past_logon refused = {.at_ms = at_ms, .count = 1, .browser = "Firefox, Linux"};
    TEXT_PUT(refused.network, network);
    return past_logons_refuse(&past, person, &refused, now_steady_ms);
}

Test(past_logons, of_who_guesses_are_one)
{
    cr_expect(refuse(ANNA, 1000, "192.0.2.0/24", 1));
    add(ANNA, 1500, 0);
    for (int i = 1; i < 20; i++)
        cr_expect_not(refuse(ANNA, 1000 + i, "192.0.2.0/24", 1));
    cr_expect_eq(past_logons_find(&past, ANNA)->last[1].count, 20);
    cr_expect(refuse(ANNA, 1000 + PAST_LOGONS_REFUSED_MS, "192.0.2.0/24", 1));
}

// Anna has mistyped, and somebody else guesses just then.
Test(past_logons, of_who_guesses_elsewhere_are_their_own)
{
    cr_expect(refuse(ANNA, 1000, "192.0.2.0/24", 1));
    cr_expect(refuse(ANNA, 1001, "203.0.113.0/24", 1));
    cr_expect_not(refuse(ANNA, 1002, "203.0.113.0/24", 1));
    const struct past_logons_of *theirs = past_logons_find(&past, ANNA);
    cr_assert_eq(theirs->count, 2);
    cr_expect_str_eq(theirs->last[0].network, "203.0.113.0/24");
    cr_expect_eq(theirs->last[0].count, 2);
    cr_expect_eq(theirs->last[1].count, 1);
}

Test(past_logons, of_who_guesses_push_none_out_that_was_right)
{
    for (int i = 0; i < PAST_LOGONS_KEPT / 2; i++)
        add(ANNA, i, 0);
    for (int i = 0; i < 100; i++)
        add(ANNA, 1000 + i, 1);
    add(ANNA, 500, 1);
    const struct past_logons_of *theirs = past_logons_find(&past, ANNA);
    cr_assert_eq(theirs->count, PAST_LOGONS_KEPT);
    for (int i = 0; i < PAST_LOGONS_KEPT / 2; i++) {
        cr_expect_eq(theirs->last[i].at_ms, 1099 - i);
        cr_expect_eq(theirs->last[PAST_LOGONS_KEPT - 1 - i].at_ms, i);
    }
    for (int i = 0; i < 100; i++)
        add(ANNA, 2000 + i, 0);
    theirs = past_logons_find(&past, ANNA);
    cr_expect_eq(theirs->last[PAST_LOGONS_KEPT / 2].at_ms, 1099, "nor the other way round");
}

Test(past_logons, of_who_guesses_at_everybody_fill_no_journal)
{
    int written = 0;
    for (int i = 0; i < 10000; i++) {
        char id[ID_SIZE];
        snprintf(id, sizeof id, "neustadt/p-%d", i);
        written += refuse(id, 1, "192.0.2.0/24", 1);
    }
    cr_expect_eq(written, 200);
    cr_expect_eq(past_logons_find(&past, "neustadt/p-9999")->count, 1, "who they are at sees it all the same");
    cr_expect(refuse("neustadt/p-10000", 1, "192.0.2.0/24", 60 * 1000), "and later others are told again");
}

Test(past_logons, are_forgotten_with_their_person)
{
    add(ANNA, 1, 0);
    add(BEN, 1, 0);
    past_logons_forget(&past, ANNA);
    cr_expect_null(past_logons_find(&past, ANNA));
    cr_expect(past_logons_find(&past, BEN));
}

static void expect_back(const struct past_logon *logon)
{
    struct event event;
    struct past_logon back;
    char person[ID_SIZE];
    past_logon_event(&event, ANNA, "neustadt/gw", logon);
    event.at_ms = logon->at_ms;
    cr_assert(past_logon_read(&event, person, &back));
    cr_expect_str_eq(person, ANNA);
    cr_expect_eq(back.at_ms, logon->at_ms);
    cr_expect_eq(back.count, logon->count);
    cr_expect_str_eq(back.network, logon->network);
    cr_expect_str_eq(back.browser, logon->browser);
}

Test(past_logons, come_out_of_the_journal_as_they_went_in)
{
    const struct past_logon right = {.at_ms = 7, .network = "2001:db8::/64", .browser = "Edge, Windows"};
    const struct past_logon refused = {.at_ms = 8, .count = 1, .network = "192.0.2.0/24"};
    const struct event other = {.type = EVENT_ADMIN_LOGGED_ON, .why = ANNA};
    struct past_logon none;
    char person[ID_SIZE];
    expect_back(&right);
    expect_back(&refused);
    cr_expect_not(past_logon_read(&other, person, &none));
}
