// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/connector.h"
#include "broker/auth/active_directory.h"
#include "broker/auth/ldap_dn.h"
#include "broker/auth/verdict.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/text.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utlist.h>

enum {
    SERVERS_MAX = 8,
    RETRY_FIRST_MS = 100,
    RETRY_LAST_MS = 5000,
    REJECTED_MS = 10 * 60 * 1000, // so that the directory's own lock does not fall on the broker's account
    ASIDE_FIRST_MS = 5000,
    ASIDE_LAST_MS = 60000,
    SETTLE_MS = 3000,
    KEPT_MAX = 8,
    KEPT_MS = 5 * 60 * 1000, // as long as somebody takes to think of a new password
};

struct directory_server {
    char uri[LIST_SIZE];
    unsigned failures;
    int64_t not_before_ms;
    int64_t rejected_ns;    // when the secret that it rejected was written; 0: it rejected none
    int64_t aside_until_ms; // not tried while there is another: to fail again may take as long as it did
};

struct connector_change {
    struct connector_change *next;
    char dn[DN_WRITTEN_SIZE];
    struct secret old_password, new_password;
    enum auth_verdict verdict;
    void *who; // NULL: nobody waits any more; the loop's alone
};

struct kept_bind {
    struct kept_bind *next; // the one that ends next comes first
    char dn[DN_WRITTEN_SIZE];
    struct secret password;
    struct ldap_link *link;
    int64_t until_ms;
};

struct delivery {
    struct delivery *next;
    struct ldap_link *link;
    size_t server;
    struct connector_change *change; // neither link nor change: no server could be reached
};

struct connector {
    // Set once.
    struct service_account service;
    // The loop's alone. A descriptor of its own instead of loop_post: a post could not be taken back when the
    // connector ends.
    struct connector_port port;
    struct loop_watch *watch;
    int wake;
    // Shared with the thread.
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    size_t wanted;
    struct directory_server servers[SERVERS_MAX];
    size_t server_count;
    size_t failed_server; // the server of `last_failure`
    char last_failure[320];
    struct connector_change *changes;
    struct connector_change *changing; // in the thread's hands
    struct delivery *deliveries;
    struct kept_bind *kept;
    size_t kept_count;
};

static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t thread_ended = PTHREAD_COND_INITIALIZER;
static size_t threads; // that have not ended yet

static void change_free(struct connector_change *change)
{
    secret_drop(&change->old_password);
    secret_drop(&change->new_password);
    free(change);
}

static void kept_free(struct kept_bind *kept)
{
    ldap_link_close(kept->link);
    secret_drop(&kept->password);
    free(kept);
}

// ---- Binds that are kept for a change; the lock is held.

static struct kept_bind *take_kept(struct connector *connector, struct kept_bind *kept)
{
    LL_DELETE(connector->kept, kept);
    connector->kept_count--;
    return kept;
}

static struct kept_bind *find_kept(const struct connector *connector, const char *dn)
{
    struct kept_bind *kept = connector->kept;
    while (kept && !text_equal(kept->dn, dn))
        kept = kept->next;
    return kept;
}

static void keep_link(struct connector *connector, const char *dn, const struct secret *password,
                      struct ldap_link *link)
{
    struct kept_bind *before = find_kept(connector, dn);
    if (!before && connector->kept_count == KEPT_MAX)
        before = connector->kept;
    if (before)
        kept_free(take_kept(connector, before));
    struct kept_bind *kept = mem_new(1, sizeof *kept);
    TEXT_PUT(kept->dn, dn);
    kept->password = *password;
    kept->link = link;
    kept->until_ms = clock_steady_ms() + KEPT_MS;
    LL_APPEND(connector->kept, kept);
    connector->kept_count++;
}

