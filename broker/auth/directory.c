// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/directory.h"
#include "broker/auth/dn_cache.h"
#include "broker/auth/groups.h"
#include "broker/auth/ldap_dn.h"
#include "broker/auth/logon_name.h"
#include "broker/auth/person_entry.h"
#include "broker/auth/verdict.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <utlist.h>

// While no server can be reached at all nobody needs to wait longer to be told so; a restart fits in.
enum { PATIENCE_MS = 1000 };

enum request_kind { REQUEST_CHECK, REQUEST_LOOK_UP, REQUEST_CHANGE };

struct directory_request {
    struct directory_request *prev, *next; // in the order of coming; or of those to answer
    struct directory *directory;
    enum request_kind kind;
    int64_t started_ms;
    struct operation operation; // one operation at a time: find, bind, read
    struct group_walk walk;
    auth_done *done;
    void *arg;
    enum auth_verdict verdict;
    char user_name[USER_NAME_SIZE];
    char dn[DN_WRITTEN_SIZE];  // where the person stands; empty: not known
    char known_key[NAME_SIZE]; // the id that belonged to `dn` when it was put by; empty: it comes from a search
    size_t found;              // entries of the search
    bool refused;              // a bind with `dn` went wrong
    bool was_read;             // the person's entry has come
    struct person_entry_read person;
    struct secret password;
    struct secret *new_password;
};

struct directory {
    struct tenant tenant;
    struct directory_schema schema;
    const char *person_attributes[PERSON_ATTRIBUTES_MAX];
    struct directory_config config;
    struct loop *loop;
    struct connector *connector;
    struct ldap_pool *pool;
    struct groups *groups;
    struct dn_cache *known;
    struct directory_request *open; // in the order of coming, so one timer is enough
    struct directory_request *answers;
    size_t count;
    struct loop_timer *deadline, *answering;
    bool deadline_set;
    int64_t down_ms; // since when no server can be reached; 0: one can
    int64_t up_ms;   // since when one can; 0: never
    size_t server;   // the last that answered
    char nobody[DN_WRITTEN_SIZE];
    char (*group_dns)[DN_SIZE]; // for the identity being handed on
    size_t group_capacity;
};

static const struct operation_row find_row, bind_row, read_row, owner_row;
static void find_person(struct directory_request *request);
static void read_person(struct directory_request *request);

static struct directory_request *of_errand(struct operation *operation)
{
    return (struct directory_request *)((char *)operation - offsetof(struct directory_request, operation));
}

// ---- The end of a request

static void request_free(struct directory_request *request)
{
    struct directory *directory = request->directory;
    ldap_pool_cancel(directory->pool, &request->operation);
    groups_end(directory->groups, &request->walk);
    if (request->new_password) {
        connector_forget(directory->connector, request);
        secret_drop(request->new_password);
        free(request->new_password);
    }
    secret_drop(&request->password);
    directory->count--;
    free(request);
}

static const struct identity *make_identity(struct directory_request *request, struct identity *identity)
{
    struct directory *directory = request->directory;
    TEXT_PUT(identity->user_name, request->person.user_name);
    TEXT_PUT(identity->key, request->person.key);
    TEXT_PUT(identity->name, request->person.name);
    mem_reserve(&directory->group_dns, &directory->group_capacity, request->walk.count, DN_SIZE);
    identity->locked = request->person.locked;
    identity->groups = directory->group_dns;
    identity->group_count = 0;
    for (size_t i = 0; i < request->walk.count; i++)
        text_put(directory->group_dns[identity->group_count++], DN_SIZE, groups_dn(&request->walk, i));
    return identity;
}

static void finish_request(struct directory_request *request, enum auth_verdict verdict)
{
    struct identity identity;
    auth_done *done = request->done;
    void *arg = request->arg;
    const struct identity *who = verdict == AUTH_RIGHT ? make_identity(request, &identity) : NULL;
    DL_DELETE(request->directory->open, request); // NOLINT(clang-analyzer-core.NullDereference): it is in the list
    request_free(request);
    done(arg, verdict, who);
}

static void answer_due(void *arg)
{
    struct directory *directory = arg;
    struct directory_request *answers = take(directory->answers);
    while (answers) {
        struct directory_request *request = answers;
        DL_DELETE(answers, request); // NOLINT(clang-analyzer-core.NullDereference): as above
        DL_APPEND(directory->open, request);
        finish_request(request, request->verdict);
    }
}

