// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/restore.h"
#include "broker/base/log.h"
#include "tests/unit/core/fake_store.h"

#include <criterion/criterion.h>
#include <string.h>

static struct store_port store;
static struct lone_append *restore;
static struct fault why;
static char told[8]; // "+" written, "-" not

static void begin(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    store = fake_store_new();
    fake_store_add_payload("{}");
    fake_store.head_ms = 7000;
}

static void end(void)
{
    lone_append_free(restore);
    fake_store_drop();
}

TestSuite(restore, .init = begin, .fini = end);

static void note_end(void *arg, bool written, const struct fault *fault)
{
    (void)arg;
    why = *fault;
    told[strlen(told)] = written ? '+' : '-';
}

static bool start(uint64_t seq, uint64_t head_seq)
{
    fake_store.gap = (struct store_gap){seq, head_seq, head_seq ? 1767225600000 : 0};
    restore = restore_start(&store, note_end, NULL, &why);
    return restore;
}

static bool writes(const char *text)
{
    const struct store_event *event = fake_store.batch->events;
    return memmem(event->payload, event->length, text, strlen(text));
}

Test(restore, writes_down_which_events_are_lost)
{
    cr_assert(start(1, 9));
    cr_assert_str_eq(fake_store.calls, "accept open follow");
    fake_store_tell(STORE_WRITES);
    cr_assert(fake_store.batch->event_count == 1 && fake_store.batch->person_count == 0);
    cr_assert(fake_store.batch->events[0].seq == 2 && fake_store.batch->events[0].at_ms == 7000);
    cr_assert(writes("events 2 to 9 are lost; the last was written before 2026-01-01T00:00:00"));
    struct event event = {0};
    cr_assert(event_read(&event, fake_store.batch->events[0].payload, fake_store.batch->events[0].length, &why));
    cr_assert(event.type == EVENT_JOURNAL_RESTORED && event.noun == NOUN_NONE);
    cr_assert_str_eq(event.by, "root at the broker");
    cr_assert_str_eq(told, "");
    fake_store_answer(STORE_DURABLE);
    cr_assert_str_eq(told, "+");
}

Test(restore, of_an_older_head_loses_nothing)
{
    cr_assert(start(9, 4));
    fake_store_tell(STORE_WRITES);
    cr_assert(writes("at event 4; no event is known to be lost"));
    fake_store_answer(STORE_DURABLE);
}

Test(restore, without_a_head_says_that_nobody_can_tell)
{
    cr_assert(start(9, 0));
    fake_store_tell(STORE_WRITES);
    cr_assert(writes("the journal's head was lost: nobody can tell whether events after 9 are, too"));
    fake_store_answer(STORE_REFUSED);
    cr_assert_str_eq(told, "-");
    cr_assert_eq(why.kind, FAULT_UNAVAILABLE);
}

Test(restore, of_what_is_not_accepted_opens_nothing)
{
    fake_store.accept_fault = FAULT_CONFLICT;
    cr_assert_not(start(1, 9));
    cr_assert_eq(why.kind, FAULT_CONFLICT);
    cr_assert_str_eq(fake_store.calls, "accept");
}

Test(restore, leaves_the_writing_to_the_broker_that_writes)
{
    cr_assert(start(1, 9));
    fake_store_tell(STORE_FOLLOWS);
    cr_assert_str_eq(told, "-");
    cr_assert_eq(why.kind, FAULT_CONFLICT);
    cr_assert_null(fake_store.append.done);
}
