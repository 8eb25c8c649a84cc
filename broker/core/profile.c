// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/profile.h"
#include "broker/base/text.h"
#include "broker/core/wall.h"

#include <string.h>

// RFC 4514, section 2.4: a comma within a name is written "\," or "\2c".
static char take_character(const char **dn)
{
    unsigned char byte;
    char digits[3] = "";
    if (**dn != '\\' || !(*dn)[1])
        return *(*dn)++;
    memcpy(digits, *dn + 1, 2);
    bool is_hex = text_unhex(&byte, 1, digits);
    *dn += is_hex ? 3 : 2;
    return is_hex ? (char)byte : (*dn)[-1];
}

// "cn=bauamt,ou=groups,..." is the group "bauamt" as well.
static bool has_common_name(const char *dn, const char *name)
{
    if (!text_starts(dn, "cn="))
        return false;
    dn += 3;
    for (char before = 0; *name && *dn && *dn != ','; before = *name++)
        if (text_small(before, take_character(&dn)) != text_small(before, *name))
            return false;
    return !*name && *dn == ',';
}

// People write spaces behind the commas, directories do not.
static bool dn_equal(const char *a, const char *b)
{
    for (char before = 0; *a && text_small(before, *a) == text_small(before, *b); before = *a, a++, b++) {
        if (*a != ',' || before == '\\')
            continue;
        a += strspn(a + 1, " ");
        b += strspn(b + 1, " ");
    }
    return !*a && !*b;
}

bool membership_has(const struct membership *who, const char *group)
{
    bool is_dn = strchr(group, '=') != NULL;
    for (size_t i = 0; i < who->group_count; i++)
        if (is_dn ? dn_equal(who->groups[i], group) : has_common_name(who->groups[i], group))
            return true;
    return false;
}

static bool names(const struct assignment *assignment, const struct membership *who)
{
    return text_same_name(assignment->person, strlen(assignment->person), who->user_name);
}

// User names change hands, and a person's at their marriage.
static bool applies(const struct assignment *assignment, const struct membership *who)
{
    if (assignment->holder[0])
        return who->person_id && text_equal(assignment->holder, who->person_id);
    return assignment->person[0] ? names(assignment, who) : membership_has(who, assignment->group);
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
        if (!applies(one, who)) {
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
