// SPDX-License-Identifier: EUPL-1.2
// One tenant's directory: from a name and a password to a verdict and a person.
#pragma once
#include "broker/base/loop.h"
#include "broker/core/port.h"

struct directory;

// For 0 and NULL auth_new takes the value in brackets.
struct directory_config {
    // <tenant>.password: of the service account; <tenant>.ca.pem: the only authority believed for its servers; both
    // read anew for every connection. <tenant>.keytab: for tickets; read anew after `forget`.
    const char *credentials_dir;
    int64_t deadline_ms;    // for a whole answer; then AUTH_UNAVAILABLE [5000]
    int connections;        // kept per tenant for checking passwords, at most 64 [16]
    int64_t keep_groups_ms; // how long a group's own groups are remembered [60000]
    int64_t keep_names_ms;  // how long it is remembered where a name stands [300000]
    size_t most;            // requests of one tenant at a time; more are AUTH_UNAVAILABLE [4096]
};

// `tenant` is copied; `config` complete, its folder outlives the directory.
struct directory *directory_new(struct loop *loop, const struct tenant *tenant, const struct directory_config *config);
// Answers what is still open with AUTH_UNAVAILABLE. Not from within `done`.
void directory_free(struct directory *directory);

void directory_status(const struct directory *directory, struct directory_status *status);

// As in struct auth_port. `done` comes later, exactly once.
void directory_check(struct directory *directory, const char *name, const struct secret *password, auth_done *done,
                     void *arg);
void directory_look_up(struct directory *directory, const char *name, auth_done *done, void *arg);
// RIGHT with the person, REJECTED by the policy; EXPIRED when it is too late for the person to change it themselves.
// Active Directory: always UNAVAILABLE; the person's own kpasswd does it.
void directory_change(struct directory *directory, const char *name, const struct secret *old_password,
                      const struct secret *new_password, auth_done *done, void *arg);
