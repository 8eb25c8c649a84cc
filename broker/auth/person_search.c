// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/person_search.h"
#include "broker/auth/logon_name.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/text.h"

#include <stddef.h>
#include <string.h>

static const struct operation_row owner_row;

static struct directory_request *of_errand(struct operation *operation)
{
    return (struct directory_request *)((char *)operation - offsetof(struct directory_request, operation));
}

// ---- Groups and person

// slapd keeps the time of a lock in the entry when it is over, and how long it lasts in a policy. Without one of the
// person's own it is one of those that there are: the longest.
static bool policy_send(struct operation *operation, struct ldap_link *link, int *id)
{
    static const char *const wanted[] = {"pwdLockout", "pwdLockoutDuration", NULL};
    struct directory_request *request = of_errand(operation);
    const char *base = request->directory->tenant.user_base;
    char top[DN_SIZE];
    struct ldap_query query = {.filter = "(objectClass=pwdPolicy)", .attributes = wanted, .size_limit = 64};
    query.time_limit_s = (int)(request->directory->config.deadline_ms / 1000) + 1;
    if (!ldap_dn_canonical(top, sizeof top, (struct ldap_bytes){base, strlen(base)}))
        TEXT_PUT(top, base);
    query.base = request->person.policy[0] ? request->person.policy : ldap_dn_top(top);
    query.subtree = !request->person.policy[0];
    request->found = 0;
    request->lock_s = 0;
    return ldap_link_search(link, &query, id);
}

static void policy_entry(struct operation *operation, const struct ldap_entry *entry)
{
    struct directory_request *request = of_errand(operation);
    int64_t lock_s = person_entry_lock_s(entry);
    if (lock_s < 0)
        return;
    if (request->found++ == 0 || lock_s == 0 || (request->lock_s > 0 && lock_s > request->lock_s))
        request->lock_s = lock_s;
}

static void policy_done(struct operation *operation, const struct ldap_result *result)
{
    struct directory_request *request = of_errand(operation);
    bool known = result && result->code == RESULT_SUCCESS && request->lock_s > 0;
    if (known && request->person.locked_ms + request->lock_s * 1000 <= clock_wall_ms())
        request->person.locked = false;
    directory_finish(request, AUTH_RIGHT);
}

static const struct operation_row policy_row = {ERRAND_SEARCH, policy_send, policy_entry, policy_done};

static void have_groups(struct directory_request *request)
{
    if (request->explained && request->person.locked_ms)
        ldap_pool_send(request->directory->pool, &request->operation, &policy_row);
    else
        directory_finish(request, AUTH_RIGHT);
}

void person_search_walk_ready(struct group_walk *walk, bool known)
{
    struct directory_request *request =
        (struct directory_request *)((char *)walk - offsetof(struct directory_request, walk));
    if (!known)
        directory_finish(request, AUTH_UNAVAILABLE);
    else if (groups_walk(request->directory->groups, walk))
        have_groups(request);
}

static void find_groups(struct directory_request *request)
{
    if (groups_walk(request->directory->groups, &request->walk))
        have_groups(request);
}

static void have_person(struct directory_request *request)
{
    struct directory *directory = request->directory;
    struct cached_dn person = {.dn = request->dn, .key = request->person.key};
    dn_cache_put(directory->known, request->user_name, &person, clock_steady_ms());
    bool typed = text_same_name(request->user_name, strlen(request->user_name), request->person.user_name);
    if (request->person.disabled)
        directory_finish(request, AUTH_DISABLED);
    else if (typed || text_equal(directory->schema.logon_attributes.at[0], "sAMAccountName")) // unique by itself
        find_groups(request);
    else
        ldap_pool_send(directory->pool, &request->operation, &owner_row);
}

// What was put by no longer holds: somebody was moved, renamed or replaced. Begin again without it.
static void start_over(struct directory_request *request)
{
    dn_cache_drop(request->directory->known, request->user_name);
    request->known_key[0] = request->dn[0] = 0;
    request->refused = false;
    person_search_find(request);
}

