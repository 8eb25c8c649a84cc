// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/approval.h"
#include "broker/core/grant.h"
#include "broker/core/wall.h"

#include <assert.h>

static const int64_t day_ms = 24 * 60 * 60 * 1000;

// ---- what is asked for

static bool time_fits(const struct grant *wanted, int64_t now_ms, struct fault *why)
{
    const char *name = wanted->until_ms ? "until" : "review";
    int64_t end_ms = grant_end_ms(wanted);
    if (!wanted->until_ms == !wanted->review_ms)
        return fault_set(why, FAULT_INVALID,
                         "a grant needs either until or review: when it ends, or when it is looked "
                         "at again");
    if (end_ms <= now_ms)
        return fault_set(why, FAULT_INVALID, "%s: this time is in the past", name);
    return end_ms - now_ms <= APPROVAL_DAYS_MAX * day_ms ||
           fault_set(why, FAULT_INVALID, "%s: at most %d days ahead", name, APPROVAL_DAYS_MAX);
}

bool approval_check(const struct grant *wanted, int64_t now_ms, struct fault *why)
{
    enum noun noun = grant_noun(wanted);
    char giver[SLUG_SIZE];
    if (wanted->id[0])
        return fault_set(why, FAULT_INVALID, "id: the broker makes it");
    if (!id_is_valid(NOUN_TENANT, wanted->to))
        return fault_set(why, FAULT_INVALID, "to: not a valid id of a tenant");
    if (noun == NOUN_NONE)
        return fault_set(why, FAULT_INVALID, "a grant is about one printer, one pool or one site");
    if (!id_is_valid(noun, grant_thing(wanted, noun)))
        return fault_set(why, FAULT_INVALID, "%s: not a valid id of a %s", noun_rows[noun].name, noun_rows[noun].name);
    wall_owner(giver, grant_thing(wanted, noun));
    if (text_equal(giver, wanted->to))
        return fault_set(why, FAULT_INVALID, "to: a tenant needs no grant for what is its own");
    if (!wanted->reason[0])
        return fault_set(why, FAULT_INVALID, "reason: say why");
    return time_fits(wanted, now_ms, why);
}

// One side has approved it, the other has not.
static bool waits_after(const struct grant *grant, enum grant_side side)
{
    return grant->approvals[side].at_ms && !grant->since_ms;
}

bool approval_fits(const struct state *state, const struct grant *wanted, enum grant_side side, struct fault *why)
{
    size_t waiting = 0;
    enum noun noun = grant_noun(wanted);
    const char *thing = grant_thing(wanted, noun);
    const struct sorted_table *grants = state_table(state, NOUN_GRANT);
    char giver[SLUG_SIZE], theirs[SLUG_SIZE];
    assert(noun != NOUN_NONE);
    wall_owner(giver, thing);
    for (size_t i = 0; i < grants->count; i++) {
        const struct grant *grant = grants->records[i];
        wall_owner(theirs, grant->id);
        if (text_equal(grant->to, wanted->to) && text_equal(grant_thing(grant, noun), thing))
            return fault_set(why, FAULT_CONFLICT, "%s is there already: approve or revoke it", grant->id);
        bool of_side = side == GRANT_GIVER ? text_equal(theirs, giver) : text_equal(grant->to, wanted->to);
        waiting += of_side && side != GRANT_NO_SIDE && waits_after(grant, side);
    }
    return waiting < APPROVAL_WAITING_MAX ||
           fault_set(why, FAULT_CONFLICT, "%zu grants wait for the other side already", waiting);
}

// ---- approval

static bool may_approve(const struct state *state, const struct grant *grant, enum grant_side side, const char *by,
                        int64_t now_ms, struct fault *why)
{
    enum noun noun = grant_noun(grant);
    const struct grant_approval *own = &grant->approvals[side], *other = &grant->approvals[!side];
    if (grant_is_over(grant, now_ms))
        return fault_set(why, FAULT_CONFLICT, "the time of this grant is over: ask for another one");
    if (text_equal(other->by, by))
        return fault_set(why, FAULT_CONFLICT,
                         "you have approved it for the other side: somebody else has to approve "
                         "it for this one");
    if (own->at_ms && !(grant->review_ms && grant->since_ms))
        return side == GRANT_GIVER
                   ? fault_set(why, FAULT_CONFLICT, "it is approved already for the tenant whose it is")
                   : fault_set(why, FAULT_CONFLICT, "it is approved already for the tenant that may use it");
    if (side == GRANT_GIVER && !state_find(state, noun, grant_thing(grant, noun)))
        return fault_set(why, FAULT_INVALID, "there is no %s \"%s\"", noun_rows[noun].name, grant_thing(grant, noun));
    return true;
}

// The next review is as far ahead as this one was when the grant came into force or was confirmed last.
static void confirm(struct grant *grant, int64_t now_ms)
{
    bool again = grant->approvals[GRANT_GIVER].at_ms > grant->since_ms &&
                 grant->approvals[GRANT_RECEIVER].at_ms > grant->since_ms;
    if (!again)
        return;
    grant->review_ms += grant->since_ms ? now_ms - grant->since_ms : 0;
    grant->since_ms = now_ms;
}

bool approval_give(const struct state *state, struct grant *grant, enum grant_side side, const char *by, int64_t now_ms,
                   struct fault *why)
{
    assert(side < GRANT_SIDE_COUNT && by[0] && now_ms > 0);
    if (!may_approve(state, grant, side, by, now_ms, why))
        return false;
    TEXT_PUT(grant->approvals[side].by, by);
    grant->approvals[side].at_ms = now_ms;
    if (grant->review_ms)
        confirm(grant, now_ms);
    else if (grant->approvals[!side].at_ms)
        grant->since_ms = now_ms;
    return true;
}