// For what is decided before anything was asked: a port never answers from within the call.
static void answer_later(struct directory_request *request, enum auth_verdict verdict)
{
    struct directory *directory = request->directory;
    request->verdict = verdict;
    DL_DELETE(directory->open, request); // NOLINT(clang-analyzer-core.NullDereference): as above
    DL_APPEND(directory->answers, request);
    loop_timer_start(directory->answering, 0);
}

// ---- Time

static int64_t patience_ms(const struct directory *directory, int64_t now_ms)
{
    bool down = directory->down_ms && now_ms - directory->down_ms >= PATIENCE_MS;
    return down && PATIENCE_MS < directory->config.deadline_ms ? PATIENCE_MS : directory->config.deadline_ms;
}

static void deadline_due(void *arg)
{
    struct directory *directory = arg;
    int64_t now_ms = clock_steady_ms(), wait_ms = patience_ms(directory, now_ms);
    while (directory->open && now_ms - directory->open->started_ms >= wait_ms)
        finish_request(directory->open, AUTH_UNAVAILABLE);
    directory->deadline_set = directory->open != NULL;
    if (directory->open)
        loop_timer_start(directory->deadline, directory->open->started_ms + wait_ms - now_ms);
}

static void watch_deadline(struct directory *directory, int64_t wait_ms)
{
    if (directory->deadline_set)
        return;
    directory->deadline_set = true;
    loop_timer_start(directory->deadline, wait_ms);
}

// ---- Groups and person

static void walk_ready(struct group_walk *walk, bool known)
{
    struct directory_request *request =
        (struct directory_request *)((char *)walk - offsetof(struct directory_request, walk));
    if (!known)
        finish_request(request, AUTH_UNAVAILABLE);
    else if (groups_walk(request->directory->groups, walk))
        finish_request(request, AUTH_RIGHT);
}

static void find_groups(struct directory_request *request)
{
    if (groups_walk(request->directory->groups, &request->walk))
        finish_request(request, AUTH_RIGHT);
}

static void have_person(struct directory_request *request)
{
    struct directory *directory = request->directory;
    struct cached_dn person = {.dn = request->dn, .key = request->person.key};
    dn_cache_put(directory->known, request->user_name, &person, clock_steady_ms());
    bool typed = text_same_name(request->user_name, strlen(request->user_name), request->person.user_name);
    if (request->person.disabled)
        finish_request(request, AUTH_DISABLED);
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
    find_person(request);
}

static bool finish_unavailable(struct directory_request *request, const char *doing, const struct ldap_result *result)
{
    if (result)
        log_warn("directory", "%s: %s: code %d %s", request->directory->tenant.id, doing, result->code,
                 result->diagnostic);
    finish_request(request, AUTH_UNAVAILABLE);
    return false;
}

static struct ldap_query query_for(const struct directory_request *request, const char *filter)
{
    return (struct ldap_query){
        .filter = filter, .size_limit = 2, .time_limit_s = (int)(request->directory->config.deadline_ms / 1000) + 1};
}

// Only which entries have it.
static bool search_name(const struct directory_request *request, const char *name, struct ldap_link *link, int *id)
{
    static const char *const nothing[] = {"1.1", NULL};
    const struct tenant *tenant = &request->directory->tenant;
    char filter[FILTER_SIZE];
    logon_name_filter(filter, tenant, &request->directory->schema, name);
    struct ldap_query query = query_for(request, filter);
    query.base = tenant->user_base;
    query.subtree = true;
    query.attributes = nothing;
    return ldap_link_search(link, &query, id);
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
        finish_unavailable(request, "reading a person", result);
        return;
    }
    bool same = request->was_read && (!from_memory || text_equal(request->known_key, request->person.key));
    if (same)
        have_person(request);
    else if (from_memory)
        start_over(request);
    else
        finish_request(request, AUTH_WRONG);
}

static const struct operation_row read_row = {ERRAND_SEARCH, read_send, read_entry, read_done};

static void read_person(struct directory_request *request)
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
        finish_unavailable(request, "searching a user name", result);
    } else if (result->code == RESULT_SUCCESS && request->found == 1 && request->was_read) {
        find_groups(request);
    } else {
        log_warn("directory", "%s: the user name of %s belongs to another entry, too", request->directory->tenant.id,
                 request->person.key);
        finish_request(request, AUTH_WRONG);
    }
}

static const struct operation_row owner_row = {ERRAND_SEARCH, owner_send, owner_entry, owner_done};

// ---- Proving the password

static bool bind_send(struct operation *operation, struct ldap_link *link, int *id)
{
    struct directory_request *request = of_errand(operation);
    // A name that is not there is bound to as well, as an entry that cannot exist: no shorter way for it.
    const char *dn = request->dn[0] ? request->dn : request->directory->nobody;
    return ldap_link_bind(link, dn, &request->password, id);
}

