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
    snprintf(person->login, sizeof person->login, "login%d.%d", number, version);
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
    struct fault why;
};

static bool compare_event(void *arg, const struct store_event *event)
{
    struct comparison *comparison = arg;
    uint64_t seq = comparison->seq++;
    char payload[800];
    size_t length = model_payload(payload, seq);
    if (event->seq != seq || event->at_ms != 1000000 + (int64_t)seq)
        return fault_set(&comparison->why, FAULT_BROKEN, "event %llu is another", (unsigned long long)seq);
    if (seq <= comparison->model->erased)
        return !event->payload ||
               fault_set(&comparison->why, FAULT_BROKEN, "event %llu is not erased", (unsigned long long)seq);
    if (!event->payload || event->length != length || memcmp(event->payload, payload, length) != 0)
        return fault_set(&comparison->why, FAULT_BROKEN, "event %llu has another payload", (unsigned long long)seq);
    return true;
}

static void compare_person(void *arg, const struct store_person *person)
{
    struct comparison *comparison = arg;
    comparison->people++;
    for (int i = 0; i < MODEL_PEOPLE; i++) {
        struct store_person expected;
        model_person(&expected, i, comparison->model->versions[i]);
        if (text_equal(expected.id, person->id)) {
            if (!comparison->model->versions[i] || !text_equal(expected.name, person->name) ||
                !text_equal(expected.login, person->login) || !text_equal(expected.key, person->key))
                fault_set(&comparison->why, FAULT_BROKEN, "%s is %s", person->id, person->name);
            return;
        }
    }
    fault_set(&comparison->why, FAULT_BROKEN, "%s is unknown", person->id);
}

static bool snapshot_fits(const struct model *model, struct chain *chain, struct fault *why)
{
    uint64_t seq;
    owned(bytes) char *bytes = NULL;
    size_t length;
    if (!chain_read_snapshot(chain, &seq, &bytes, &length, why))
        return false;
    char expected[800];
    size_t expected_length = model_snapshot(expected, model->snapshot);
    if (!bytes)
        return model->snapshot == 0 || fault_set(why, FAULT_BROKEN, "the snapshot is not there");
    return (model->snapshot == seq && length == expected_length && memcmp(bytes, expected, length) == 0) ||
           fault_set(why, FAULT_BROKEN, "the snapshot is another");
}

bool model_fits(const struct model *model, struct chain *chain, struct fault *why)
{
    uint64_t last = chain_head(chain)->seq;
    if (last != model->events)
        return fault_set(why, FAULT_BROKEN, "%llu events, %llu expected", (unsigned long long)last,
                         (unsigned long long)model->events);
    struct comparison comparison = {.model = model, .seq = model->pruned + 1};
    if (!chain_replay(chain, model->pruned + 1, compare_event, &comparison, why) ||
        !chain_each_person(chain, compare_person, &comparison, why))
        return comparison.why.kind ? fault_set(why, comparison.why.kind, "%s", comparison.why.text) : false;
    int people = 0;
    for (int i = 0; i < MODEL_PEOPLE; i++)
        people += model->versions[i] > 0;
    if (comparison.why.kind || comparison.seq != model->events + 1 || comparison.people != people)
        return fault_set(why, FAULT_BROKEN, "%llu events, %d people: %s", (unsigned long long)comparison.seq - 1,
                         comparison.people, comparison.why.text);
    return snapshot_fits(model, chain, why);
}
