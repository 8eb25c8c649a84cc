// SPDX-License-Identifier: EUPL-1.2
// Which groups a person is in, nested ones included. What a group is itself a member of is kept for a while, so that
// most logons ask nothing. Where entries name their groups (memberOf) these are walked breadth first; where groups name
// their members they are searched, and so are those that name such a group by its DN. Active Directory: tokenGroups
// already holds the nested ones; only their names are looked up.
#pragma once
#include "broker/api/directory_schema.h"
#include "broker/auth/ldap_pool.h"

struct groups;
struct group_node;
struct graph;

enum {
    GROUPS_MAX = 256,
    GROUPS_DEPTH = 16
}; // below the base, per person; the rest is left out, with a line in the log

// One person's walk. Starts as {0}.
struct group_walk {
    // Called once when groups_walk said false: walk on, or (not known) give up, since the directory did not tell.
    void (*ready)(struct group_walk *walk, bool known);
    struct group_walk *prev, *next; // others that wait for the same group
    struct graph *graph;
    struct group_node *waits_for;
    struct group_node **nodes;
    unsigned char *depths;
    uint16_t *places; // of nodes, by their hash: number in `nodes` from 1 on; 0: free
    size_t count, capacity, done;
    bool is_cut; // there were more than are looked at
    // While a person's own groups are searched, which is done every time: who left a group must not stay in it.
    struct operation search;
    struct groups *groups;
    char *member_filter;
};

// `tenant` and `schema` outlive it.
struct groups *groups_new(struct loop *loop, struct ldap_pool *pool, const struct tenant *tenant,
                          const struct directory_schema *schema, int64_t keep_ms, int64_t deadline_ms);
void groups_free(struct groups *groups); // after every walk has ended

// The values of person_entry_group_attribute. May come again, with another answer: then it starts anew.
void groups_begin(struct groups *groups, struct group_walk *walk, const struct ldap_attribute *direct);
// The same where person_entry_group_attribute is NULL.
void groups_begin_search(struct groups *groups, struct group_walk *walk, const char *dn, const char *user_name);
// True when all is known; false when `ready` will be called, from within an answer.
bool groups_walk(struct groups *groups, struct group_walk *walk);
void groups_end(struct groups *groups, struct group_walk *walk);
// After groups_walk said true: the canonical DNs (ldap_dn_canonical) of those below the base of groups.
const char *groups_dn(const struct group_walk *walk, size_t i);
