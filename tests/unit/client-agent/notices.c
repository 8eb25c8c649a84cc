// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/notices.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct loop *loop;
static struct notices *notices;
static char done[400];
static int64_t number;
static bool can_show;
static struct device_message noticed;

static void note(const char *word)
{
    size_t used = strlen(done);
    snprintf(done + used, sizeof done - used, "%s%s", used ? " " : "", word);
}

static void draw(void *arg, int64_t drawn, const char *sentence, const char *where)
{
    (void)arg;
    cr_assert(*sentence);
    number = drawn;
    note(where);
}

static bool show(void *arg, const struct notice_picture *picture)
{
    (void)arg, (void)picture;
    note(can_show ? "shown" : "not-shown");
    return can_show;
}

static void hide(void *arg)
{
    note("hidden");
    loop_stop(arg);
}

static void told(void *arg, const struct device_message *message)
{
    (void)arg;
    noticed = *message;
    note("told");
}

static void open_notices(void)
{
    static const struct notices_ports ports = {draw, show, hide, told};
    loop = loop_new();
    notices = notices_new(loop, &ports, loop);
    done[0] = 0;
    can_show = true;
}

static void close_notices(void)
{
    notices_free(notices);
    loop_free(loop);
}

TestSuite(notices, .init = open_notices, .fini = close_notices);

static void add(const char *job, enum job_reason why, const char *place)
{
    struct device_message notice = {.type = DEVICE_NOTICE, .fence = 7, .why = why, .session = "neustadt/s-1"};
    TEXT_PUT(notice.job, job);
    TEXT_PUT(notice.place, place);
    notices_add(notices, &notice);
}

static void drawn(void)
{
    static const unsigned char bits[8] = {0};
    struct notice_picture picture = {.width = 8, .height = 2, .bits = bits};
    notices_drawn(notices, number, &picture);
}

Test(notices, are_shown_one_after_the_other_and_once)
{
    notices_in_front(notices, true);
    add("j-1", JOB_PRINTER_AWAY, "one");
    add("j-1", JOB_PRINTER_AWAY, "again");
    add("j-2", JOB_PRINTER_AWAY, "two");
    cr_assert_str_eq(done, "one");
    drawn();
    cr_assert_str_eq(done, "one shown told");
    cr_assert(noticed.type == DEVICE_NOTICED && noticed.fence == 7 && noticed.why == JOB_PRINTER_AWAY);
    cr_assert_str_eq(noticed.job, "j-1");
    cr_assert_str_eq(noticed.session, "neustadt/s-1");
    notices_clicked(notices);
    cr_assert_str_eq(done, "one shown told hidden two");
    drawn();
    notices_clicked(notices);
    add("j-2", JOB_PRINTER_AWAY, "again");
    add("j-2", JOB_NO_GRANT, "other");
    cr_assert_str_eq(done, "one shown told hidden two shown told hidden told other", "said again, not shown");
}

Test(notices, of_several_jobs_are_one_where_they_say_the_same)
{
    notices_in_front(notices, true);
    add("j-1", JOB_PRINTER_AWAY, "room1");
    add("j-2", JOB_PRINTER_AWAY, "room1");
    add("j-3", JOB_PRINTER_AWAY, "room2");
    drawn();
    cr_assert_str_eq(done, "room1 shown told told");
    cr_assert_str_eq(noticed.job, "j-2");
    add("j-4", JOB_PRINTER_AWAY, "room1");
    cr_assert_str_eq(done, "room1 shown told told told", "it still stands there");
    cr_assert_str_eq(noticed.job, "j-4");
    notices_clicked(notices);
    drawn();
    cr_assert_str_eq(done, "room1 shown told told told hidden room2 shown told");
    notices_clicked(notices);
    add("j-5", JOB_PRINTER_AWAY, "room1");
    cr_assert(strstr(done, "hidden room1"), "that one is read no longer: %s", done);
}

Test(notices, that_the_broker_tells_again_are_acknowledged_again_and_not_shown)
{
    notices_in_front(notices, true);
    add("j-1", JOB_PRINTER_AWAY, "one");
    add("j-1", JOB_PRINTER_AWAY, "one");
    cr_assert_str_eq(done, "one", "not seen yet");
    drawn();
    notices_clicked(notices);
    add("j-1", JOB_PRINTER_AWAY, "one");
    cr_assert_str_eq(done, "one shown told hidden told");
    cr_assert_str_eq(noticed.job, "j-1");
}

Test(notices, go_by_themselves)
{
    notices_in_front(notices, true);
    add("j-1", JOB_PRINTER_AWAY, "one");
    drawn();
    loop_run(loop); // until it is hidden
    cr_assert_str_eq(done, "one shown told hidden");
}

Test(notices, wait_until_the_session_is_before_the_person)
{
    add("j-1", JOB_PRINTER_AWAY, "one");
    cr_assert_str_eq(done, "");
    notices_in_front(notices, true);
    notices_in_front(notices, false);
    drawn();
    cr_assert_str_eq(done, "one", "it went while it was drawn");
    notices_in_front(notices, true);
    drawn();
    cr_assert_str_eq(done, "one one shown told");
    notices_in_front(notices, false);
    cr_assert_str_eq(done, "one one shown told hidden");
}

Test(notices, that_cannot_be_shown_are_not_said_to_have_been)
{
    can_show = false;
    notices_in_front(notices, true);
    add("j-1", JOB_PRINTER_AWAY, "one");
    drawn();
    cr_assert_str_eq(done, "one not-shown");
    can_show = true;
    add("j-1", JOB_PRINTER_AWAY, "one"); // the broker says it again
    drawn();
    cr_assert_str_eq(done, "one not-shown one shown told");
}

Test(notices, leave_with_the_session)
{
    notices_in_front(notices, true);
    add("j-1", JOB_PRINTER_AWAY, "one");
    add("j-2", JOB_PRINTER_AWAY, "two");
    drawn();
    notices_forget(notices);
    cr_assert_str_eq(done, "one shown told hidden");
    notices_in_front(notices, true);
    cr_assert_str_eq(done, "one shown told hidden", "the second is told at the next desk");
}

Test(notices, of_a_reason_that_this_build_does_not_know_say_nothing)
{
    notices_in_front(notices, true);
    add("j-1", JOB_REASON_NONE, "one");
    cr_assert_str_eq(done, "");
}

Test(notices, without_end_are_bounded)
{
    char job[40];
    for (int i = 0; i < 10 * NOTICES_MAX; i++) {
        snprintf(job, sizeof job, "j-%d", i);
        add(job, JOB_PRINTER_AWAY, "x");
    }
    notices_in_front(notices, true);
    for (int i = 0; i < 10 * NOTICES_MAX; i++) {
        drawn();
        notices_clicked(notices);
    }
    int count = 0;
    for (const char *at = done; (at = strstr(at, "x")); at++)
        count++;
    cr_assert_leq(count, NOTICES_MAX);
    done[0] = 0;
    add("j-new", JOB_PRINTER_AWAY, "new");
    cr_assert_str_eq(done, "new", "what was told makes room");
}
