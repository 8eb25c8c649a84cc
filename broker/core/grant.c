// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/grant.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdio.h>

int64_t grant_end_ms(const struct grant *grant)
{
    return grant->until_ms ? grant->until_ms : grant->review_ms;
}

bool grant_is_over(const struct grant *grant, int64_t now_ms)
{
    return grant_end_ms(grant) <= now_ms;
}

bool grant_is_in_force(const struct grant *grant, int64_t now_ms)
{
    assert(!grant->since_ms || (grant->approvals[GRANT_GIVER].at_ms && grant->approvals[GRANT_RECEIVER].at_ms));
    return grant->since_ms && !grant_is_over(grant, now_ms);
}

bool grant_ends_soon(const struct grant *grant, int64_t now_ms)
{
    const int64_t day_ms = 24 * 60 * 60 * 1000;
    return grant_is_in_force(grant, now_ms) && grant_end_ms(grant) - now_ms <= GRANT_NOTICE_DAYS * day_ms;
}

// What can be granted.
static const struct {
    enum noun noun;
    size_t offset;
} things[] = {
    {NOUN_PRINTER, offsetof(struct grant, printer)},
    {NOUN_POOL, offsetof(struct grant, pool)},
    {NOUN_SITE, offsetof(struct grant, site)},
};
enum { THINGS = sizeof things / sizeof *things };

const char *grant_thing(const struct grant *grant, enum noun noun)
{
    for (size_t i = 0; i < THINGS; i++)
        if (things[i].noun == noun)
            return (const char *)grant + things[i].offset;
    return "";
}

bool grant_may_name(enum noun noun)
{
    bool may = false;
    for (size_t i = 0; i < THINGS; i++)
        may = may || things[i].noun == noun;
    return may;
}

enum noun grant_noun(const struct grant *grant)
{
    enum noun noun = NOUN_NONE;
    for (size_t i = 0; i < THINGS; i++) {
        if (!grant_thing(grant, things[i].noun)[0])
            continue;
        if (noun != NOUN_NONE)
            return NOUN_NONE;
        noun = things[i].noun;
    }
    return noun;
}

// ---- the end

bool grant_overdue(const struct state *state, const char *after, int64_t now_ms, struct event *event)
{
    const struct sorted_table *grants = state_table(state, NOUN_GRANT);
    for (size_t i = sorted_table_from(grants, after); i < grants->count; i++) {
        const struct grant *grant = grants->records[i];
        if (text_equal(grant->id, after) || !grant_is_over(grant, now_ms))
            continue;
        *event = (struct event){.type = EVENT_GRANT_ENDED, .noun = NOUN_GRANT, .by = "broker"};
        event->record.grant = *grant;
        snprintf(event->why, sizeof event->why, "%s",
                 !grant->since_ms  ? "its time was over before both sides had approved it"
                 : grant->until_ms ? "its time was over"
                                   : "both sides had not confirmed it until the date of its review");
        return true;
    }
    return false;
}
