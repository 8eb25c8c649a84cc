// SPDX-License-Identifier: EUPL-1.2
// One tenant's directory: from a name and a password to a verdict and a person.
#pragma once
#include "broker/auth/directory_config.h"
#include "broker/auth/group_names.h"
#include "broker/base/loop.h"
#include "broker/core/port.h"

struct directory;

// `tenant` is copied; `config` complete, its folder outlives the directory.
struct directory *directory_new(struct loop *loop, const struct tenant *tenant, const struct directory_config *config);
// Answers what is still open with AUTH_UNAVAILABLE. Not from within `done`.
void directory_free(struct directory *directory);

struct group_names *directory_group_names(struct directory *directory);
void directory_status(const struct directory *directory, struct directory_status *status);

// As in struct auth_port. `done` comes later, exactly once.
void directory_check(struct directory *directory, const char *name, const struct secret *password, auth_done *done,
                     void *arg);
void directory_look_up(struct directory *directory, const char *name, auth_done *done, void *arg);
void directory_explain(struct directory *directory, const char *name, auth_explained *done, void *arg);
// RIGHT with the person, REJECTED by the policy, or why; TOO_LATE when the person may not change it themselves any
// more. Active Directory: always UNAVAILABLE; the person's own kpasswd does it.
void directory_change(struct directory *directory, const char *name, const struct secret *old_password,
                      const struct secret *new_password, auth_done *done, void *arg);
