// SPDX-License-Identifier: EUPL-1.2
// What a journal should hold, and whether it does. Contents follow from numbers: event n always has the same payload,
// person n in version v the same name; so an expectation is a handful of numbers.
#pragma once
#include "broker/store/chain.h"

enum { MODEL_PEOPLE = 12, MODEL_BATCH_EVENTS = 50, MODEL_BATCH_PEOPLE = 4 };

struct model {
    uint64_t events;
    int versions[MODEL_PEOPLE];        // 0: not there
    uint64_t snapshot, erased, pruned; // up to this event; 0: none
};

// A batch and the memory behind it.
struct model_batch {
    struct store_batch batch;
    struct store_event events[MODEL_BATCH_EVENTS];
    struct store_person people[MODEL_BATCH_PEOPLE];
    char payloads[MODEL_BATCH_EVENTS][800];
};

size_t model_payload(char payload[800], uint64_t seq); // holds "event-<seq>."
size_t model_snapshot(char bytes[800], uint64_t seq);
void model_person(struct store_person *person, int number, int version); // its name begins with "Person-<number>-"
void model_name_start(char start[32], int number);
// Fills `batch` with the next `count` events and moves `model` on.
void model_add_events(struct model *model, struct model_batch *batch, size_t count);
// Adds the next version of a person to `batch`.
void model_add_person(struct model *model, struct model_batch *batch, int number);
// False, and `why` tells the first difference.
bool model_fits_port(const struct model *model, const struct store_port *store, struct fault *why);
bool model_fits(const struct model *model, struct chain *chain, struct fault *why);
