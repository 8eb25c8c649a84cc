// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/log_limit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct log_limit limit;

static int written(const char *format, const char *line, int times, int64_t now_ms)
{
    int count = 0;
    for (int i = 0; i < times; i++)
        count += log_limit_take(&limit, 4, "link", format, line, now_ms);
    return count;
}

#define DESK1 "neustadt/desk1: message refused: not an object"
#define DESK2 "neustadt/desk2: message refused: not an object"

Test(log_limit, a_flood_of_one_sender_is_a_few_lines_and_a_count)
{
    struct log_rest rest;
    cr_assert_eq(written("%s: refused", DESK1, 130000, 1000), LOG_KIND_BURST);
    cr_assert_not(log_limit_rest(&limit, 1000 + LOG_REST_MS - 1, false, &rest), "more are to be expected");
    cr_assert(log_limit_rest(&limit, 1000 + LOG_REST_MS, false, &rest));
    cr_assert_eq(rest.count, 130000 - LOG_KIND_BURST);
    cr_assert_eq(rest.level, 4);
    cr_assert_str_eq(rest.topic, "link");
    cr_assert_str_eq(rest.line, DESK1);
    cr_assert_not(log_limit_rest(&limit, 1000 + LOG_REST_MS, true, &rest), "told once");
    cr_assert_eq(written("%s: refused", DESK1, 100, 61000), LOG_KIND_PER_MINUTE, "and goes on slowly");
}

Test(log_limit, a_flood_takes_nothing_from_the_others)
{
    written("%s: refused", DESK1, 1000, 1000);
    cr_assert_eq(written("%s: refused", DESK2, 5, 1000), 5, "another sender");
    cr_assert_eq(written("%s: agent disconnected", "neustadt/desk1: agent disconnected", 5, 1000), 5, "another line");
    cr_assert(log_limit_take(&limit, 4, "host", "%s: refused", DESK1, 1000), "another topic");
}

Test(log_limit, who_speaks_of_many_does_not_get_past_it)
{
    char line[64];
    int count = 0;
    for (int i = 0; i < 20000; i++) {
        snprintf(line, sizeof line, "refused at neustadt/d%d: busy", i);
        count += log_limit_take(&limit, 6, "logon", "refused at %s: %s", line, 1000);
    }
    cr_assert_eq(count, LOG_FORMAT_BURST);
    struct log_rest rest;
    uint64_t held = 0;
    while (log_limit_rest(&limit, 1000, true, &rest))
        held += rest.count;
    cr_assert_eq(held, 20000 - LOG_FORMAT_BURST, "none is lost from the count");
}

Test(log_limit, networks_that_begin_alike_are_senders_of_their_own)
{
    cr_assert_eq(written("%s is refused", "2001:db8:9:1::/64 is refused", 1000, 1000), LOG_KIND_BURST);
    cr_assert_eq(written("%s is refused", "2001:db8:9:2::/64 is refused", 5, 1000), 5);
    cr_assert_eq(written("%s: refused", "2001:db8:9:1::/64: refused", 1000, 1000), LOG_KIND_BURST);
    cr_assert_eq(written("%s: refused", "2001:db8:9:2::/64: refused", 5, 1000), 5);
}

Test(log_limit, without_an_id_the_first_word_is_the_sender)
{
    cr_assert_eq(written("%s accepted", "anna accepted", 100, 1000), LOG_KIND_BURST);
    cr_assert_eq(written("%s accepted", "bert accepted", 5, 1000), 5);
    cr_assert_eq(written("refused at %s", "refused at 10.1.2.3", 15, 1000), 15);
    cr_assert_eq(written("refused at %s", "refused at 10.1.2.4", 15, 1000), LOG_KIND_BURST - 15);
}
