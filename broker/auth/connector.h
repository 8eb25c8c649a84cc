// SPDX-License-Identifier: EUPL-1.2
// The thread of one tenant that does what blocks: connecting to the tenant's servers, in order, with growing waits for
// those that fail, and changing passwords on a connection of their own. All calls and callbacks in the loop's thread.
#pragma once
#include "broker/api/types.h"
#include "broker/auth/ldap.h"
#include "broker/base/loop.h"
#include "broker/core/port.h"

struct connector;

struct connector_port {
    void *arg;
    void (*ready)(void *arg, struct ldap_link *link, size_t server); // bound as the service account; now the callee's
    void (*down)(void *arg);                                         // no server could be reached just now
    void (*changed)(void *arg, void *who, enum auth_verdict verdict);
};

// `credentials`: the folder with <tenant>.password and <tenant>.ca.pem, read anew for every connection.
struct connector *connector_new(struct loop *loop, const struct tenant *tenant, const char *credentials,
                                int64_t wait_ms, const struct connector_port *port);
// The thread ends by itself as soon as what it does no longer blocks; nothing is called back any more.
void connector_free(struct connector *connector);
// Waits a moment for threads that are still ending, so that the program does not exit under them.
void connector_settle(void);

// The address of a server as the tenant's settings have it.
const char *connector_server(const struct connector *connector, size_t server);
// Why a server could not be reached that could not since; "" when there is none.
void connector_last_failure(struct connector *connector, char *last_failure, size_t size);

// So many more links are wanted, and tried for until they are there.
void connector_want(struct connector *connector, size_t links);
// A link to this server did not answer: try others first for a while.
void connector_blame(struct connector *connector, size_t server);
// Binds as `dn` and changes the password. `who` comes back with the verdict, for which see verdict_of_bind and
// verdict_of_change. Both passwords are copied and wiped.
void connector_change(struct connector *connector, const char *dn, const struct secret *old_password,
                      const struct secret *new_password, void *who);
// A link bound as `dn` by this password, now the connector's: the change that may follow needs no bind of its own,
// which may be one too many. The password is copied and wiped.
void connector_keep(struct connector *connector, const char *dn, const struct secret *password, struct ldap_link *link);
// Nobody waits for `who` any more.
void connector_forget(struct connector *connector, const void *who);
