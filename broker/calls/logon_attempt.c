// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/logon_attempt.h"
#include "broker/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVEN_STEP_MS = 1000, NAME_FREE_TRIES = 3, DEVICE_FREE_TRIES = 8 };

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

void attempt_start(struct attempt *attempt, const char *tenant_id, const char *name, const char *from)
{
    char lower[USER_NAME_SIZE];
    bare_name(lower, name);
    TEXT_PUT(attempt->tenant_id, tenant_id);
    snprintf(attempt->name_key, sizeof attempt->name_key, "name %s/%s", tenant_id, lower);
    snprintf(attempt->device_key, sizeof attempt->device_key, "from %s", from);
    attempt->started_ms = clock_steady_ms();
}

int64_t attempt_wait_ms(const struct attempt *attempt, const struct services *services)
{
    int64_t name_ms = throttle_wait_ms(services->throttle, attempt->name_key, attempt->started_ms);
    int64_t device_ms = throttle_wait_ms(services->throttle, attempt->device_key, attempt->started_ms);
    return name_ms > device_ms ? name_ms : device_ms;
}

enum refusal attempt_finish(const struct attempt *attempt, struct services *services, enum auth_verdict verdict)
{
    int64_t now_ms = clock_steady_ms();
    switch (verdict) {
    case AUTH_RIGHT:
        throttle_succeeded(services->throttle, attempt->name_key);
        return REFUSAL_NONE;
    case AUTH_WRONG:
        throttle_failed(services->throttle, attempt->name_key, NAME_FREE_TRIES, now_ms);
        throttle_failed(services->throttle, attempt->device_key, DEVICE_FREE_TRIES, now_ms);
        return REFUSAL_WRONG_PASSWORD;
    case AUTH_EXPIRED:
        return REFUSAL_PASSWORD_EXPIRED;
    case AUTH_MUST_CHANGE:
        return REFUSAL_PASSWORD_MUST_CHANGE;
    case AUTH_DISABLED:
        return REFUSAL_ACCOUNT_DISABLED;
    case AUTH_OUTSIDE_HOURS:
        return REFUSAL_OUTSIDE_HOURS;
    case AUTH_REJECTED:
        return REFUSAL_PASSWORD_REJECTED;
    case AUTH_UNAVAILABLE:
        return REFUSAL_DIRECTORY_DOWN;
    }
    return REFUSAL_DIRECTORY_DOWN;
}

struct even {
    struct request *request;
    struct loop_timer *timer;
};

static void even_due(void *arg)
{
    struct even *even = arg;
    request_refuse(even->request, REFUSAL_WRONG_PASSWORD, NULL);
    loop_timer_free(even->timer);
    free(even);
}

void attempt_refuse_evenly(const struct attempt *attempt, struct services *services, struct request *request)
{
    struct even *even = mem_new(1, sizeof *even);
    even->request = request;
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
        .who = {identity->user_name, (const char(*)[DN_SIZE])identity->groups, identity->group_count},
        .device_id = device_id,
        .health = &services->health,
        .now_ms = now_ms,
        .week_minute = clock_week_minute(now_ms),
        .fence = (int64_t)commit_last_seq(services->commit) + 1,
    };
    services_random(&input->random_bits, sizeof input->random_bits);
}
