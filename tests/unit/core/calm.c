// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/calm.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct calm calm;

static void drop(void)
{
    calm_clear(&calm);
}

TestSuite(calm, .fini = drop);

static int logons(const char *device, const char *person, int64_t now_ms)
{
    int count = 0;
    while (calm_take_logon(&calm, device, person, now_ms))
        count++;
    return count;
}

Test(calm, one_person_at_one_desk_logs_on_as_often_as_people_do)
{
    cr_assert_eq(logons("neustadt/desk1", "neustadt/p-anna", 1000), CALM_LOGONS);
    cr_assert_eq(logons("neustadt/desk1", "neustadt/p-bert", 1000), CALM_LOGONS, "the next is not kept out");
    cr_assert_eq(logons("neustadt/desk2", "neustadt/p-anna", 1000), CALM_LOGONS, "nor are they elsewhere");
    cr_assert_eq(logons("neustadt/desk1", "neustadt/p-anna", 61000), CALM_LOGONS_PER_MINUTE);
}

// A person at a desk, of far more pairs than there are places.
static bool logs_on(int desk, int person, int64_t now_ms)
{
    char device_id[40], person_id[40];
    snprintf(device_id, sizeof device_id, "neustadt/desk%d", desk);
    snprintf(person_id, sizeof person_id, "neustadt/p-%08x", (unsigned)person * 2654435761u);
    return calm_take_logon(&calm, device_id, person_id, now_ms);
}

// 10,000 logons a second, each person at each desk four times a minute.
Test(calm, nobody_is_kept_out_for_what_others_do)
{
    for (int i = 0; i < 600000; i++)
        cr_assert(logs_on(i % 64, i / 64 % 2000, 1000 + i / 10), "the one after %d", i);
}

Test(calm, who_logs_on_too_often_is_not_forgotten_in_the_crowd)
{
    int count = 0;
    for (int i = 0; i < 600000; i++) {
        logs_on(i % 64, i / 64 % 2000, 1000 + i / 10);
        count += i % 10 == 0 && calm_take_logon(&calm, "neustadt/desk", "neustadt/p-egon", 1000 + i / 10);
    }
    cr_assert_leq(count, CALM_LOGONS + CALM_LOGONS_PER_MINUTE);
}

static int written;

static void note(void *arg, const struct desk_word *word)
{
    (void)arg;
    written += word->report == DESK_REPORTS_DISCONNECTED;
}

Test(calm, of_what_waits_the_last_is_written_when_its_time_comes)
{
    struct desk_word word = {.session = "neustadt/s-anna-1", .device = "neustadt/desk1"};
    for (int i = 0; i < CALM_BURST; i++)
        cr_assert(calm_take(&calm, &word, 1000));
    for (int i = 0; i < 10; i++) {
        word.report = i == 9 ? DESK_REPORTS_DISCONNECTED : DESK_REPORTS_CONNECTED;
        cr_assert_not(calm_take(&calm, &word, 1000));
        calm_keep(&calm, &word);
    }
    calm_sweep(&calm, 1000 + 60 * 1000 / CALM_PER_MINUTE - 1, note, NULL);
    cr_assert_eq(written, 0);
    calm_sweep(&calm, 1000 + 60 * 1000 / CALM_PER_MINUTE, note, NULL);
    calm_sweep(&calm, 3600 * 1000, note, NULL);
    cr_assert_eq(written, 1);
    cr_assert_eq(calm.words.count, 0);
}