// NULL unless there is one of this password.
static struct ldap_link *take_link(struct connector *connector, const struct connector_change *change)
{
    struct kept_bind *kept = find_kept(connector, change->dn);
    const struct secret *password = &change->old_password;
    if (!kept || kept->password.length != password->length ||
        !secret_equal(kept->password.bytes, password->bytes, password->length))
        return NULL;
    struct ldap_link *link = take(kept->link);
    kept_free(take_kept(connector, kept));
    return link;
}

static void drop_kept(struct connector *connector, int64_t now_ms)
{
    while (connector->kept && connector->kept->until_ms <= now_ms)
        kept_free(take_kept(connector, connector->kept));
}

// ---- In the thread; the lock is held unless a function says otherwise.

static void deliver_link(struct connector *connector, struct ldap_link *link, size_t server,
                         struct connector_change *change)
{
    struct delivery *delivery = mem_new(1, sizeof *delivery);
    *delivery = (struct delivery){.link = link, .server = server, .change = change};
    LL_APPEND(connector->deliveries, delivery);
    uint64_t one = 1;
    ssize_t written = write(connector->wake, &one, sizeof one);
    assert(written == sizeof one);
    (void)written;
}

static int64_t growing_wait_ms(int64_t first_ms, int64_t last_ms, unsigned failures)
{
    int64_t wait_ms = first_ms;
    while (failures-- > 0 && wait_ms < last_ms)
        wait_ms *= 2;
    return wait_ms < last_ms ? wait_ms : last_ms;
}

static void mark_failed(struct directory_server *server, int64_t rejected_ns)
{
    int64_t now_ms = clock_steady_ms();
    server->rejected_ns = rejected_ns;
    server->not_before_ms =
        now_ms + (rejected_ns ? REJECTED_MS : growing_wait_ms(RETRY_FIRST_MS, RETRY_LAST_MS, server->failures));
    server->aside_until_ms = now_ms + growing_wait_ms(ASIDE_FIRST_MS, ASIDE_LAST_MS, server->failures);
    server->failures++;
}

// Another secret may be right.
static void look_for_another_secret(struct connector *connector)
{
    for (size_t i = 0; i < connector->server_count; i++) {
        struct directory_server *server = &connector->servers[i];
        if (server->rejected_ns && server->rejected_ns != service_account_changed_ns(&connector->service))
            server->rejected_ns = server->not_before_ms = 0;
    }
}

// The first server in order that may be tried now, one that failed lately only if there is no other; server_count when
// all have to wait, until `when_ms`.
static size_t next_server(const struct connector *connector, int64_t *when_ms)
{
    int64_t now_ms = clock_steady_ms();
    size_t next = connector->server_count;
    *when_ms = now_ms + RETRY_LAST_MS;
    for (size_t i = connector->server_count; i-- > 0;) {
        const struct directory_server *server = &connector->servers[i];
        bool better = next == connector->server_count || server->aside_until_ms <= now_ms ||
                      connector->servers[next].aside_until_ms > now_ms;
        if (server->not_before_ms <= now_ms && better)
            next = i;
        else if (server->not_before_ms > now_ms && server->not_before_ms < *when_ms)
            *when_ms = server->not_before_ms;
    }
    return next;
}

static void tell_failure(const struct connector *connector, const struct directory_server *server,
                         const struct fault *why)
{
    if ((server->failures & (server->failures - 1)) == 0) // 1st, 2nd, 4th, 8th ...
        log_warn("directory", "%s: %s: %s", connector->service.tenant.id, server->uri, why->text);
}

