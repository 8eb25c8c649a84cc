// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/logon_attempt.h"
#include "broker/base/address.h"
#include "broker/base/clock.h"
#include "broker/calls/channel_standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVEN_STEP_MS = 1000 };

// "Anna", "anna@neustadt.example" and "NEUSTADT\anna" are one name to who guesses passwords, so they are to us.
static void bare_name(char bare[USER_NAME_SIZE], const char *name)
{
    const char *backslash = strchr(name, '\\');
    text_cut(bare, USER_NAME_SIZE, backslash && backslash[1] ? backslash + 1 : name);
    char *at = strchr(bare, '@');
    if (at && at != bare)
        *at = 0;
    text_lower_name(bare);
}

void attempt_name_key(char key[ID_SIZE + USER_NAME_SIZE], const char *tenant_id, const char *name)
{
    char lower[USER_NAME_SIZE];
    bare_name(lower, name);
    snprintf(key, ID_SIZE + USER_NAME_SIZE, "%s/%s", tenant_id, lower);
}

static void start_attempt(struct attempt *attempt, const char *tenant_id, const char *name,
                          enum throttle_kind name_kind, const char *from, enum throttle_kind from_kind)
{
    TEXT_PUT(attempt->tenant_id, tenant_id);
    attempt_name_key(attempt->name_key, tenant_id, name);
    text_cut(attempt->from, sizeof attempt->from, from);
    attempt->name_kind = name_kind;
    attempt->from_kind = from_kind;
    attempt->counts = false;
    attempt->started_ms = clock_steady_ms();
}

void attempt_start(struct attempt *attempt, const char *tenant_id, const char *name, const struct peer *peer)
{
    char network[ADDRESS_NETWORK_TEXT_SIZE];
    address_network_text(network, peer->address);
    if (peer->role == ROLE_DEVICE)
        start_attempt(attempt, tenant_id, name, THROTTLE_DESK_NAME, peer->id, THROTTLE_DESK);
    else
        start_attempt(attempt, tenant_id, name, THROTTLE_ADMIN_NAME, network, THROTTLE_ADMIN_NETWORK);
}

void attempt_start_at_door(struct attempt *attempt, const char *tenant_id, const char *name, const char *network)
{
    start_attempt(attempt, tenant_id, name, THROTTLE_DOOR_NAME, network, THROTTLE_DOOR_NETWORK);
}

bool attempt_must_wait(struct attempt *attempt, struct services *services, int64_t *wait_ms)
{
    struct throttle *throttle = services->throttle;
    int64_t now_ms = attempt->started_ms;
    int64_t name_ms = throttle_wait_ms(throttle, attempt->name_kind, attempt->name_key, now_ms);
    int64_t from_ms = throttle_wait_ms(throttle, attempt->from_kind, attempt->from, now_ms);
    *wait_ms = name_ms > from_ms ? name_ms : from_ms;
    if (*wait_ms)
        return true;
    throttle_begin(throttle, attempt->name_kind, attempt->name_key, now_ms);
    throttle_begin(throttle, attempt->from_kind, attempt->from, now_ms);
    attempt->counts = true;
    return false;
}

static void end_attempt(const struct attempt *attempt, struct services *services, enum throttle_outcome outcome)
{
    struct throttle *throttle = services->throttle;
    int64_t now_ms = clock_steady_ms();
    if (!attempt->counts)
        return;
    throttle_end(throttle, attempt->name_kind, attempt->name_key, outcome, attempt->from, now_ms);
    throttle_end(throttle, attempt->from_kind, attempt->from, outcome, "", now_ms);
}

static enum throttle_outcome outcome_of(enum auth_verdict verdict)
{
    return verdict == AUTH_RIGHT ? THROTTLE_SUCCEEDED : verdict == AUTH_WRONG ? THROTTLE_FAILED : THROTTLE_UNDECIDED;
}

// Whoever has been disabled may be in from outside.
static void doubt_standing(const struct attempt *attempt, struct services *services)
{
    const char *name = strchr(attempt->name_key, '/') + 1;
    const struct store_person *person = NULL;
    while ((person = people_by_name(&services->people, attempt->tenant_id, name, person)))
        channel_standing_doubt(services, person->id);
}

