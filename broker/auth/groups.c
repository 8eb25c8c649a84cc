// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/groups.h"
#include "broker/auth/ldap_dn.h"
#include "broker/auth/logon_name.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

enum {
    GRAPH_MAX = 16384,          // groups kept of one tenant
    GRAPH_LIFE_MS = 3600000,    // then a new graph begins, so that what is gone is forgotten
    GRAPH_BYTES_MAX = 32 << 20, // then nothing is added any more, however a directory nests its groups
    WALKED_MAX = 1024,          // groups that one walk looks at; Windows puts no more than 1,015 into a token
    PLACES = 2 * WALKED_MAX,
    SID_MIN = 8,
    SID_MAX = 68,
};

struct group_node {
    UT_hash_handle hh;
    struct group_node *prev, *next; // while it is being asked for, in the order of asking
    struct groups *groups;
    struct graph *graph;
    enum { NODE_UNKNOWN, NODE_ASKED, NODE_KNOWN } state;
    int64_t asked_ms, until_ms;
    struct operation operation;
    struct group_walk *waiting;
    struct group_node **parents;
    size_t parent_count, parent_capacity;
    char *dn;      // canonical; "" when there is none for us
    unsigned hash; // one for all spellings of a DN
    size_t key_length;
    char key[]; // as the directory writes it: DN or SID
};

// Nodes point at each other, so a graph goes as a whole, when the last walk over it has ended.
struct graph {
    struct group_node *nodes;
    size_t users; // walks, and questions on their way
    size_t bytes;
    bool old, full;
};

struct groups {
    struct ldap_pool *pool;
    const struct tenant *tenant;
    const struct directory_schema *schema;
    bool nests; // groups can be members of groups
    int64_t keep_ms, deadline_ms, born_ms;
    char base[DN_SIZE]; // canonical; groups outside do not count; "": it is none, and none counts
    struct graph *graph;
    struct group_node *asked;
    struct loop_timer *deadline;
};

static const struct operation_row node_row;

// ---- The graph

static void graph_free(struct graph *graph)
{
    struct group_node *node, *next;
    HASH_ITER(hh, graph->nodes, node, next)
    {
        HASH_DEL(graph->nodes, node);
        free(node->parents);
        free(node->dn);
        free(node);
    }
    free(graph);
}

static void graph_leave(struct graph *graph)
{
    if (--graph->users == 0 && graph->old)
        graph_free(graph);
}

static struct graph *graph_now(struct groups *groups)
{
    struct graph *graph = groups->graph;
    int64_t now_ms = clock_steady_ms();
    if (HASH_COUNT(graph->nodes) < GRAPH_MAX && graph->bytes < GRAPH_BYTES_MAX / 2 &&
        now_ms - groups->born_ms < GRAPH_LIFE_MS)
        return graph;
    graph->old = true;
    if (graph->users == 0)
        graph_free(graph);
    groups->born_ms = now_ms;
    return groups->graph = mem_new(1, sizeof *groups->graph);
}

static bool is_domain(const struct groups *groups)
{
    return groups->schema->group_way == GROUPS_BY_TOKENS;
}

// The group's DN if it is one that counts, else "".
static char *name_for(const struct groups *groups, struct ldap_bytes dn)
{
    char canonical[DN_SIZE];
    if (!ldap_dn_canonical(canonical, sizeof canonical, dn))
        log_warn("directory", "%s: ignored a group whose name is too long: %.*s", groups->tenant->id,
                 dn.length < 300 ? (int)dn.length : 300, dn.at);
    return mem_dup(groups->base[0] && ldap_dn_is_below(canonical, groups->base) ? canonical : "");
}

static bool has_room(const struct groups *groups, struct graph *graph)
{
    if (graph->bytes >= GRAPH_BYTES_MAX && !graph->full) {
        log_warn("directory", "%s: its groups take more than %d MB: ignoring the rest for now", groups->tenant->id,
                 GRAPH_BYTES_MAX >> 20);
        graph->full = true;
    }
    return !graph->full;
}

// NULL: there is no room for it.
static struct group_node *node_for(struct groups *groups, struct graph *graph, struct ldap_bytes key)
{
    struct group_node *node = NULL;
    HASH_FIND(hh, graph->nodes, key.at, key.length, node);
    if (node || !has_room(groups, graph))
        return node;
    node = mem_new(1, sizeof *node + key.length);
    node->groups = groups;
    node->graph = graph;
    node->key_length = key.length;
    memcpy(node->key, key.at, key.length);
    if (!is_domain(groups))
        node->dn = name_for(groups, key);
    graph->bytes += sizeof *node + key.length + (node->dn ? strlen(node->dn) + 1 : 0);
    HASH_VALUE(node->dn ? node->dn : node->key, node->dn ? strlen(node->dn) : key.length, node->hash);
    // A group that does not count leads nowhere either.
    if (node->dn && (!node->dn[0] || !groups->nests)) {
        node->state = NODE_KNOWN;
        node->until_ms = INT64_MAX;
    }
    HASH_ADD_KEYPTR(hh, graph->nodes, node->key, node->key_length, node);
    return node;
}

