// SPDX-License-Identifier: EUPL-1.2
// Years of a journal in real files: what is too old goes, the rest stays, and the chain holds.
#include "broker/core/retention.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/core/journal.h"
#include "broker/store/sqlite.h"
#include "tests/folder.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 24, KINDS = 4, ROOM = 64 };

static const int64_t day_ms = 24 * 60 * 60 * 1000,
                     first_ms = 4102455600000; // 3 o'clock in the morning, later than the head is signed

static char folder[FOLDER_SIZE];
static struct loop *loop;
static struct state *state;
static struct people people;
static struct journal *journal;
static struct store_port store;
static int64_t wall_now_ms, steady_now_ms;
static bool durable;
static struct store_port real_store;
static int prunings;
static size_t read_count;
static uint64_t read_first;
static char payloads[400][ROOM * 4]; // of a page, as they begin; empty: erased

static void die(void *arg, const struct fault *why)
{
    (void)arg;
    cr_assert_fail("%s", why->text);
}

static int64_t wall_ms(void *arg)
{
    (void)arg;
    return wall_now_ms;
}

static int64_t steady_ms(void *arg)
{
    (void)arg;
    return steady_now_ms;
}

static void delay_batch(void *arg)
{
    commit_flush(journal_commit(*(struct journal **)arg));
}

static void prune(void *self, uint64_t last, store_done *done, void *arg)
{
    prunings++;
    real_store.prune(self, last, done, arg);
}

static void open_journal(int sessions_days, int audit_days, int journal_days)
{
    struct fault why = {0};
    loop = loop_new();
    state = state_new();
    store = real_store = store_open_sqlite(&(struct chain_config){.folder = folder}, loop);
    store.prune = prune;
    if (!store.exists(store.self))
        cr_assert(store.create(store.self, &why), "%s", why.text);
    struct journal_ports ports = {
        .store = store,
        .arg = &journal,
        .die = die,
        .wall_ms = wall_ms,
        .steady_ms = steady_ms,
        .delay_batch = delay_batch,
        .ages = {sessions_days * day_ms, audit_days * day_ms, journal_days * day_ms},
    };
    journal = journal_open(&ports, state, &people, &why);
    cr_assert(journal, "%s", why.text);
    while (commit_is_following(journal_commit(journal))) {
        struct loop_timer *timer = loop_timer_new(loop, (loop_work *)loop_stop, loop);
        loop_timer_start(timer, 1);
        loop_run(loop);
        loop_timer_free(timer);
    }
}

static void close_journal(void)
{
    journal_close(journal);
    people_clear(&people);
    state_free(state);
    loop_free(loop);
}

static void begin(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    log_set_level(LOG_LEVEL_ERROR);
    folder_make(folder, "retention");
    wall_now_ms = first_ms;
    open_journal(1096, 366, 3653);
}

static void finish(void)
{
    close_journal();
    folder_remove(folder);
}

TestSuite(retention, .init = begin, .fini = finish, .timeout = 120);

// ---- what happens

static void note_answer(void *arg, bool written, const struct fault *why)
{
    (void)arg, (void)why;
    durable = written;
    loop_stop(loop);
}

static void happens(struct event *event)
{
    struct fault why = {0};
    durable = false;
    cr_assert(commit_events(journal_commit(journal), event, 1, NULL, 0, note_answer, NULL, &why), "%s", why.text);
    loop_run(loop);
    cr_assert(durable);
}

// Four events: of each kind one, with a word in it by which it is found again.
static void pass_days(int number, int days)
{
    struct event audit = {.type = EVENT_ADMIN_LOGGED_ON, .noun = NOUN_NONE};
    struct event session = {.type = EVENT_HOST_ASSIGNED, .noun = NOUN_HOST, .record.host = {.id = "kreis/pc1"}};
    struct event site = {.type = EVENT_SET, .noun = NOUN_SITE, .record.site = {.id = "kreis/hall"}};
    struct event assignment = {.type = EVENT_SET, .noun = NOUN_ASSIGNMENT, .record.assignment = {.id = "kreis/a1"}};
    struct event *events[KINDS] = {&audit, &session, &site, &assignment};
    static const char *const words[KINDS] = {"audit", "session", "site", "person"};
    for (size_t i = 0; i < KINDS; i++) {
        snprintf(events[i]->by, ACTOR_SIZE, "%s-%d.", words[i], number);
        happens(events[i]);
    }
    wall_now_ms += days * day_ms;
    steady_now_ms += days * day_ms;
}

// ---- what is there

static void keep_page(void *arg, const struct store_event *events, size_t count, const struct fault *why)
{
    (void)arg;
    // What was pruned after it was asked for is not there.
    cr_assert(!why || why->kind == FAULT_ABSENT, "%s", why->text);
    read_count = count;
    read_first = count ? events[0].seq : 0;
    for (size_t i = 0; i < count && i < sizeof payloads / sizeof *payloads; i++) {
        const char *payload = events[i].payload;
        const char *by = payload ? memmem(payload, events[i].length, "\"by\"", 4) : NULL;
        snprintf(payloads[i], sizeof payloads[i], "%.*s", by ? (int)(payload + events[i].length - by) : 0,
                 by ? by : "");
    }
    loop_stop(loop);
}

static void read_all(void)
{
    struct store_head head;
    store.head(store.self, &head);
    store.read(store.self, head.anchor + 1, 100000, keep_page, NULL);
    loop_run(loop);
}

static bool is_told(const char *kind, int number)
{
    char word[ROOM];
    snprintf(word, sizeof word, "\"%s-%d.\"", kind, number);
    for (size_t i = 0; i < read_count; i++)
        if (strstr(payloads[i], word))
            return true;
    return false;
}

