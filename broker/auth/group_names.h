// SPDX-License-Identifier: EUPL-1.2
// Which group a setting means by a DN or a common name, as the directory has it below the base of groups. A common name
// stands for a group only while there is one of that name. What was found is remembered for a while.
#pragma once
#include "broker/api/directory_schema.h"
#include "broker/auth/ldap_pool.h"

struct group_names;

struct group_names *group_names_new(struct loop *loop, struct ldap_pool *pool, const struct tenant *tenant,
                                    const struct directory_schema *schema, int64_t keep_ms, int64_t deadline_ms);
// Answers what is still open with GROUP_UNKNOWN.
void group_names_free(struct group_names *names);

// Asks the directory. `done` comes later, exactly once.
void group_names_find(struct group_names *names, const char *group, group_done *done, void *arg);
// When a name was last searched, the directory knew no such base.
bool group_names_lack_base(const struct group_names *names);
// At once: `dn` is canonical, and "" unless GROUP_FOUND. A DN is GROUP_FOUND without asking, or GROUP_OUTSIDE.
// What `is_old` (NULL allowed) is good a little longer, for decisions under way.
enum group_standing group_names_get(struct group_names *names, const char *group, char dn[DN_SIZE], bool *is_old);
