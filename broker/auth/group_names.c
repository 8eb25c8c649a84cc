// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/group_names.h"
#include "broker/auth/ldap_dn.h"
#include "broker/auth/logon_name.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

enum {
    NAMES_MAX = 4096, // remembered of one tenant; the one asked for longest ago makes room
    LATE_MS = 30000,  // a decision waits for its person's directory, which takes less
};

struct group_question {
    struct group_question *next;
    group_done *done;
    void *arg;
};

struct group_name {
    UT_hash_handle hh;
    struct group_name *prev, *next; // while it is being asked for, in the order of asking
    struct group_names *names;
    struct operation operation;
    struct group_question *waiting; // some: it is being asked for
    int64_t asked_ms, until_ms;
    size_t found; // entries of the search
    enum group_standing standing;
    bool is_dn;       // what is none is a name, whatever signs are in it
    char dn[DN_SIZE]; // canonical; of a name: of the group found, or ""
    char key[];       // as the setting has it
};

struct group_names {
    struct ldap_pool *pool;
    const struct tenant *tenant;
    const struct directory_schema *schema;
    int64_t keep_ms, deadline_ms;
    char base[DN_SIZE]; // canonical; "": it is none
    bool lacks_base;
    struct group_name *rows, *asked;
    struct loop_timer *deadline;
};

static struct group_name *of_operation(struct operation *operation)
{
    return (struct group_name *)((char *)operation - offsetof(struct group_name, operation));
}

static bool is_outside(const struct group_names *names, const char *dn)
{
    return !names->base[0] || !ldap_dn_is_below(dn, names->base);
}

// ---- The answer

// Those who asked may ask again from within, so what they wait in is taken first.
static void settle_name(struct group_name *name, enum group_standing standing)
{
    struct group_names *names = name->names;
    struct group_question *waiting = take(name->waiting);
    name->standing = standing;
    name->until_ms = clock_steady_ms() + (standing == GROUP_UNKNOWN ? 0 : names->keep_ms + LATE_MS);
    DL_DELETE(names->asked, name);
    char dn[DN_SIZE];
    TEXT_PUT(dn, standing == GROUP_FOUND ? name->dn : "");
    while (waiting) {
        struct group_question *question = waiting;
        waiting = question->next;
        question->done(question->arg, standing, dn);
        free(question);
    }
}

static void name_entry(struct operation *operation, const struct ldap_entry *entry)
{
    struct group_name *name = of_operation(operation);
    name->found++;
    if (!name->is_dn && !ldap_dn_canonical(name->dn, sizeof name->dn, entry->dn))
        log_warn("directory", "%s: the group %s has a name that is too long", name->names->tenant->id, name->key);
}

static enum group_standing standing_of(const struct group_name *name, const struct ldap_result *result)
{
    if (result->code == RESULT_SIZE_LIMIT || (result->code == RESULT_SUCCESS && name->found > 1))
        return GROUP_TWICE;
    if (result->code != RESULT_SUCCESS && result->code != RESULT_NO_SUCH_OBJECT)
        return GROUP_UNKNOWN;
    if (!name->found || !name->dn[0])
        return GROUP_ABSENT;
    return is_outside(name->names, name->dn) ? GROUP_OUTSIDE : GROUP_FOUND;
}

static void name_done(struct operation *operation, const struct ldap_result *result)
{
    struct group_name *name = of_operation(operation);
    enum group_standing standing = result ? standing_of(name, result) : GROUP_UNKNOWN;
    if (result && !name->is_dn)
        name->names->lacks_base = result->code == RESULT_NO_SUCH_OBJECT;
    if (result && standing == GROUP_UNKNOWN)
        log_warn("directory", "%s: searching a group: code %d %s", name->names->tenant->id, result->code,
                 result->diagnostic);
    settle_name(name, standing);
}

static bool name_send(struct operation *operation, struct ldap_link *link, int *id)
{
    static const char *const nothing[] = {"1.1", NULL};
    struct group_name *name = of_operation(operation);
    struct group_names *names = name->names;
    char filter[FILTER_SIZE];
    TEXT_PUT(filter, "(objectClass=*)");
    struct ldap_query query = {.filter = filter, .attributes = nothing, .size_limit = 2};
    query.time_limit_s = (int)(names->deadline_ms / 1000) + 1;
    query.base = name->is_dn ? name->key : tenant_group_base(names->tenant);
    query.subtree = !name->is_dn;
    if (!name->is_dn)
        logon_name_group_filter(filter, names->schema, name->key);
    name->found = 0;
    return ldap_link_search(link, &query, id);
}

