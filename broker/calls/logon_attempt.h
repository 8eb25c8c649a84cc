// SPDX-License-Identifier: EUPL-1.2
// What the logons of people and of administrators share: an attempt with its waits, and who was proven.
#pragma once
#include "broker/calls/services.h"

struct attempt {
    char tenant_id[SLUG_SIZE];
    enum throttle_kind name_kind, from_kind;
    char name_key[ID_SIZE + USER_NAME_SIZE];
    char from[ID_SIZE];
    bool counts;        // it has begun, as one that may fail
    int64_t started_ms; // steady
};

// What guesses at a name as typed have in common: "neustadt/anna".
void attempt_name_key(char key[ID_SIZE + USER_NAME_SIZE], const char *tenant_id, const char *name);
// `name` as typed. At a device, or else from an address at the port for administrators.
void attempt_start(struct attempt *attempt, const char *tenant_id, const char *name, const struct peer *peer);
// At a gateway's front door, which says where the caller is.
void attempt_start_at_door(struct attempt *attempt, const char *tenant_id, const char *name, const char *network);
// Where a password is to be tried. True: how long this name or place must wait before it may try again; else it counts
// from now on.
bool attempt_must_wait(struct attempt *attempt, struct services *services, int64_t *wait_ms);
// Counts it, and says what the verdict means to people.
enum refusal attempt_finish(const struct attempt *attempt, struct services *services, enum auth_verdict verdict);
// Wrong name, wrong password, locked account, and no administrator at their port: the same bytes, at the same time
// after the attempt began.
void attempt_refuse_evenly(const struct attempt *attempt, struct services *services, struct request *request);

struct seen_person {
    struct store_person row;
    bool is_new;     // never seen before
    bool is_changed; // the row must be written
};

// The person behind an identity. Not yet put into services->people.
void seen_person_find(struct seen_person *person, const struct services *services, const char *tenant_id,
                      const struct identity *identity);
// Fills events[0] when the person is new. Returns how many it filled.
size_t seen_person_event(const struct seen_person *person, const struct request *request, struct event *events);

void logon_input_fill(struct logon_input *input, const struct services *services, const struct attempt *attempt,
                      const char *person_id, const struct identity *identity, const char *device_id);