static void finish_unknown(struct directory_request *request, enum person_finding finding)
{
    request->finding = finding;
    directory_finish(request, AUTH_WRONG);
}

static struct ldap_query query_for(const struct directory_request *request, const char *filter)
{
    return (struct ldap_query){
        .filter = filter, .size_limit = 2, .time_limit_s = (int)(request->directory->config.deadline_ms / 1000) + 1};
}

// Only which entries the filter finds.
static bool search_entries(const struct directory_request *request, const char *filter, struct ldap_link *link, int *id)
{
    static const char *const nothing[] = {"1.1", NULL};
    const struct tenant *tenant = &request->directory->tenant;
    struct ldap_query query = query_for(request, filter);
    query.base = tenant->user_base;
    query.subtree = true;
    query.attributes = nothing;
    return ldap_link_search(link, &query, id);
}

static bool search_name(const struct directory_request *request, const char *name, struct ldap_link *link, int *id)
{
    char filter[FILTER_SIZE];
    logon_name_filter(filter, &request->directory->tenant, &request->directory->schema, name);
    return search_entries(request, filter, link, id);
}

static bool read_send(struct operation *operation, struct ldap_link *link, int *id)
{
    struct directory_request *request = of_errand(operation);
    const struct tenant *tenant = &request->directory->tenant;
    char filter[FILTER_SIZE];
    // Again by the name, so that a changed one is noticed.
    logon_name_filter(filter, tenant, &request->directory->schema, request->user_name);
    struct ldap_query query = query_for(request, filter);
    query.base = request->dn;
    query.attributes = request->directory->person_attributes;
    request->was_read = false;
    return ldap_link_search(link, &query, id);
}

static void read_entry(struct operation *operation, const struct ldap_entry *entry)
{
    struct directory_request *request = of_errand(operation);
    struct directory *directory = request->directory;
    request->was_read = person_entry_identity(&request->person, &directory->tenant, &directory->schema,
                                              request->user_name, entry, clock_wall_ms());
    const char *name = person_entry_group_attribute(&directory->schema);
    if (request->was_read && name)
        groups_begin(directory->groups, &request->walk, ldap_entry_attribute(entry, name));
    else if (request->was_read)
        groups_begin_search(directory->groups, &request->walk, request->dn, request->person.user_name);
}

static void read_done(struct operation *operation, const struct ldap_result *result)
{
    struct directory_request *request = of_errand(operation);
    bool from_memory = request->known_key[0];
    if (!result || (result->code != RESULT_SUCCESS && result->code != RESULT_NO_SUCH_OBJECT)) {
        directory_finish_unavailable(request, "reading a person", result);
        return;
    }
    bool same = request->was_read && (!from_memory || text_equal(request->known_key, request->person.key));
    if (same)
        have_person(request);
    else if (from_memory)
        start_over(request);
    else
        finish_unknown(request, request->person.lacks_id ? PERSON_NO_ID : PERSON_ABSENT);
}

static const struct operation_row read_row = {ERRAND_SEARCH, read_send, read_entry, read_done};

void person_search_read(struct directory_request *request)
{
    ldap_pool_send(request->directory->pool, &request->operation, &read_row);
}

// ---- Whose the user name is: a session host would open the desktop of whom it finds under it

static bool owner_send(struct operation *operation, struct ldap_link *link, int *id)
{
    struct directory_request *request = of_errand(operation);
    request->found = 0;
    request->was_read = false;
    return search_name(request, request->person.user_name, link, id);
}

static void owner_entry(struct operation *operation, const struct ldap_entry *entry)
{
    struct directory_request *request = of_errand(operation);
    request->found++;
    request->was_read = ldap_dn_equal((struct ldap_bytes){request->dn, strlen(request->dn)}, entry->dn);
}