static const struct operation_row name_row = {ERRAND_SEARCH, name_send, name_entry, name_done};

static void deadline_came(void *arg)
{
    struct group_names *names = arg;
    int64_t now_ms = clock_steady_ms();
    while (names->asked && now_ms - names->asked->asked_ms >= names->deadline_ms) {
        struct group_name *name = names->asked;
        ldap_pool_cancel(names->pool, &name->operation);
        settle_name(name, GROUP_UNKNOWN);
    }
    if (names->asked)
        loop_timer_start(names->deadline, names->asked->asked_ms + names->deadline_ms - now_ms);
}

// ---- The question

static void remove_name(struct group_names *names, struct group_name *name)
{
    assert(!name->waiting);
    HASH_DEL(names->rows, name);
    free(name);
}

// The one asked for longest ago comes first; while that is open, later ones may be, too.
static void make_room(struct group_names *names)
{
    while (HASH_COUNT(names->rows) >= NAMES_MAX && !names->rows->waiting)
        remove_name(names, names->rows);
}

static void put_last(struct group_names *names, struct group_name *name)
{
    HASH_ADD_KEYPTR(hh, names->rows, name->key, strlen(name->key), name);
}

static struct group_name *name_for(struct group_names *names, const char *group)
{
    struct group_name *name = NULL;
    HASH_FIND_STR(names->rows, group, name);
    if (name)
        return name;
    make_room(names);
    size_t size = strlen(group) + 1;
    name = mem_new(1, sizeof *name + size);
    name->names = names;
    text_put(name->key, size, group);
    name->is_dn = ldap_dn_canonical(name->dn, sizeof name->dn, (struct ldap_bytes){group, size - 1});
    put_last(names, name);
    return name;
}

void group_names_find(struct group_names *names, const char *group, group_done *done, void *arg)
{
    struct group_name *name = name_for(names, group);
    struct group_question *question = mem_new(1, sizeof *question);
    bool is_asked = name->waiting;
    *question = (struct group_question){.done = done, .arg = arg};
    LL_APPEND(name->waiting, question);
    if (is_asked)
        return;
    HASH_DEL(names->rows, name);
    put_last(names, name);
    name->asked_ms = clock_steady_ms();
    if (!names->asked)
        loop_timer_start(names->deadline, names->deadline_ms);
    DL_APPEND(names->asked, name);
    ldap_pool_send(names->pool, &name->operation, &name_row);
}

bool group_names_lack_base(const struct group_names *names)
{
    return names->lacks_base;
}

enum group_standing group_names_get(struct group_names *names, const char *group, char dn[DN_SIZE], bool *is_old)
{
    const struct group_name *name = name_for(names, group);
    int64_t left_ms = name->until_ms - clock_steady_ms();
    enum group_standing standing = name->is_dn   ? is_outside(names, name->dn) ? GROUP_OUTSIDE : GROUP_FOUND
                                   : left_ms > 0 ? name->standing
                                                 : GROUP_UNKNOWN;
    text_put(dn, DN_SIZE, standing == GROUP_FOUND ? name->dn : "");
    if (is_old)
        *is_old = !name->is_dn && left_ms <= LATE_MS;
    return standing;
}

struct group_names *group_names_new(struct loop *loop, struct ldap_pool *pool, const struct tenant *tenant,
                                    const struct directory_schema *schema, int64_t keep_ms, int64_t deadline_ms)
{
    struct group_names *names = mem_new(1, sizeof *names);
    const char *base = tenant_group_base(tenant);
    names->pool = pool;
    names->tenant = tenant;
    names->schema = schema;
    names->keep_ms = keep_ms;
    names->deadline_ms = deadline_ms;
    names->deadline = loop_timer_new(loop, deadline_came, names);
    if (!ldap_dn_canonical(names->base, sizeof names->base, (struct ldap_bytes){base, strlen(base)}))
        log_error("directory", "%s: the base of groups is not a DN, so there are none: %s", tenant->id, base);
    return names;
}

void group_names_free(struct group_names *names)
{
    while (names->asked) {
        struct group_name *name = names->asked;
        ldap_pool_cancel(names->pool, &name->operation);
        settle_name(name, GROUP_UNKNOWN);
    }
    while (names->rows)
        remove_name(names, names->rows);
    loop_timer_free(names->deadline);
    free(names);
}