static bool is_fresh(const struct group_node *node, int64_t now_ms)
{
    return node->state == NODE_KNOWN && now_ms < node->until_ms;
}

// ---- Asking for one group

static const char *const nothing[] = {"1.1", NULL};

static struct ldap_query search_below_base(const struct groups *groups, const char *filter)
{
    return (struct ldap_query){.base = tenant_group_base(groups->tenant),
                               .filter = filter,
                               .subtree = true,
                               .attributes = nothing,
                               .size_limit = WALKED_MAX,
                               .time_limit_s = (int)(groups->deadline_ms / 1000)};
}

static bool node_send(struct operation *operation, struct ldap_link *link, int *id)
{
    static const char *const upwards[] = {"memberOf", NULL};
    struct group_node *node = (struct group_node *)((char *)operation - offsetof(struct group_node, operation));
    const struct groups *groups = node->groups;
    struct ldap_bytes key = {node->key, node->key_length};
    char filter[FILTER_SIZE], dn[DN_WRITTEN_SIZE];
    TEXT_PUT(filter, "(objectClass=*)");
    struct ldap_query query = search_below_base(groups, filter);
    if (groups->schema->group_way == GROUPS_BY_TOKENS) {
        logon_name_sid_filter(filter, key);
        query.size_limit = 2;
    } else if (groups->schema->group_way == GROUPS_BY_SEARCH) {
        logon_name_member_filter(filter, groups->schema, key, NULL);
    } else {
        memcpy(dn, node->key, node->key_length);
        dn[node->key_length] = 0;
        query.base = dn;
        query.subtree = false;
        query.attributes = upwards;
        query.size_limit = 2;
    }
    return ldap_link_search(link, &query, id);
}

static void add_parent(struct group_node *node, struct ldap_bytes dn)
{
    if (dn.length == 0 || dn.length >= DN_WRITTEN_SIZE || node->parent_count == WALKED_MAX)
        return;
    struct group_node *parent = node_for(node->groups, node->graph, dn);
    if (!parent)
        return;
    mem_reserve(&node->parents, &node->parent_capacity, node->parent_count + 1, sizeof *node->parents);
    node->parents[node->parent_count++] = parent;
    node->graph->bytes += sizeof *node->parents;
}

static void set_parents(struct group_node *node, const struct ldap_entry *entry)
{
    const struct ldap_attribute *up = ldap_entry_attribute(entry, "memberOf");
    node->parent_count = 0;
    for (size_t i = 0; up && i < up->count; i++)
        add_parent(node, up->values[i]);
}

static void node_entry(struct operation *operation, const struct ldap_entry *entry)
{
    struct group_node *node = (struct group_node *)((char *)operation - offsetof(struct group_node, operation));
    if (node->groups->schema->group_way == GROUPS_BY_SEARCH) {
        add_parent(node, entry->dn);
        return;
    }
    if (!is_domain(node->groups)) {
        set_parents(node, entry);
        return;
    }
    free(node->dn);
    node->dn = name_for(node->groups, entry->dn);
}

static void ask_for_group(struct groups *groups, struct group_node *node)
{
    node->state = NODE_ASKED;
    node->asked_ms = clock_steady_ms();
    node->parent_count = 0;
    node->graph->users++;
    if (!groups->asked)
        loop_timer_start(groups->deadline, groups->deadline_ms);
    DL_APPEND(groups->asked, node);
    ldap_pool_send(groups->pool, &node->operation, &node_row);
}

// Those who wait go on, or fail with it. They may ask for the same group again, so the list is taken first.
static void settle_node(struct group_node *node, bool known)
{
    struct groups *groups = node->groups;
    struct graph *graph = node->graph;
    node->state = known ? NODE_KNOWN : NODE_UNKNOWN;
    node->until_ms = clock_steady_ms() + groups->keep_ms;
    DL_DELETE(groups->asked, node);
    struct group_walk *waiting = take(node->waiting);
    while (waiting) {
        struct group_walk *walk = waiting;
        DL_DELETE(waiting, walk);
        walk->waits_for = NULL;
        walk->ready(walk, known);
    }
    graph_leave(graph);
}

static bool is_cut_off(const struct groups *groups, const struct ldap_result *result)
{
    if (result->code != RESULT_SIZE_LIMIT)
        return false;
    log_warn("directory", "%s: a search found more than %d groups: ignoring the rest", groups->tenant->id, WALKED_MAX);
    return true;
}