static void bind_refused(struct directory_request *request)
{
    // Put by some time ago: look whether the name stands elsewhere by now. This also makes a wrong password for a
    // name that is known take the same two steps as for one that is not.
    if (request->known_key[0]) {
        dn_cache_drop(request->directory->known, request->user_name);
        request->known_key[0] = 0;
        request->refused = true;
        find_person(request);
        return;
    }
    finish_request(request, AUTH_WRONG);
}

static void bind_done(struct operation *operation, const struct ldap_result *result)
{
    struct directory_request *request = of_errand(operation);
    if (!result) {
        finish_request(request, AUTH_UNAVAILABLE);
        return;
    }
    enum auth_verdict verdict = verdict_of_bind((enum directory_kind)request->directory->tenant.directory, result);
    if (verdict == AUTH_UNAVAILABLE)
        finish_unavailable(request, "bind", result);
    else if (!request->dn[0] || verdict == AUTH_WRONG)
        bind_refused(request);
    else if (verdict == AUTH_RIGHT)
        read_person(request);
    else
        finish_request(request, verdict);
}

static const struct operation_row bind_row = {.kind = ERRAND_BIND, .send = bind_send, .done = bind_done};

static void prove_person(struct directory_request *request)
{
    struct directory *directory = request->directory;
    if (request->kind == REQUEST_LOOK_UP)
        read_person(request);
    else if (request->kind == REQUEST_CHECK || !request->dn[0])
        ldap_pool_send(directory->pool, &request->operation, &bind_row);
    else
        connector_change(directory->connector, request->dn, &request->password, request->new_password, request);
}

static void password_changed(void *arg, void *who, enum auth_verdict verdict)
{
    struct directory_request *request = who;
    (void)arg;
    if (verdict == AUTH_RIGHT)
        read_person(request);
    else if (verdict == AUTH_WRONG)
        bind_refused(request);
    else
        finish_request(request, verdict);
}

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

static void find_done(struct operation *operation, const struct ldap_result *result)
{
    struct directory_request *request = of_errand(operation);
    if (!result || (result->code != RESULT_SUCCESS && result->code != RESULT_SIZE_LIMIT)) {
        finish_unavailable(request, "searching a name", result);
        return;
    }
    bool was_refused = request->refused;
    bool unique = request->found == 1 && result->code == RESULT_SUCCESS;
    if (!unique)
        request->dn[0] = 0;
    if (was_refused || (request->kind == REQUEST_LOOK_UP && !unique))
        finish_request(request, AUTH_WRONG);
    else
        prove_person(request);
}

static const struct operation_row find_row = {ERRAND_SEARCH, find_send, find_entry, find_done};

static void find_person(struct directory_request *request)
{
    ldap_pool_send(request->directory->pool, &request->operation, &find_row);
}

// ---- The beginning of a request

static void start_request(struct directory_request *request)
{
    struct directory *directory = request->directory;
    struct cached_dn person;
    if (!dn_cache_find(directory->known, request->user_name, request->started_ms, &person)) {
        find_person(request);
        return;
    }
    TEXT_PUT(request->dn, person.dn);
    TEXT_PUT(request->known_key, person.key);
    prove_person(request);
}

static struct directory_request *request_new(struct directory *directory, enum request_kind kind, auth_done *done,
                                             void *arg)
{
    struct directory_request *request = mem_new(1, sizeof *request);
    request->directory = directory;
    request->kind = kind;
    request->started_ms = clock_steady_ms();
    request->walk.ready = walk_ready;
    request->done = done;
    request->arg = arg;
    directory->count++;
    DL_APPEND(directory->open, request);
    watch_deadline(directory, patience_ms(directory, request->started_ms));
    return request;
}

// An empty password is an "unauthenticated bind", which a directory may answer with success (RFC 4513, 5.1.2).
static void begin_request(struct directory_request *request, const char *name)
{
    struct directory *directory = request->directory;
    bool proves = request->kind == REQUEST_LOOK_UP || request->password.length > 0;
    if (directory->count > directory->config.most)
        answer_later(request, AUTH_UNAVAILABLE);
    else if (!logon_name_read(request->user_name, &directory->tenant, &directory->schema, name) || !proves)
        answer_later(request, AUTH_WRONG);
    else if (request->new_password && request->new_password->length == 0)
        answer_later(request, AUTH_REJECTED);
    else
        start_request(request);
}

