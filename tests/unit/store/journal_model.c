// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/store/journal_model.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t model_payload(char payload[800], uint64_t seq)
{
    size_t length = 40 + (size_t)(seq * 7919 % 700);
    memset(payload, 'a' + (int)(seq % 26), length);
    int written = snprintf(payload, 40, "{\"what\":\"event-%llu.\"", (unsigned long long)seq);
    payload[written] = ',';
    return length;
}

size_t model_snapshot(char bytes[800], uint64_t seq)
{
    size_t length = model_payload(bytes, seq);
    memcpy(bytes, "{\"what\":\"state", 14);
    return length;
}

void model_name_start(char start[32], int number)
{
    snprintf(start, 32, "Person-%03d-", number);
}

void model_person(struct store_person *person, int number, int version)
{
    *person = (struct store_person){0};
    snprintf(person->id, sizeof person->id, "town/p-%03d", number);
    snprintf(person->key, sizeof person->key, "key-%03d", number);
    snprintf(person->user_name, sizeof person->user_name, "user%d.%d", number, version);
    snprintf(person->name, sizeof person->name, "Person-%03d-%d", number, version);
}

void model_add_events(struct model *model, struct model_batch *batch, size_t count)
{
    *batch = (struct model_batch){.batch.events = batch->events, .batch.people = batch->people};
    assert(count <= MODEL_BATCH_EVENTS);
    for (size_t i = 0; i < count; i++) {
        uint64_t seq = ++model->events;
        size_t length = model_payload(batch->payloads[i], seq);
        batch->events[i] = (struct store_event){seq, 1000000 + (int64_t)seq, batch->payloads[i], length};
    }
    batch->batch.event_count = count;
}

void model_add_person(struct model *model, struct model_batch *batch, int number)
{
    assert(batch->batch.person_count < MODEL_BATCH_PEOPLE);
    model_person(&batch->people[batch->batch.person_count++], number, ++model->versions[number]);
}

struct comparison {
    const struct model *model;
    uint64_t seq;
    int people;
    bool snapshot;
};

static bool compare_event(void *arg, const struct store_event *event, struct fault *why)
{
    struct comparison *comparison = arg;
    uint64_t seq = comparison->seq++;
    char payload[800];
    size_t length = model_payload(payload, seq);
    if (event->seq != seq || event->at_ms != 1000000 + (int64_t)seq)
        return fault_set(why, FAULT_BROKEN, "event %llu is another", (unsigned long long)seq);
    if (seq <= comparison->model->erased)
        return !event->payload || fault_set(why, FAULT_BROKEN, "event %llu is not erased", (unsigned long long)seq);
    if (!event->payload || event->length != length || memcmp(event->payload, payload, length) != 0)
        return fault_set(why, FAULT_BROKEN, "event %llu has another payload", (unsigned long long)seq);
    return true;
}

static bool compare_person(void *arg, const struct store_person *person, struct fault *why)
{
    struct comparison *comparison = arg;
    comparison->people++;
    for (int i = 0; i < MODEL_PEOPLE; i++) {
        struct store_person expected;
        model_person(&expected, i, comparison->model->versions[i]);
        if (text_equal(expected.id, person->id))
            return (comparison->model->versions[i] && text_equal(expected.name, person->name) &&
                    text_equal(expected.user_name, person->user_name) && text_equal(expected.key, person->key)) ||
                   fault_set(why, FAULT_BROKEN, "%s is %s", person->id, person->name);
    }
    return fault_set(why, FAULT_BROKEN, "%s is unknown", person->id);
}

static bool compare_snapshot(void *arg, uint64_t seq, const char *bytes, size_t length, struct fault *why)
{
    struct comparison *comparison = arg;
    char expected[800];
    size_t expected_length = model_snapshot(expected, seq);
    comparison->snapshot = true;
    return (comparison->model->snapshot == seq && length == expected_length && memcmp(bytes, expected, length) == 0) ||
           fault_set(why, FAULT_BROKEN, "the snapshot is another");
}

bool model_fits_port(const struct model *model, const struct store_port *store, struct fault *why)
{
    struct store_head head;
    store->head(store->self, &head);
    if (head.seq != model->events)
        return fault_set(why, FAULT_BROKEN, "%llu events, %llu expected", (unsigned long long)head.seq,
                         (unsigned long long)model->events);
    struct comparison comparison = {.model = model, .seq = model->pruned + 1};
    struct store_reader all = {.arg = &comparison, .event = compare_event, .person = compare_person};
    struct store_reader snapshot = {.arg = &comparison, .snapshot = compare_snapshot};
    if (!store->replay(store->self, model->pruned + 1, &all, why) ||
        !store->replay(store->self, STORE_FROM_SNAPSHOT, &snapshot, why))
        return false;
    int people = 0;
    for (int i = 0; i < MODEL_PEOPLE; i++)
        people += model->versions[i] > 0;
    if (comparison.seq != model->events + 1 || comparison.people != people)
        return fault_set(why, FAULT_BROKEN, "%llu events, %d people", (unsigned long long)comparison.seq - 1,
                         comparison.people);
    return comparison.snapshot == (model->snapshot > 0) || fault_set(why, FAULT_BROKEN, "the snapshot is not there");
}

// ---- a chain alone, as far as it is read here

static void chain_read_head(void *self, struct store_head *head)
{
    head->seq = chain_head(self)->seq;
}

static bool chain_read_all(void *self, uint64_t from, const struct store_reader *reader, struct fault *why)
{
    if (from != STORE_FROM_SNAPSHOT)
        return chain_replay(self, from, 0, reader->event, reader->arg, why) &&
               chain_each_person(self, reader->person, reader->arg, why);
    uint64_t seq;
    owned(bytes) char *bytes = NULL;
    size_t length;
    return chain_read_snapshot(self, &seq, &bytes, &length, why) &&
           (!bytes || reader->snapshot(reader->arg, seq, bytes, length, why));
}

bool model_fits(const struct model *model, struct chain *chain, struct fault *why)
{
    struct store_port store = {.self = chain, .replay = chain_read_all, .head = chain_read_head};
    return model_fits_port(model, &store, why);
}
