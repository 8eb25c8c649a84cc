// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/factor.h"

#include <assert.h>
#include <stdio.h>

const struct factor *factor_next(const struct state *state, const char *person_id, const struct factor *after)
{
    return state_behind(state, FACTORS_OF_PERSON, person_id, after ? after->id : "");
}

bool factor_is_over(const struct factor *factor, int64_t now_ms)
{
    return factor->until_ms && now_ms >= factor->until_ms;
}

size_t factor_codes_left(const struct factor *factor)
{
    size_t left = factor->codes[0] != 0;
    for (const char *at = factor->codes; *at; at++)
        left += *at == ' ';
    return left;
}

// Codes on paper are for who has lost the other one.
static size_t count_lasting(const struct state *state, const char *person_id)
{
    size_t count = 0;
    for (const struct factor *factor = NULL; (factor = factor_next(state, person_id, factor));)
        count += factor->kind == FACTOR_PASSKEY || factor->kind == FACTOR_TOTP;
    return count;
}

bool factor_is_missing(const struct state *state, const char *person_id)
{
    return count_lasting(state, person_id) == 0;
}

bool factor_has_room(const struct state *state, const char *person_id)
{
    return count_lasting(state, person_id) < FACTORS_OF_PERSON_MAX;
}

void factor_used(struct event *event, const struct factor *factor, int64_t now_ms)
{
    bool has_codes = factor->kind == FACTOR_RECOVERY || factor->kind == FACTOR_HELP_DESK;
    assert(factor->id[0] && factor->person[0]);
    *event = (struct event){.type = EVENT_FACTOR_USED, .noun = NOUN_FACTOR};
    snprintf(event->by, sizeof event->by, "person %s", factor->person);
    if (has_codes && !factor_codes_left(factor)) {
        event->type = EVENT_FACTOR_ENDED;
        TEXT_PUT(event->record.id, factor->id);
        return;
    }
    event->record.factor = *factor;
    event->record.factor.used_ms = now_ms;
}

bool factor_overdue(const struct state *state, int64_t now_ms, struct event *event)
{
    const struct sorted_table *factors = state_table(state, NOUN_FACTOR);
    for (size_t i = 0; i < factors->count; i++) {
        const struct factor *factor = factors->records[i];
        if (!factor_is_over(factor, now_ms))
            continue;
        *event =
            (struct event){.type = EVENT_FACTOR_ENDED, .noun = NOUN_FACTOR, .by = "broker", .why = "its time was over"};
        TEXT_PUT(event->record.id, factor->id);
        return true;
    }
    return false;
}
