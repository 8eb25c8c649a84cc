// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/profile.h"
#include "broker/base/text.h"
#include "broker/core/wall.h"

#include <assert.h>
#include <string.h>

bool membership_has(const struct membership *who, const char *tenant_id, const char *group)
{
    char dn[DN_SIZE];
    assert(who->group_count == 0 || who->source);
    if (who->group_count == 0 || !who->source->dn(who->source->arg, tenant_id, group, dn))
        return false;
    for (size_t i = 0; i < who->group_count; i++)
        if (text_equal(who->groups[i], dn))
            return true;
    return false;
}

static bool names(const struct assignment *assignment, const struct membership *who)
{
    return text_same_name(assignment->person, strlen(assignment->person), who->user_name);
}

// User names change hands, and a person's at their marriage.
static bool applies(const struct assignment *assignment, const struct membership *who, const char *tenant_id)
{
    if (assignment->holder[0])
        return who->person_id && text_equal(assignment->holder, who->person_id);
    return assignment->person[0] ? names(assignment, who) : membership_has(who, tenant_id, assignment->group);
}

bool assignment_awaits(const struct assignment *assignment, const struct membership *who)
{
    return assignment->person[0] && !assignment->holder[0] && names(assignment, who);
}

static bool goes_before(const struct assignment *a, const struct assignment *b)
{
    if (!b || a->priority != b->priority)
        return !b || a->priority > b->priority;
    return a->person[0] && !b->person[0];
}

const struct profile *profile_choose(const struct state *state, const char *tenant_id, const struct membership *who,
                                     struct trace *trace)
{
    const struct assignment *best = NULL;
    size_t looked_at = 0;
    struct wall_walk walk = wall_walk(state, tenant_id, NOUN_ASSIGNMENT);
    for (const struct assignment *one; (one = wall_next(&walk));) {
        looked_at++;
        if (!applies(one, who, tenant_id)) {
            if (one->holder[0] && names(one, who))
                trace_add(trace,
                          "assignment %s is for somebody else, who had the user name %s before: remove and add it to "
                          "give it to this person",
                          one->id, one->person);
            continue;
        }
        if (one->person[0])
            trace_add(trace, "assignment %s applies (person %s, priority %lld): profile %s", one->id, one->person,
                      (long long)one->priority, one->profile);
        else
            trace_add(trace, "assignment %s applies (group %s, priority %lld): profile %s", one->id, one->group,
                      (long long)one->priority, one->profile);
        if (goes_before(one, best))
            best = one;
    }
    if (!best) {
        trace_add(trace, "none of %zu assignments applies: no profile", looked_at);
        return NULL;
    }
    trace_add(trace, "profile %s by assignment %s, the best match of %zu considered", best->profile, best->id,
              looked_at);
    return wall_find(state, tenant_id, NOUN_PROFILE, best->profile);
}