static void owner_done(struct operation *operation, const struct ldap_result *result)
{
    struct directory_request *request = of_errand(operation);
    if (!result || (result->code != RESULT_SUCCESS && result->code != RESULT_SIZE_LIMIT)) {
        directory_finish_unavailable(request, "searching a user name", result);
    } else if (result->code == RESULT_SUCCESS && request->found == 1 && request->was_read) {
        find_groups(request);
    } else {
        log_warn("directory", "%s: the user name of %s belongs to another entry, too", request->directory->tenant.id,
                 request->person.key);
        finish_unknown(request, PERSON_NAME_TAKEN);
    }
}

static const struct operation_row owner_row = {ERRAND_SEARCH, owner_send, owner_entry, owner_done};

// ---- Finding the name

static bool find_send(struct operation *operation, struct ldap_link *link, int *id)
{
    struct directory_request *request = of_errand(operation);
    request->found = 0;
    return search_name(request, request->user_name, link, id);
}

static void find_entry(struct operation *operation, const struct ldap_entry *entry)
{
    struct directory_request *request = of_errand(operation);
    // Too long for us counts as well, so that it is not overlooked that the name is not unique.
    bool fits =
        entry->dn.length > 0 && entry->dn.length < DN_WRITTEN_SIZE && text_is_clean(entry->dn.at, entry->dn.length);
    bool same = request->refused && ldap_dn_equal((struct ldap_bytes){request->dn, strlen(request->dn)}, entry->dn);
    request->found++;
    request->refused = same;
    size_t length = fits ? entry->dn.length : 0;
    memcpy(request->dn, entry->dn.at, length);
    request->dn[length] = 0;
}

static bool any_send(struct operation *operation, struct ldap_link *link, int *id)
{
    struct directory_request *request = of_errand(operation);
    char filter[FILTER_SIZE];
    logon_name_classless_filter(filter, &request->directory->tenant, &request->directory->schema, request->user_name);
    request->found = 0;
    return search_entries(request, filter, link, id);
}

static void any_done(struct operation *operation, const struct ldap_result *result)
{
    struct directory_request *request = of_errand(operation);
    if (!result || (result->code != RESULT_SUCCESS && result->code != RESULT_SIZE_LIMIT))
        directory_finish_unavailable(request, "searching a name", result);
    else
        finish_unknown(request, request->found ? PERSON_NO_CLASS : PERSON_ABSENT);
}

// Nobody has the name: perhaps something has it that is no person.
static const struct operation_row any_row = {ERRAND_SEARCH, any_send, find_entry, any_done};

static void not_found(struct directory_request *request, bool several)
{
    if (request->explained && !several)
        ldap_pool_send(request->directory->pool, &request->operation, &any_row);
    else
        finish_unknown(request, several ? PERSON_TWICE : PERSON_ABSENT);
}

static void find_done(struct operation *operation, const struct ldap_result *result)
{
    struct directory_request *request = of_errand(operation);
    if (!result || (result->code != RESULT_SUCCESS && result->code != RESULT_SIZE_LIMIT)) {
        request->directory->lacks_base = result && result->code == RESULT_NO_SUCH_OBJECT;
        request->finding = request->directory->lacks_base ? PERSON_NO_BASE : PERSON_NOT_TOLD;
        directory_finish_unavailable(request, "searching a name", result);
        return;
    }
    request->directory->lacks_base = false;
    bool was_refused = request->refused;
    bool unique = request->found == 1 && result->code == RESULT_SUCCESS;
    if (!unique)
        request->dn[0] = 0;
    if (was_refused)
        directory_finish(request, AUTH_WRONG);
    else if (request->kind == REQUEST_LOOK_UP && !unique)
        not_found(request, request->found > 1);
    else
        directory_prove(request);
}

static const struct operation_row find_row = {ERRAND_SEARCH, find_send, find_entry, find_done};

void person_search_find(struct directory_request *request)
{
    ldap_pool_send(request->directory->pool, &request->operation, &find_row);
}
