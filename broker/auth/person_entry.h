// SPDX-License-Identifier: EUPL-1.2
// From a directory's entry to a person. No state, no I/O; the entry is hostile.
#pragma once
#include "broker/api/directory_schema.h"
#include "broker/auth/ldap_types.h"
#include "broker/core/port.h"

struct person_entry_read {
    // The first logon attribute as the directory spells it, whatever was asked for. Of several values the one that
    // names the entry; when none does, the first in the order of their bytes, before all of them those without an "@"
    // or a space.
    char user_name[USER_NAME_SIZE];
    char key[NAME_SIZE];
    char name[NAME_SIZE];
    bool disabled; // by an administrator, or its time is over
    bool locked;   // after wrong passwords; whether still, the bind decides
    // Where the directory's policy says how long a lock lasts: since when it is locked, and the policy's DN, "" when
    // the entry names none. 0: it is said otherwise.
    int64_t locked_ms;
    char policy[DN_SIZE];
    bool lacks_id; // why it does not count
};

enum { PERSON_ATTRIBUTES_MAX = SCHEMA_WORDS_MAX + SCHEMA_MARKS_MAX + 5 };

// The only attributes that are asked for; ends with NULL. They live as long as the schema.
void person_entry_attributes(const char *attributes[PERSON_ATTRIBUTES_MAX], const struct directory_schema *schema);
// The attribute that holds the direct groups: DNs (memberOf), or SIDs with all nested ones (tokenGroups). NULL: they
// are to be searched.
const char *person_entry_group_attribute(const struct directory_schema *schema);
// Of a password policy's entry: how long its locks last, 0: without end, -1: it locks nobody.
int64_t person_entry_lock_s(const struct ldap_entry *policy);
// False when the entry is not this person's, or has no unchanging id: then it counts as if it were not there.
bool person_entry_identity(struct person_entry_read *person, const struct tenant *tenant,
                           const struct directory_schema *schema, const char *user_name, const struct ldap_entry *entry,
                           int64_t now_ms) __attribute__((warn_unused_result));
