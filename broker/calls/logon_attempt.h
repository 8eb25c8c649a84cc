// SPDX-License-Identifier: EUPL-1.2
// What the logons of people and of administrators share: an attempt with its waits, and who was proven.
#pragma once
#include "broker/calls/services.h"

struct attempt {
    char tenant_id[SLUG_SIZE];
    char name_key[ID_SIZE + USER_NAME_SIZE]; // for the throttle
    char device_key[ID_SIZE + 16];
    int64_t started_ms; // steady
};

// `name` as typed; `from`: the device, or the address of an administrator.
void attempt_start(struct attempt *attempt, const char *tenant_id, const char *name, const char *from);
// How long this name or place must wait before it may try again; 0: not at all.
int64_t attempt_wait_ms(const struct attempt *attempt, const struct services *services);
// Counts it, and says what the verdict means to people.
enum refusal attempt_finish(const struct attempt *attempt, struct services *services, enum auth_verdict verdict);
// Wrong name, wrong password and locked account: the same bytes, at the same time after the attempt began.
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