static void connect_one(struct connector *connector, size_t number)
{
    struct directory_server *server = &connector->servers[number];
    struct fault why = {0};
    int64_t ignored, changed_ns = service_account_changed_ns(&connector->service);
    pthread_mutex_unlock(&connector->lock);
    struct ldap_link *link = service_account_open(&connector->service, server->uri, &why);
    pthread_mutex_lock(&connector->lock);
    if (link) {
        if (server->failures > 0)
            log_info("directory", "%s: %s answers again", connector->service.tenant.id, server->uri);
        server->failures = 0;
        if (connector->failed_server == number)
            connector->last_failure[0] = 0;
        connector->wanted -= connector->wanted > 0;
        deliver_link(connector, link, number, NULL);
        return;
    }
    mark_failed(server, why.kind == FAULT_DENIED ? changed_ns : 0);
    connector->failed_server = number;
    snprintf(connector->last_failure, sizeof connector->last_failure, "%.100s: %.200s", server->uri, why.text);
    tell_failure(connector, server, &why);
    if (next_server(connector, &ignored) == connector->server_count)
        deliver_link(connector, NULL, 0, NULL);
}

// Not under the lock. The link is bound as who changes.
static enum auth_verdict change_on(struct connector *connector, struct ldap_link *link,
                                   const struct connector_change *change, struct fault *why)
{
    struct ldap_reply reply;
    if (!ldap_link_change_now(link, &change->old_password, &change->new_password, connector->service.wait_ms, &reply,
                              why))
        return AUTH_UNAVAILABLE;
    enum auth_verdict verdict = verdict_of_change(&reply.result);
    if (verdict == AUTH_UNAVAILABLE)
        fault_set(why, FAULT_UNAVAILABLE, "code %d %s", reply.result.code, reply.text);
    return verdict;
}

// Not under the lock. An expired password is refused at the bind itself unless the policy leaves grace logons; then
// only an administrator can help, since slapd changes nothing for who is not bound. A reset one binds.
static enum auth_verdict bind_and_change(struct connector *connector, struct ldap_link *link,
                                         const struct connector_change *change, struct fault *why)
{
    struct ldap_reply reply;
    if (!ldap_link_bind_now(link, change->dn, &change->old_password, connector->service.wait_ms, &reply, why))
        return AUTH_UNAVAILABLE;
    if (reply.result.code != RESULT_SUCCESS)
        return verdict_of_bind((enum directory_kind)connector->service.tenant.directory, &reply.result);
    return change_on(connector, link, change, why);
}

// Not under the lock. On one server only: after a lost answer nobody knows whether the change was made. But a link that
// was kept may have been closed long before.
static enum auth_verdict change_at(struct connector *connector, const char *uri, const struct connector_change *change,
                                   struct ldap_link **link)
{
    struct fault why = {0};
    enum auth_verdict verdict = *link ? change_on(connector, *link, change, &why) : AUTH_UNAVAILABLE;
    if (verdict != AUTH_UNAVAILABLE)
        return verdict;
    ldap_link_close(*link);
    *link = ldap_link_open(uri, connector->service.ca_file, connector->service.wait_ms, &why);
    if (*link && connector->service.tenant.directory == DIRECTORY_ACTIVE_DIRECTORY)
        verdict = active_directory_change(&connector->service, *link, uri, change->dn, &change->old_password,
                                          &change->new_password, &why);
    else if (*link)
        verdict = bind_and_change(connector, *link, change, &why);
    if (verdict == AUTH_UNAVAILABLE)
        log_warn("directory", "%s: %s: password not changed: %s", connector->service.tenant.id, uri, why.text);
    return verdict;
}

static void change_one(struct connector *connector)
{
    struct connector_change *change = connector->changes;
    int64_t ignored;
    LL_DELETE(connector->changes, change);
    size_t number = next_server(connector, &ignored);
    if (number == connector->server_count)
        number = 0;
    connector->changing = change;
    struct ldap_link *link = take_link(connector, change);
    pthread_mutex_unlock(&connector->lock);
    change->verdict = change_at(connector, connector->servers[number].uri, change, &link);
    pthread_mutex_lock(&connector->lock);
    connector->changing = NULL;
    // The next try shall not need a bind: it may spend the last grace logon.
    if (link && verdict_asks_for_another(change->verdict) &&
        connector->service.tenant.directory != DIRECTORY_ACTIVE_DIRECTORY)
        keep_link(connector, change->dn, &change->old_password, link);
    else
        ldap_link_close(link);
    deliver_link(connector, NULL, number, change);
}

