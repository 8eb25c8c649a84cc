// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/directory.h"
#include "broker/auth/logon_name.h"
#include "broker/auth/person_search.h"
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

void directory_finish(struct directory_request *request, enum auth_verdict verdict)
{
    struct identity identity;
    auth_done *done = request->done;
    auth_explained *explained = request->explained;
    enum person_finding finding = request->finding;
    void *arg = request->arg;
    const struct identity *who = verdict == AUTH_RIGHT ? make_identity(request, &identity) : NULL;
    DL_DELETE(request->directory->open, request); // NOLINT(clang-analyzer-core.NullDereference): it is in the list
    request_free(request);
    if (explained)
        explained(arg, verdict, verdict == AUTH_UNAVAILABLE && !finding ? PERSON_NOT_TOLD : finding, who);
    else
        done(arg, verdict, who);
}

void directory_finish_unavailable(struct directory_request *request, const char *doing,
                                  const struct ldap_result *result)
{
    if (result)
        log_warn("directory", "%s: %s: code %d %s", request->directory->tenant.id, doing, result->code,
                 result->diagnostic);
    directory_finish(request, AUTH_UNAVAILABLE);
}

static void answer_due(void *arg)
{
    struct directory *directory = arg;
    struct directory_request *answers = take(directory->answers);
    while (answers) {
        struct directory_request *request = answers;
        DL_DELETE(answers, request); // NOLINT(clang-analyzer-core.NullDereference): as above
        DL_APPEND(directory->open, request);
        directory_finish(request, request->verdict);
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
        directory_finish(directory->open, AUTH_UNAVAILABLE);
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
        person_search_find(request);
        return;
    }
    directory_finish(request, AUTH_WRONG);
}

static void bind_done(struct operation *operation, const struct ldap_result *result)
{
    struct directory_request *request = of_errand(operation);
    if (!result) {
        directory_finish(request, AUTH_UNAVAILABLE);
        return;
    }
    enum auth_verdict verdict = verdict_of_bind((enum directory_kind)request->directory->tenant.directory, result);
    // This bind may have been the last that the policy allows.
    if ((verdict == AUTH_EXPIRED || verdict == AUTH_MUST_CHANGE) && result->code == RESULT_SUCCESS && request->dn[0])
        connector_keep(request->directory->connector, request->dn, &request->password,
                       ldap_pool_take(request->directory->pool));
    if (verdict == AUTH_UNAVAILABLE)
        directory_finish_unavailable(request, "bind", result);
    else if (!request->dn[0] || verdict == AUTH_WRONG)
        bind_refused(request);
    else if (verdict == AUTH_RIGHT)
        person_search_read(request);
    else
        directory_finish(request, verdict);
}

static const struct operation_row bind_row = {.kind = ERRAND_BIND, .send = bind_send, .done = bind_done};

void directory_prove(struct directory_request *request)
{
    struct directory *directory = request->directory;
    if (request->kind == REQUEST_LOOK_UP)
        person_search_read(request);
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
        person_search_read(request);
    else if (verdict == AUTH_WRONG)
        bind_refused(request);
    else
        directory_finish(request, verdict);
}

// ---- The beginning of a request

static void start_request(struct directory_request *request)
{
    struct directory *directory = request->directory;
    struct cached_dn person;
    if (!dn_cache_find(directory->known, request->user_name, request->started_ms, &person)) {
        person_search_find(request);
        return;
    }
    TEXT_PUT(request->dn, person.dn);
    TEXT_PUT(request->known_key, person.key);
    directory_prove(request);
}

static struct directory_request *request_new(struct directory *directory, enum request_kind kind, auth_done *done,
                                             void *arg)
{
    struct directory_request *request = mem_new(1, sizeof *request);
    request->directory = directory;
    request->kind = kind;
    request->started_ms = clock_steady_ms();
    request->walk.ready = person_search_walk_ready;
    request->done = done;
    request->arg = arg;
    directory->count++;
    DL_APPEND(directory->open, request);
    watch_deadline(directory, patience_ms(directory, request->started_ms));
    return request;
}

static void answer_unknown(struct directory_request *request)
{
    request->finding = PERSON_ABSENT;
    answer_later(request, AUTH_WRONG);
}

// An empty password is an "unauthenticated bind", which a directory may answer with success (RFC 4513, 5.1.2).
static void begin_request(struct directory_request *request, const char *name)
{
    struct directory *directory = request->directory;
    bool proves = request->kind == REQUEST_LOOK_UP || request->password.length > 0;
    if (directory->count > directory->config.most)
        answer_later(request, AUTH_UNAVAILABLE);
    else if (!logon_name_read(request->user_name, &directory->tenant, &directory->schema, name) || !proves)
        answer_unknown(request);
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

void directory_explain(struct directory *directory, const char *name, auth_explained *done, void *arg)
{
    struct directory_request *request = request_new(directory, REQUEST_LOOK_UP, NULL, arg);
    request->explained = done;
    begin_request(request, name);
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

struct group_names *directory_group_names(struct directory *directory)
{
    return directory->group_names;
}

void directory_status(const struct directory *directory, struct directory_status *status)
{
    *status = (struct directory_status){.connections = ldap_pool_count(directory->pool)};
    status->state = directory->down_ms ? DIRECTORY_DOWN : status->connections ? DIRECTORY_OK : DIRECTORY_UNKNOWN;
    status->since_ms = directory->down_ms ? directory->down_ms : status->connections ? directory->up_ms : 0;
    if (directory->up_ms)
        TEXT_PUT(status->server, connector_server(directory->connector, directory->server));
    connector_last_failure(directory->connector, status->last_failure, sizeof status->last_failure);
    const char *base = directory->lacks_base                           ? directory->tenant.user_base
                       : group_names_lack_base(directory->group_names) ? tenant_group_base(&directory->tenant)
                                                                       : NULL;
    if (status->state != DIRECTORY_OK || !base)
        return;
    char text[sizeof status->last_failure + DN_SIZE];
    status->state = DIRECTORY_NO_BASE;
    snprintf(text, sizeof text, "the directory knows no such base: %s", base);
    text_cut(status->last_failure, sizeof status->last_failure, text);
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
    directory->group_names = group_names_new(loop, directory->pool, &directory->tenant, &directory->schema,
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
        directory_finish(directory->open, AUTH_UNAVAILABLE);
    loop_timer_free(directory->deadline);
    loop_timer_free(directory->answering);
    groups_free(directory->groups);
    group_names_free(directory->group_names);
    ldap_pool_free(directory->pool);
    connector_free(directory->connector);
    dn_cache_free(directory->known);
    free(directory->group_dns);
    free(directory);
}
