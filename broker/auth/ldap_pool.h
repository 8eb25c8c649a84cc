// SPDX-License-Identifier: EUPL-1.2
// The kept connections of one tenant and the errands that wait for them: several lines for binds, since a bind in
// flight has its connection to itself, and a few for searches, several at a time, bound as the service account.
#pragma once
#include "broker/auth/connector.h"

struct ldap_pool;
struct pool_connection;
struct operation;

enum operation_kind { ERRAND_BIND, ERRAND_SEARCH, ERRAND_KINDS };

struct operation_row {
    enum operation_kind kind;
    // Sends the operation; may be called again when the connection is lost before the answer. False: the link failed.
    bool (*send)(struct operation *operation, struct ldap_link *link, int *id);
    // Answers, never from within ldap_pool_send. `result` is NULL when connections were lost too often.
    void (*entry)(struct operation *operation, const struct ldap_entry *entry);
    void (*done)(struct operation *operation, const struct ldap_result *result);
};

// One LDAP operation; embedded in what it is for. Starts as {0}; idle again when `done` is called.
struct operation {
    const struct operation_row *row;
    struct operation *prev, *next;      // while it waits for a line
    struct pool_connection *connection; // while it is in flight
    enum operation_state { ERRAND_IDLE, ERRAND_WAITING, ERRAND_SENT } state;
    int id;
    unsigned losses;
    uint64_t sent; // the turn
};

// `connector` is the lines' from now on only for links; `binds` of at most 64 lines.
struct ldap_pool *ldap_pool_new(struct loop *loop, struct connector *connector, size_t binds);
// Errands that are not idle are let go without a word.
void ldap_pool_free(struct ldap_pool *pool);

void ldap_pool_send(struct ldap_pool *pool, struct operation *operation, const struct operation_row *row);
// From within `done` of a bind only: the connection it was answered on, bound; the caller's now.
struct ldap_link *ldap_pool_take(struct ldap_pool *pool);
// Idle errands allowed. A line that still owes an answer to a bind is closed, not used again.
void ldap_pool_cancel(struct ldap_pool *pool, struct operation *operation);
// A link from the connector.
void ldap_pool_add(struct ldap_pool *pool, struct ldap_link *link, size_t server);
bool ldap_pool_any(const struct ldap_pool *pool); // some connection stands
size_t ldap_pool_count(const struct ldap_pool *pool);