// A group that is not there, or not for us to read, still counts: the person's entry says so. It leads nowhere.
static void node_done(struct operation *operation, const struct ldap_result *result)
{
    struct group_node *node = (struct group_node *)((char *)operation - offsetof(struct group_node, operation));
    bool known = result && (result->code == RESULT_SUCCESS || result->code == RESULT_NO_SUCH_OBJECT ||
                            result->code == RESULT_INSUFFICIENT_ACCESS || is_cut_off(node->groups, result));
    if (!known && result)
        log_warn("directory", "%s: reading a group: code %d %s", node->groups->tenant->id, result->code,
                 result->diagnostic);
    settle_node(node, known);
}

static const struct operation_row node_row = {ERRAND_SEARCH, node_send, node_entry, node_done};

static void deadline_came(void *arg)
{
    struct groups *groups = arg;
    int64_t now_ms = clock_steady_ms();
    while (groups->asked && now_ms - groups->asked->asked_ms >= groups->deadline_ms) {
        struct group_node *node = groups->asked;
        ldap_pool_cancel(groups->pool, &node->operation);
        settle_node(node, false);
    }
    if (groups->asked)
        loop_timer_start(groups->deadline, groups->asked->asked_ms + groups->deadline_ms - now_ms);
}

// ---- Walking

static bool is_same_group(const struct group_node *a, const struct group_node *b)
{
    return a == b || (a->dn && b->dn && a->dn[0] && text_equal(a->dn, b->dn));
}

// Where its number is, or would be. A look at all nodes instead would hold the loop for seconds where a thousand groups
// are members of each other.
static uint16_t *place_of(const struct group_walk *walk, const struct group_node *node)
{
    size_t at = node->hash % PLACES;
    while (walk->places[at] && !is_same_group(walk->nodes[walk->places[at] - 1], node))
        at = (at + 1) % PLACES;
    return &walk->places[at];
}

static void step_onto(struct group_walk *walk, struct group_node *node, unsigned depth)
{
    if (!node) {
        walk->is_cut = true;
        return;
    }
    if (node->dn && !node->dn[0]) // others must have their room
        return;
    uint16_t *place = place_of(walk, node);
    if (*place)
        return;
    if (walk->count == WALKED_MAX || depth > GROUPS_DEPTH) {
        walk->is_cut = true;
        return;
    }
    mem_reserve(&walk->nodes, &walk->capacity, walk->count + 1, sizeof *walk->nodes);
    walk->depths[walk->count] = (unsigned char)depth;
    walk->nodes[walk->count++] = node;
    *place = (uint16_t)walk->count;
}

static void begin_walk(struct groups *groups, struct group_walk *walk)
{
    if (!walk->graph) {
        walk->graph = graph_now(groups);
        walk->graph->users++;
        walk->depths = mem_new(WALKED_MAX, 1);
        walk->places = mem_new(PLACES, sizeof *walk->places);
    }
    memset(walk->places, 0, PLACES * sizeof *walk->places);
    walk->count = walk->done = 0;
    walk->is_cut = false;
}

void groups_begin(struct groups *groups, struct group_walk *walk, const struct ldap_attribute *direct)
{
    size_t longest = is_domain(groups) ? SID_MAX : DN_WRITTEN_SIZE - 1, shortest = is_domain(groups) ? SID_MIN : 1;
    begin_walk(groups, walk);
    for (size_t i = 0; direct && i < direct->count; i++)
        if (direct->values[i].length >= shortest && direct->values[i].length <= longest)
            step_onto(walk, node_for(groups, walk->graph, direct->values[i]), 1);
}

static struct group_walk *walk_of(struct operation *operation)
{
    return (struct group_walk *)((char *)operation - offsetof(struct group_walk, search));
}

static bool search_send(struct operation *operation, struct ldap_link *link, int *id)
{
    struct group_walk *walk = walk_of(operation);
    struct ldap_query query = search_below_base(walk->groups, walk->member_filter);
    return ldap_link_search(link, &query, id);
}

static void search_entry(struct operation *operation, const struct ldap_entry *entry)
{
    struct group_walk *walk = walk_of(operation);
    if (entry->dn.length > 0 && entry->dn.length < DN_WRITTEN_SIZE)
        step_onto(walk, node_for(walk->groups, walk->graph, entry->dn), 1);
}

static void search_done(struct operation *operation, const struct ldap_result *result)
{
    struct group_walk *walk = walk_of(operation);
    bool known = result && (result->code == RESULT_SUCCESS || is_cut_off(walk->groups, result));
    if (!known && result)
        log_warn("directory", "%s: searching groups: code %d %s", walk->groups->tenant->id, result->code,
                 result->diagnostic);
    free(take(walk->member_filter));
    walk->ready(walk, known);
}