static void wait_until(struct connector *connector, int64_t when_ms)
{
    struct timespec when = {.tv_sec = when_ms / 1000, .tv_nsec = when_ms % 1000 * 1000000};
    pthread_cond_timedwait(&connector->changed, &connector->lock, &when);
}

static void serve_until_stopped(struct connector *connector)
{
    while (!connector->stopping) {
        int64_t when_ms = 0;
        look_for_another_secret(connector);
        size_t number = next_server(connector, &when_ms);
        drop_kept(connector, clock_steady_ms());
        if (connector->changes)
            change_one(connector);
        else if (connector->wanted == 0 && connector->kept)
            wait_until(connector, connector->kept->until_ms);
        else if (connector->wanted == 0)
            pthread_cond_wait(&connector->changed, &connector->lock);
        else if (number < connector->server_count)
            connect_one(connector, number);
        else
            wait_until(connector, when_ms);
    }
}

// The lock is not held; nobody else knows the connector any more.
static void drop_undelivered(struct connector *connector)
{
    struct delivery *delivery, *next_delivery;
    struct connector_change *change, *next_change;
    LL_FOREACH_SAFE(connector->deliveries, delivery, next_delivery)
    {
        ldap_link_close(delivery->link);
        if (delivery->change)
            change_free(delivery->change);
        free(delivery);
    }
    LL_FOREACH_SAFE(connector->changes, change, next_change)
    change_free(change);
    drop_kept(connector, INT64_MAX);
    close(connector->wake);
    pthread_mutex_destroy(&connector->lock);
    pthread_cond_destroy(&connector->changed);
    free(connector);
}

static void *run_connector(void *arg)
{
    struct connector *connector = arg;
    pthread_mutex_lock(&connector->lock);
    serve_until_stopped(connector);
    pthread_mutex_unlock(&connector->lock);
    drop_undelivered(connector);
    pthread_mutex_lock(&threads_lock);
    threads--;
    pthread_cond_broadcast(&thread_ended);
    pthread_mutex_unlock(&threads_lock);
    return NULL;
}

// ---- In the loop

static void hand_over(struct connector *connector, struct delivery *delivery)
{
    struct connector_port port = connector->port;
    struct connector_change *change = delivery->change;
    if (delivery->link)
        port.ready(port.arg, delivery->link, delivery->server);
    else if (!change)
        port.down(port.arg);
    else if (change->who)
        port.changed(port.arg, change->who, change->verdict);
    if (change)
        change_free(change);
    free(delivery);
}

static struct delivery *take_delivery(struct connector *connector)
{
    pthread_mutex_lock(&connector->lock);
    struct delivery *delivery = connector->deliveries;
    if (delivery)
        LL_DELETE(connector->deliveries, delivery);
    pthread_mutex_unlock(&connector->lock);
    return delivery;
}

static void take_deliveries(void *arg, bool readable, bool writable)
{
    struct connector *connector = arg;
    uint64_t count;
    (void)readable;
    (void)writable;
    if (read(connector->wake, &count, sizeof count) < 0)
        return;
    for (struct delivery *delivery; (delivery = take_delivery(connector));)
        hand_over(connector, delivery);
}

static void read_servers(struct connector *connector)
{
    char list[LIST_SIZE], *rest = NULL;
    TEXT_PUT(list, connector->service.tenant.servers);
    for (char *uri = strtok_r(list, " ", &rest); uri && connector->server_count < SERVERS_MAX;
         uri = strtok_r(NULL, " ", &rest)) {
        TEXT_PUT(connector->servers[connector->server_count].uri, uri);
        connector->server_count++;
    }
    if (connector->server_count == 0)
        log_error("directory", "%s: no servers configured", connector->service.tenant.id);
}

