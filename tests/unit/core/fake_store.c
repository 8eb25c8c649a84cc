// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/core/fake_store.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_store fake_store;

static const struct fault full = {.kind = FAULT_UNAVAILABLE, .text = "the disk is full"};

static void note_call(const char *name)
{
    size_t length = strlen(fake_store.calls);
    snprintf(fake_store.calls + length, sizeof fake_store.calls - length, "%s%s", length ? " " : "", name);
}

static bool create_fake(void *self, struct fault *why)
{
    (void)self, (void)why;
    note_call("create");
    return true;
}

static bool accept_fake(void *self, struct store_gap *gap, struct fault *why)
{
    (void)self;
    note_call("accept");
    *gap = fake_store.gap;
    return !fake_store.accept_fault || fault_set(why, fake_store.accept_fault, "not to be accepted");
}

static bool open_fake(void *self, struct fault *why)
{
    (void)self;
    note_call("open");
    return !fake_store.open_fault || fault_set(why, fake_store.open_fault, "does not open");
}

static bool replay_fake(void *self, uint64_t from, const struct store_reader *reader, struct fault *why)
{
    (void)self;
    note_call("replay");
    cr_assert_eq(from, STORE_FROM_SNAPSHOT);
    if (fake_store.snapshot.length && !reader->snapshot(reader->arg, fake_store.snapshot_seq, fake_store.snapshot.bytes,
                                                        fake_store.snapshot.length, why))
        return false;
    for (size_t i = fake_store.snapshot_seq; i < fake_store.event_count; i++)
        if (!reader->event(reader->arg, &fake_store.events[i], why))
            return fault_at(why, "event");
    for (size_t i = 0; i < fake_store.person_count; i++)
        if (!reader->person(reader->arg, &fake_store.people[i], why))
            return false;
    return !fake_store.erased || reader->erased(reader->arg, fake_store.erased, why);
}

static void close_fake(void *self)
{
    (void)self;
    note_call("close");
}

static void append_fake(void *self, const struct store_batch *batch, store_done *done, void *arg)
{
    (void)self;
    cr_assert_null(fake_store.append.done, "the next batch before the answer");
    fake_store.batch = batch;
    fake_store.append = (struct fake_answer){done, arg};
}

static void keep_snapshot_fake(void *self, uint64_t seq, const char *bytes, size_t length, store_done *done, void *arg)
{
    (void)self;
    cr_assert(bytes && length);
    note_call("snapshot");
    fake_store.keeping_seq = seq;
    fake_store.snapshot_kept = (struct fake_answer){done, arg};
}

static void erase_person_fake(void *self, const char *id, store_done *done, void *arg)
{
    (void)self;
    note_call("erase-person");
    TEXT_PUT(fake_store.erasing, id);
    fake_store.person_erased = (struct fake_answer){done, arg};
}

static void head_fake(void *self, struct store_head *head)
{
    (void)self;
    *head = (struct store_head){.seq = fake_store.event_count, .at_ms = fake_store.head_ms};
}

static void follow_fake(void *self, uint64_t from, const struct store_follower *follower)
{
    (void)self;
    note_call("follow");
    fake_store.followed_from = from;
    fake_store.follower = *follower;
}

struct store_port fake_store_new(void)
{
    fake_store = (struct fake_store){0};
    return (struct store_port){
        .create = create_fake,
        .accept = accept_fake,
        .open = open_fake,
        .replay = replay_fake,
        .close = close_fake,
        .append = append_fake,
        .keep_snapshot = keep_snapshot_fake,
        .erase_person = erase_person_fake,
        .head = head_fake,
        .follow = follow_fake,
    };
}

void fake_store_drop(void)
{
    for (size_t i = 0; i < fake_store.event_count; i++)
        free((char *)fake_store.events[i].payload);
    text_drop(&fake_store.snapshot);
}

static void add_bytes(const char *payload, size_t length)
{
    size_t count = fake_store.event_count++;
    cr_assert_lt(count, FAKE_EVENTS);
    fake_store.events[count] =
        (struct store_event){count + 1, 1000 * ((int64_t)count + 1), mem_copy(payload, length), length};
}

void fake_store_add_payload(const char *payload)
{
    add_bytes(payload, strlen(payload));
}

void fake_store_add(const struct event *event)
{
    struct text text = {0};
    event_print(event, &text);
    add_bytes(text.bytes, text.length);
    text_drop(&text);
}

void fake_store_add_person(const char *id)
{
    cr_assert_lt(fake_store.person_count, FAKE_PEOPLE);
    struct store_person *person = &fake_store.people[fake_store.person_count++];
    TEXT_PUT(person->id, id);
    TEXT_PUT(person->key, id);
    TEXT_PUT(person->name, "Somebody");
}

void fake_store_answer(enum store_outcome outcome)
{
    struct fake_answer answer = fake_store.append;
    cr_assert_not_null(answer.done);
    fake_store.append.done = NULL;
    for (size_t i = 0; outcome == STORE_DURABLE && i < fake_store.batch->event_count; i++) {
        cr_assert_eq(fake_store.batch->events[i].seq, fake_store.event_count + 1);
        add_bytes(fake_store.batch->events[i].payload, fake_store.batch->events[i].length);
    }
    answer.done(answer.arg, outcome, &full);
}

void fake_store_answer_erasure(enum store_outcome outcome)
{
    struct fake_answer answer = fake_store.person_erased;
    cr_assert_not_null(answer.done);
    fake_store.person_erased.done = NULL;
    answer.done(answer.arg, outcome, &full);
}

void fake_store_tell(enum store_role role)
{
    fake_store.follower.role(fake_store.follower.arg, role);
}

void fake_store_deliver(size_t count, const struct store_person *person)
{
    struct store_batch batch = {fake_store.events + fake_store.event_count - count, count, person, person ? 1 : 0};
    fake_store.follower.batch(fake_store.follower.arg, &batch);
}