static const struct operation_row search_row = {ERRAND_SEARCH, search_send, search_entry, search_done};

void groups_begin_search(struct groups *groups, struct group_walk *walk, const char *dn, const char *user_name)
{
    char filter[FILTER_SIZE];
    begin_walk(groups, walk);
    logon_name_member_filter(filter, groups->schema, (struct ldap_bytes){dn, strlen(dn)}, user_name);
    free(walk->member_filter);
    walk->member_filter = mem_dup(filter);
    walk->groups = groups;
}

// Asks for all that is unknown at once and waits for the first of it.
static bool wait_for_unknown(struct groups *groups, struct group_walk *walk, int64_t now_ms)
{
    struct group_node *first = NULL;
    for (size_t i = walk->done; i < walk->count; i++) {
        struct group_node *node = walk->nodes[i];
        if (is_fresh(node, now_ms))
            continue;
        first = first ? first : node;
        if (node->state != NODE_ASKED)
            ask_for_group(groups, node);
    }
    assert(first); // something was missing, or we were not here
    DL_APPEND(first->waiting, walk);
    walk->waits_for = first;
    return false;
}

// What is known now not to count makes room: a domain tells of a group which it is only when it is asked.
static void keep_named(const struct groups *groups, struct group_walk *walk)
{
    size_t count = 0;
    for (size_t i = 0; i < walk->count; i++) {
        const struct group_node *node = walk->nodes[i];
        bool counts = node->dn && node->dn[0];
        if (counts && count < GROUPS_MAX)
            walk->nodes[count++] = walk->nodes[i];
        else
            walk->is_cut |= counts;
    }
    walk->count = walk->done = count;
    if (walk->is_cut)
        log_warn("directory", "%s: more than %d groups for one person, or nested more than %d deep: ignoring the rest",
                 groups->tenant->id, GROUPS_MAX, GROUPS_DEPTH);
}

bool groups_walk(struct groups *groups, struct group_walk *walk)
{
    int64_t now_ms = clock_steady_ms();
    if (walk->member_filter) {
        ldap_pool_send(groups->pool, &walk->search, &search_row);
        return false;
    }
    for (; walk->done < walk->count; walk->done++) {
        struct group_node *node = walk->nodes[walk->done];
        if (!is_fresh(node, now_ms))
            return wait_for_unknown(groups, walk, now_ms);
        for (size_t i = 0; i < node->parent_count; i++)
            step_onto(walk, node->parents[i], walk->depths[walk->done] + 1u);
    }
    keep_named(groups, walk);
    return true;
}

void groups_end(struct groups *groups, struct group_walk *walk)
{
    ldap_pool_cancel(groups->pool, &walk->search);
    free(walk->member_filter);
    if (walk->waits_for)
        DL_DELETE(walk->waits_for->waiting, walk);
    if (walk->graph)
        graph_leave(walk->graph);
    free(walk->nodes);
    free(walk->depths);
    free(walk->places);
    *walk = (struct group_walk){0};
}

const char *groups_dn(const struct group_walk *walk, size_t i)
{
    assert(i < walk->count && walk->nodes[i]->dn);
    return walk->nodes[i]->dn;
}

struct groups *groups_new(struct loop *loop, struct ldap_pool *pool, const struct tenant *tenant,
                          const struct directory_schema *schema, int64_t keep_ms, int64_t deadline_ms)
{
    struct groups *groups = mem_new(1, sizeof *groups);
    groups->pool = pool;
    groups->tenant = tenant;
    groups->schema = schema;
    for (size_t i = 0; i < schema->member_attributes.count; i++)
        groups->nests |= !schema_member_is_name(schema->member_attributes.at[i]);
    groups->keep_ms = keep_ms;
    groups->deadline_ms = deadline_ms;
    groups->born_ms = clock_steady_ms();
    groups->graph = mem_new(1, sizeof *groups->graph);
    groups->deadline = loop_timer_new(loop, deadline_came, groups);
    const char *base = tenant_group_base(tenant);
    if (!ldap_dn_canonical(groups->base, sizeof groups->base, (struct ldap_bytes){base, strlen(base)}))
        log_error("directory", "%s: the base of groups is not a DN, so nobody has any: %s", tenant->id, base);
    return groups;
}

void groups_free(struct groups *groups)
{
    struct group_node *node, *next;
    DL_FOREACH_SAFE(groups->asked, node, next)
    {
        ldap_pool_cancel(groups->pool, &node->operation);
        DL_DELETE(groups->asked, node);
        graph_leave(node->graph);
    }
    graph_free(groups->graph);
    loop_timer_free(groups->deadline);
    free(groups);
}
