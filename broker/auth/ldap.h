// SPDX-License-Identifier: EUPL-1.2
// One connection to a directory server: opened in a thread of its own because libldap cannot connect without blocking,
// then used by the loop, never blocking. The home of libldap. A link that has failed is closed, never used again.
#pragma once
#include "broker/auth/ldap_types.h"
#include "broker/auth/sasl_gssapi.h"
#include "broker/base/fault.h"
#include "broker/base/mem.h"
#include <stdint.h>

struct ldap_link;

// Once, before any thread: keeps libldap from reading configuration that is not ours.
void ldap_link_prepare(void);

// ---- Blocking, at most `wait_ms` each after the name is resolved; from one thread at a time.

// Connects and starts TLS; nothing is said without it. `uri`: ldaps://host[:port] or ldap://host[:port] (StartTLS).
// `ca_file`: the only authority that is believed. NULL with `why`.
struct ldap_link *ldap_link_open(const char *uri, const char *ca_file, int64_t wait_ms, struct fault *why);

struct ldap_reply {
    struct ldap_result result; // points into the reply
    char text[256];
    char policy[64];
};
// False with `why` when no answer came. The answer may still be no.
bool ldap_link_bind_now(struct ldap_link *link, const char *dn, const struct secret *password, int64_t wait_ms,
                        struct ldap_reply *reply, struct fault *why) __attribute__((warn_unused_result));
// The same by a ticket. `config` without the certificate: that is the one this link has seen.
bool ldap_link_bind_ticket_now(struct ldap_link *link, const struct sasl_gssapi_config *config, int64_t wait_ms,
                               struct ldap_reply *reply, struct fault *why) __attribute__((warn_unused_result));
// Whether the server calls itself an Active Directory. False with `why` when no answer came.
bool ldap_link_is_domain_now(struct ldap_link *link, int64_t wait_ms, bool *is_domain, struct fault *why)
    __attribute__((warn_unused_result));
// Either an entry of the search `id`, or (`entry` is NULL) its or the bind's result. False: the link is to be closed.
typedef bool ldap_link_answer(void *arg, int id, const struct ldap_entry *entry, const struct ldap_result *result);
struct ldap_query {
    const char *base, *filter;
    bool subtree;                  // else only the base itself
    const char *const *attributes; // ends with NULL
    int size_limit, time_limit_s;
};
bool ldap_link_search_now(struct ldap_link *link, const struct ldap_query *query, int64_t wait_ms,
                          ldap_link_answer *answer, void *arg, struct ldap_reply *reply, struct fault *why)
    __attribute__((warn_unused_result));
// Takes one value of an attribute away and adds another, in one operation.
bool ldap_link_exchange_now(struct ldap_link *link, const char *dn, const char *attribute, struct ldap_bytes old_value,
                            struct ldap_bytes new_value, int64_t wait_ms, struct ldap_reply *reply, struct fault *why)
    __attribute__((warn_unused_result));
// Changes the password of who is bound (RFC 3062).
bool ldap_link_change_now(struct ldap_link *link, const struct secret *old_password, const struct secret *new_password,
                          int64_t wait_ms, struct ldap_reply *reply, struct fault *why)
    __attribute__((warn_unused_result));

// ---- Never blocking; all of it in the loop's thread, once the above is done.

int ldap_link_descriptor(const struct ldap_link *link);
void ldap_link_close(struct ldap_link *link); // NULL allowed

// False when the link has failed. `id` tells the answers apart. One bind at a time, and nothing beside it.
bool ldap_link_bind(struct ldap_link *link, const char *dn, const struct secret *password, int *id)
    __attribute__((warn_unused_result));
bool ldap_link_search(struct ldap_link *link, const struct ldap_query *query, int *id)
    __attribute__((warn_unused_result));
void ldap_link_abandon(struct ldap_link *link, int id);

// Hands on what has come: call it whenever the descriptor is readable, which it stays while there is more. False when
// the link has failed or talks nonsense, or `answer` said so.
bool ldap_link_drain(struct ldap_link *link, ldap_link_answer *answer, void *arg) __attribute__((warn_unused_result));