void directory_check(struct directory *directory, const char *name, const struct secret *password, auth_done *done,
                     void *arg)
{
    struct directory_request *request = request_new(directory, REQUEST_CHECK, done, arg);
    request->password = *password;
    begin_request(request, name);
}

void directory_look_up(struct directory *directory, const char *name, auth_done *done, void *arg)
{
    begin_request(request_new(directory, REQUEST_LOOK_UP, done, arg), name);
}

void directory_change(struct directory *directory, const char *name, const struct secret *old_password,
                      const struct secret *new_password, auth_done *done, void *arg)
{
    struct directory_request *request = request_new(directory, REQUEST_CHANGE, done, arg);
    request->password = *old_password;
    request->new_password = mem_copy(new_password, sizeof *new_password);
    begin_request(request, name);
}

// ---- The directory

static void link_ready(void *arg, struct ldap_link *link, size_t server)
{
    struct directory *directory = arg;
    if (directory->down_ms || !directory->up_ms)
        directory->up_ms = clock_steady_ms();
    directory->down_ms = 0;
    directory->server = server;
    ldap_pool_add(directory->pool, link, server);
}

static void servers_down(void *arg)
{
    struct directory *directory = arg;
    if (directory->down_ms || ldap_pool_any(directory->pool))
        return;
    directory->down_ms = clock_steady_ms();
    // The timer may be set for later than what is now the longest to wait.
    directory->deadline_set = directory->open != NULL;
    if (directory->open)
        loop_timer_start(directory->deadline, PATIENCE_MS);
}

void directory_status(const struct directory *directory, struct directory_status *status)
{
    *status = (struct directory_status){.connections = ldap_pool_count(directory->pool)};
    status->state = directory->down_ms ? DIRECTORY_DOWN : status->connections ? DIRECTORY_OK : DIRECTORY_UNKNOWN;
    status->since_ms = directory->down_ms ? directory->down_ms : status->connections ? directory->up_ms : 0;
    if (directory->up_ms)
        TEXT_PUT(status->server, connector_server(directory->connector, directory->server));
    connector_last_failure(directory->connector, status->last_failure, sizeof status->last_failure);
}

// Below the base, where a lookup takes as long as a person's, and by chance, so that nobody can create it.
static void name_nobody(struct directory *directory)
{
    unsigned char random[12];
    char hex[2 * sizeof random + 1];
    ssize_t got = getrandom(random, sizeof random, 0);
    assert(got == sizeof random);
    (void)got;
    text_hex(hex, random, sizeof random);
    const char *type = directory->tenant.directory == DIRECTORY_ACTIVE_DIRECTORY ? "cn" : "uid";
    snprintf(directory->nobody, sizeof directory->nobody, "%s=%s,%s", type, hex, directory->tenant.user_base);
}

static void read_schema(struct directory *directory)
{
    struct fault why;
    if (!directory_schema_read(&directory->schema, &directory->tenant, &why))
        log_error("directory", "%s: %s", directory->tenant.id, why.text);
    person_entry_attributes(directory->person_attributes, &directory->schema);
}

struct directory *directory_new(struct loop *loop, const struct tenant *tenant, const struct directory_config *config)
{
    struct directory *directory = mem_new(1, sizeof *directory);
    struct connector_port port = {directory, link_ready, servers_down, password_changed};
    directory->tenant = *tenant;
    directory->config = *config;
    directory->loop = loop;
    read_schema(directory);
    // Less than half the deadline, so that the second server is reached when the first says nothing.
    directory->connector =
        connector_new(loop, &directory->tenant, config->credentials_dir, config->deadline_ms * 2 / 5, &port);
    directory->pool = ldap_pool_new(loop, directory->connector, (size_t)config->connections);
    directory->groups = groups_new(loop, directory->pool, &directory->tenant, &directory->schema,
                                   config->keep_groups_ms, config->deadline_ms);
    directory->known = dn_cache_new(config->keep_names_ms);
    directory->deadline = loop_timer_new(loop, deadline_due, directory);
    directory->answering = loop_timer_new(loop, answer_due, directory);
    name_nobody(directory);
    return directory;
}

void directory_free(struct directory *directory)
{
    answer_due(directory);
    while (directory->open)
        finish_request(directory->open, AUTH_UNAVAILABLE);
    loop_timer_free(directory->deadline);
    loop_timer_free(directory->answering);
    groups_free(directory->groups);
    ldap_pool_free(directory->pool);
    connector_free(directory->connector);
    dn_cache_free(directory->known);
    free(directory->group_dns);
    free(directory);
}
