// SPDX-License-Identifier: EUPL-1.2
// From decided to durable. Events are applied to the state at once, gathered while the store writes the batch before
// them, and their `done` is called when they are on disk: no answer may leave earlier. When the store refuses, the
// state is rebuilt from what is durable and everybody who waits is told; when it cannot tell, the program ends and
// replays.
#pragma once
#include "broker/core/port.h"
#include "broker/core/state.h"

struct commit;

// durable: true, or false with why (FAULT_UNAVAILABLE).
typedef void commit_done(void *arg, bool durable, const struct fault *why);

struct commit_ports {
    struct store_port store;
    void *arg;
    // Fills the cleared state from snapshot and journal. False: nothing can be done but end.
    bool (*rebuild)(void *arg, struct state *state, uint64_t *last_seq, int64_t *last_ms, struct fault *why);
    void (*die)(void *arg, const struct fault *why); // does not return to a working program
    int64_t (*now_ms)(void *arg);                    // wall clock
    // Many come at once: shall call commit_flush a moment later, not from within. NULL: every batch begins at once.
    void (*delay_batch)(void *arg);
};

// `last_seq` and `last_ms`: of the newest event in the state.
struct commit *commit_new(struct state *state, const struct commit_ports *ports, uint64_t last_seq, int64_t last_ms);
void commit_free(struct commit *commit); // waiting `done`s are not called
// Stamps and applies the events in order. `people` go into the same transaction. `done` may be NULL. While the store
// refuses, returns false at once and changes nothing.
bool commit_events(struct commit *commit, struct event *events, size_t event_count, const struct store_person *people,
                   size_t person_count, commit_done *done, void *arg, struct fault *why)
    __attribute__((warn_unused_result));
void commit_flush(struct commit *commit); // the moment has passed
// STORE_WRITES until told otherwise. While another broker writes everything is refused at once.
void commit_set_role(struct commit *commit, enum store_role role);
bool commit_is_following(const struct commit *commit);
// Another broker wrote this event, and it has been applied to the state. Only while idle.
void commit_followed(struct commit *commit, const struct store_event *event);
int64_t commit_now_ms(const struct commit *commit); // the clock, which may be set back; events are never stamped so
uint64_t commit_last_seq(const struct commit *commit);
bool commit_is_refusing(const struct commit *commit);
bool commit_is_idle(const struct commit *commit); // everything committed is durable