static void start_thread(struct connector *connector)
{
    pthread_t thread;
    sigset_t all, before;
    pthread_mutex_lock(&threads_lock);
    threads++;
    pthread_mutex_unlock(&threads_lock);
    sigfillset(&all); // signals are the loop's
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, NULL, run_connector, connector);
    assert(rc == 0);
    (void)rc;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_detach(thread);
}

struct connector *connector_new(struct loop *loop, const struct tenant *tenant, const char *credentials,
                                int64_t wait_ms, const struct connector_port *port)
{
    struct connector *connector = mem_new(1, sizeof *connector);
    service_account_init(&connector->service, tenant, credentials, wait_ms);
    connector->port = *port;
    read_servers(connector);
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&connector->changed, &steady);
    pthread_condattr_destroy(&steady);
    pthread_mutex_init(&connector->lock, NULL);
    connector->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(connector->wake >= 0);
    connector->watch = loop_watch_new(loop, connector->wake, take_deliveries, connector);
    loop_watch_set(connector->watch, true, false);
    start_thread(connector);
    return connector;
}

void connector_free(struct connector *connector)
{
    loop_watch_free(connector->watch);
    pthread_mutex_lock(&connector->lock);
    connector->stopping = true;
    pthread_cond_signal(&connector->changed);
    pthread_mutex_unlock(&connector->lock);
}

void connector_settle(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SETTLE_MS / 1000;
    pthread_mutex_lock(&threads_lock);
    while (threads > 0 && pthread_cond_timedwait(&thread_ended, &threads_lock, &until) == 0)
        ;
    pthread_mutex_unlock(&threads_lock);
}

void connector_want(struct connector *connector, size_t links)
{
    pthread_mutex_lock(&connector->lock);
    connector->wanted += links;
    pthread_cond_signal(&connector->changed);
    pthread_mutex_unlock(&connector->lock);
}

void connector_blame(struct connector *connector, size_t server)
{
    pthread_mutex_lock(&connector->lock);
    if (connector->servers[server].not_before_ms <= clock_steady_ms()) // else it has its wait already
        mark_failed(&connector->servers[server], 0);
    pthread_mutex_unlock(&connector->lock);
}

void connector_change(struct connector *connector, const char *dn, const struct secret *old_password,
                      const struct secret *new_password, void *who)
{
    struct connector_change *change = mem_new(1, sizeof *change);
    TEXT_PUT(change->dn, dn);
    change->old_password = *old_password;
    change->new_password = *new_password;
    change->who = who;
    pthread_mutex_lock(&connector->lock);
    LL_APPEND(connector->changes, change);
    pthread_cond_signal(&connector->changed);
    pthread_mutex_unlock(&connector->lock);
}

void connector_keep(struct connector *connector, const char *dn, const struct secret *password, struct ldap_link *link)
{
    pthread_mutex_lock(&connector->lock);
    keep_link(connector, dn, password, link);
    pthread_cond_signal(&connector->changed); // it has to look when that ends
    pthread_mutex_unlock(&connector->lock);
}

const char *connector_server(const struct connector *connector, size_t server)
{
    return server < connector->server_count ? connector->servers[server].uri : "";
}

void connector_last_failure(struct connector *connector, char *last_failure, size_t size)
{
    pthread_mutex_lock(&connector->lock);
    text_put(last_failure, size, connector->last_failure);
    pthread_mutex_unlock(&connector->lock);
}

void connector_forget(struct connector *connector, const void *who)
{
    struct connector_change *change;
    struct delivery *delivery;
    pthread_mutex_lock(&connector->lock);
    if (connector->changing && connector->changing->who == who)
        connector->changing->who = NULL;
    LL_FOREACH(connector->changes, change)
    if (change->who == who)
        change->who = NULL;
    LL_FOREACH(connector->deliveries, delivery)
    if (delivery->change && delivery->change->who == who)
        delivery->change->who = NULL;
    pthread_mutex_unlock(&connector->lock);
}
