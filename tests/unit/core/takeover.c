// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/takeover.h"

#include <criterion/criterion.h>

#define DESK "altdorf/desk1"
#define OTHER_DESK "altdorf/desk2"

static struct sorted_table takeovers;
static int64_t now_ms;

static void clear(void)
{
    sorted_table_clear(&takeovers);
}

TestSuite(takeover, .fini = clear);

// A second after the one before.
static enum takeover_verdict judge(const char *id, const char *from, const char *to)
{
    now_ms += 1000;
    return takeover_judge(&takeovers, id, from, to, now_ms);
}

Test(takeover, machine_may_come_back_from_its_own_or_another_address)
{
    for (int i = 0; i < 3; i++)
        cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.1"), TAKEOVER_ACCEPTED, "switched off and on");
    cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.2"), TAKEOVER_ACCEPTED, "another lease");
    cr_assert_eq(judge(DESK, "10.0.0.2", "10.0.0.2"), TAKEOVER_ACCEPTED);
    cr_assert_eq(judge(DESK, "10.0.0.2", "10.0.0.3"), TAKEOVER_ACCEPTED, "and another");
}

Test(takeover, machine_may_return_to_its_address_once)
{
    cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.2"), TAKEOVER_ACCEPTED);
    cr_assert_eq(judge(DESK, "10.0.0.2", "10.0.0.1"), TAKEOVER_ACCEPTED);
    cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.1"), TAKEOVER_ACCEPTED);
}

Test(takeover, two_places_in_turn_are_noticed_once_and_refused_from_then_on)
{
    cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.2"), TAKEOVER_ACCEPTED);
    cr_assert_eq(judge(DESK, "10.0.0.2", "10.0.0.1"), TAKEOVER_ACCEPTED);
    cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.2"), TAKEOVER_NOTICED);
    cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.2"), TAKEOVER_REFUSED);
    cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.1"), TAKEOVER_REFUSED);
    cr_assert_eq(judge(OTHER_DESK, "10.0.0.1", "10.0.0.2"), TAKEOVER_ACCEPTED, "what is one's is not another's");
}

// The copy behind the owner's own address.
Test(takeover, too_many_are_refused_wherever_they_come_from)
{
    for (int i = 0; i < TAKEOVER_COUNT_MAX; i++)
        cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.1"), TAKEOVER_ACCEPTED);
    cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.1"), TAKEOVER_NOTICED);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.1"), TAKEOVER_REFUSED);
}

Test(takeover, what_is_long_ago_is_forgotten)
{
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.2"), TAKEOVER_ACCEPTED);
        cr_assert_eq(judge(OTHER_DESK, "10.0.0.2", "10.0.0.1"), TAKEOVER_ACCEPTED);
        now_ms += TAKEOVER_WINDOW_MS + 1;
    }
    judge("altdorf/desk3", "10.0.0.1", "10.0.0.2");
    cr_assert_eq(takeovers.count, 1, "%zu", takeovers.count);
}

Test(takeover, another_certificate_begins_anew)
{
    for (int i = 0; i < 3; i++)
        judge(DESK, i % 2 ? "10.0.0.2" : "10.0.0.1", i % 2 ? "10.0.0.1" : "10.0.0.2");
    cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.2"), TAKEOVER_REFUSED);
    takeover_forget(&takeovers, DESK);
    cr_assert_eq(judge(DESK, "10.0.0.1", "10.0.0.2"), TAKEOVER_ACCEPTED);
    takeover_forget(&takeovers, OTHER_DESK);
}