static bool files_hold(const char *kind, int number)
{
    char command[200];
    struct program_result grep;
    snprintf(command, sizeof command, "grep -qaF \"%s-%d.\" %s/journal.db %s/journal.db-wal", kind, number, folder,
             folder);
    program_run(&grep, command, "");
    return grep.exit_code == 0;
}

// What the store is asked for is done before the page that is asked for afterwards.
static void spend_the_night(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        journal_sweep(journal);
        read_all();
        read_all();
    }
}

Test(retention, each_kind_goes_when_its_time_is_up)
{
    for (int month = 0; month < 48; month++) // the last is a month old then
        pass_days(month, 30);
    spend_the_night();
    cr_assert_eq(read_count, 48 * KINDS, "the events themselves stay");
    for (int month = 0; month < 48; month++) {
        int age_days = (48 - month) * 30;
        cr_assert_eq(is_told("audit", month), age_days <= 366, "%d", month);
        cr_assert_eq(is_told("session", month), age_days <= 1096, "%d", month);
        cr_assert(is_told("site", month));
        cr_assert_eq(is_told("person", month), age_days - 30 <= 366, "a year after it was replaced: %d", month);
        cr_assert_eq(files_hold("audit", month), age_days <= 366, "%d", month);
        cr_assert_eq(files_hold("session", month), age_days <= 1096, "%d", month);
    }
    struct text before = {0}, after = {0};
    state_print(state, &before);
    close_journal();
    open_journal(1096, 366, 3653); // which checks the whole chain
    state_print(state, &after);
    cr_assert_str_eq(before.bytes, after.bytes);
    text_drop(&before);
    text_drop(&after);
}

Test(retention, goes_on_night_by_night_and_after_a_start)
{
    for (int month = 0; month < 40; month++)
        pass_days(month, 30);
    spend_the_night();
    close_journal();
    open_journal(1096, 366, 3653);
    for (int month = 40; month < 50; month++)
        pass_days(month, 30);
    spend_the_night();
    for (int month = 0; month < 50; month++) {
        int age_days = (50 - month) * 30;
        cr_assert_eq(is_told("audit", month), age_days <= 366, "%d", month);
        cr_assert_eq(is_told("session", month), age_days <= 1096, "%d", month);
        cr_assert_eq(is_told("person", month), age_days - 30 <= 366, "%d", month);
        cr_assert_eq(files_hold("session", month), age_days <= 1096, "%d", month);
        cr_assert_eq(files_hold("person", month), age_days - 30 <= 366, "%d", month);
    }
}

Test(retention, an_assignment_that_counts_is_told_however_old_and_not_after_its_removal)
{
    struct event removal = {.type = EVENT_REMOVED, .noun = NOUN_ASSIGNMENT, .record.id = "kreis/a1"};
    close_journal();
    open_journal(1096, 366, 0);
    pass_days(0, 5000);
    spend_the_night();
    cr_assert(is_told("person", 0));
    TEXT_PUT(removal.by, "gone-0.");
    happens(&removal);
    wall_now_ms += 367 * day_ms, steady_now_ms += 367 * day_ms;
    spend_the_night();
    cr_assert_not(is_told("person", 0));
    cr_assert_not(is_told("gone", 0));
}

Test(retention, old_events_go_altogether_and_the_chain_begins_behind_them)
{
    close_journal();
    open_journal(0, 0, 100);
    for (int week = 0; week < 30; week++)
        pass_days(week, 7);
    spend_the_night();
    uint64_t first = read_first;
    cr_assert_gt(first, 40);
    for (int week = 0; week < 30; week++)
        cr_assert_eq(files_hold("site", week), (30 - week) * 7 <= 100, "%d", week);
    close_journal();
    open_journal(0, 0, 100);
    read_all();
    cr_assert_eq(read_first, first);
    cr_assert_eq(prunings, 1);
    spend_the_night();
    cr_assert_eq(prunings, 1, "none is old enough");
    cr_assert_not_null(state_find(state, NOUN_SITE, "kreis/hall"));
    pass_days(30, 7);
    spend_the_night();
    cr_assert_eq(read_first, first, "not every night: the store writes its file anew for it");
    for (int week = 31; week < 36; week++)
        pass_days(week, 7);
    spend_the_night();
    cr_assert_gt(read_first, first);
}

Test(retention, runs_at_night_and_keeps_for_ever_what_it_is_told_to)
{
    close_journal();
    open_journal(0, 1, 0);
    pass_days(0, 5000);
    wall_now_ms += 6 * 60 * 60 * 1000;
    spend_the_night();
    cr_assert(is_told("audit", 0), "it is morning");
    wall_now_ms += 18 * 60 * 60 * 1000;
    spend_the_night();
    cr_assert_not(is_told("audit", 0));
    cr_assert(is_told("session", 0) && is_told("site", 0));
}

Test(retention, a_step_is_small_and_others_are_written_between)
{
    for (int i = 0; i < 60; i++)
        pass_days(i, 0);
    wall_now_ms += 5000 * day_ms, steady_now_ms += 5000 * day_ms;
    for (int i = 0; i < ROUNDS; i++) {
        struct event event = {.type = EVENT_ADMIN_LOGGED_ON, .noun = NOUN_NONE, .by = "between-0."};
        journal_sweep(journal);
        happens(&event);
    }
    read_all();
    cr_assert_not(is_told("audit", 0) || is_told("session", 59));
    cr_assert(is_told("between", 0));
}
