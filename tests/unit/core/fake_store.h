// SPDX-License-Identifier: EUPL-1.2
// A store in memory that answers when the test says so.
#pragma once
#include "broker/core/port.h"
#include "broker/core/state.h"

enum { FAKE_EVENTS = 32, FAKE_PEOPLE = 8 };

struct fake_answer {
    store_done *done;
    void *arg;
};

struct fake_store {
    // What is on the disk.
    struct store_event events[FAKE_EVENTS];
    size_t event_count;
    struct store_person people[FAKE_PEOPLE];
    size_t person_count;
    const char *erased; // somebody on the list of the erased; NULL: nobody is
    struct text snapshot;
    uint64_t snapshot_seq;
    int64_t head_ms;
    enum fault_kind open_fault; // FAULT_NONE: it opens
    enum fault_kind accept_fault;
    struct store_gap gap;
    // What was asked for and is not answered yet.
    const struct store_batch *batch;
    struct fake_answer append, snapshot_kept, person_erased;
    char erasing[ID_SIZE];
    uint64_t keeping_seq;
    // Whom it tells, and from where.
    struct store_follower follower;
    uint64_t followed_from;
    char calls[200]; // "accept open replay follow ..."
};

extern struct fake_store fake_store;

struct store_port fake_store_new(void); // empty
void fake_store_drop(void);
void fake_store_add(const struct event *event);     // to the disk
void fake_store_add_payload(const char *payload);   // to the disk, whatever it is
void fake_store_add_person(const char *id);         // to the disk
void fake_store_answer(enum store_outcome outcome); // the append; durable: it is on the disk
void fake_store_answer_erasure(enum store_outcome outcome);
void fake_store_tell(enum store_role role);
// Another broker writes the last `count` events on the disk, and `person` unless NULL.
void fake_store_deliver(size_t count, const struct store_person *person);