enum refusal attempt_finish(const struct attempt *attempt, struct services *services, enum auth_verdict verdict)
{
    end_attempt(attempt, services, outcome_of(verdict));
    if (verdict == AUTH_DISABLED)
        doubt_standing(attempt, services);
    switch (verdict) {
    case AUTH_RIGHT:
        return REFUSAL_NONE;
    case AUTH_WRONG:
        return REFUSAL_WRONG_PASSWORD;
    case AUTH_EXPIRED:
        return REFUSAL_PASSWORD_EXPIRED;
    case AUTH_MUST_CHANGE:
        return REFUSAL_PASSWORD_MUST_CHANGE;
    case AUTH_DISABLED:
        return REFUSAL_ACCOUNT_DISABLED;
    case AUTH_OUTSIDE_HOURS:
        return REFUSAL_OUTSIDE_HOURS;
    case AUTH_TOO_LATE:
        return REFUSAL_PASSWORD_TOO_LATE;
    case AUTH_REJECTED:
        return REFUSAL_PASSWORD_REJECTED;
    case AUTH_TOO_SHORT:
        return REFUSAL_PASSWORD_TOO_SHORT;
    case AUTH_TOO_SIMPLE:
        return REFUSAL_PASSWORD_TOO_SIMPLE;
    case AUTH_REUSED:
        return REFUSAL_PASSWORD_REUSED;
    case AUTH_TOO_YOUNG:
        return REFUSAL_PASSWORD_TOO_YOUNG;
    case AUTH_UNAVAILABLE:
        return REFUSAL_DIRECTORY_DOWN;
    }
    return REFUSAL_DIRECTORY_DOWN;
}

struct even {
    struct request *request;
    bool of_administrator;
    struct loop_timer *timer;
};

static void even_due(void *arg)
{
    struct even *even = arg;
    if (even->of_administrator)
        request_refuse(even->request, REFUSAL_WRONG_PASSWORD, "or this person does not administer this tenant");
    else
        request_refuse(even->request, REFUSAL_WRONG_PASSWORD, NULL);
    loop_timer_free(even->timer);
    free(even);
}

void attempt_refuse_evenly(const struct attempt *attempt, struct services *services, struct request *request)
{
    struct even *even = mem_new(1, sizeof *even);
    even->request = request;
    even->of_administrator = attempt->name_kind == THROTTLE_ADMIN_NAME;
    even->timer = loop_timer_new(services->loop, even_due, even);
    int64_t taken_ms = clock_steady_ms() - attempt->started_ms;
    loop_timer_start(even->timer, EVEN_STEP_MS - taken_ms % EVEN_STEP_MS);
}

// ---- who

void seen_person_find(struct seen_person *person, const struct services *services, const char *tenant_id,
                      const struct identity *identity)
{
    const struct store_person *known = people_by_key(&services->people, tenant_id, identity->key);
    *person = (struct seen_person){.is_new = !known};
    if (known) {
        person->row = *known;
    } else {
        char random[17];
        services_random_hex(random, 8);
        snprintf(person->row.id, sizeof person->row.id, "%s/p-%s", tenant_id, random);
        TEXT_PUT(person->row.key, identity->key);
    }
    person->is_changed =
        !known || !text_equal(known->user_name, identity->user_name) || !text_equal(known->name, identity->name);
    TEXT_PUT(person->row.user_name, identity->user_name);
    TEXT_PUT(person->row.name, identity->name);
}

size_t seen_person_event(const struct seen_person *person, const struct request *request, struct event *events)
{
    if (!person->is_new)
        return 0;
    services_event(&events[0], EVENT_PERSON_FIRST_LOGON, NOUN_PERSON, request);
    TEXT_PUT(events[0].record.person.id, person->row.id);
    events[0].record.person.first_seen_ms = clock_wall_ms();
    return 1;
}

void logon_input_fill(struct logon_input *input, const struct services *services, const struct attempt *attempt,
                      const char *person_id, const struct identity *identity, const char *device_id)
{
    int64_t now_ms = commit_now_ms(services->commit);
    *input = (struct logon_input){
        .tenant_id = attempt->tenant_id,
        .person_id = person_id,
        .who = services_membership(services, person_id, identity),
        .device_id = device_id,
        .health = &services->health,
        .now_ms = now_ms,
        .week_minute = clock_week_minute(now_ms),
        .fence = (int64_t)commit_last_seq(services->commit) + 1,
    };
    services_random(&input->random_bits, sizeof input->random_bits);
}
