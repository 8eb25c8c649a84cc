// SPDX-License-Identifier: EUPL-1.2
// What a tenant's directory calls things: its own words, and the preset of its kind where it has none.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"

enum { SCHEMA_WORDS_MAX = 4, SCHEMA_WORD_SIZE = 64, SCHEMA_MARKS_MAX = 4 };

struct schema_words {
    char at[SCHEMA_WORDS_MAX][SCHEMA_WORD_SIZE];
    size_t count; // never 0
};

// How it is found out which groups somebody is in.
enum group_way {
    GROUPS_BY_MEMBER_OF, // the entries of people and groups name them (memberOf)
    GROUPS_BY_TOKENS,    // the person's entry names them all, nested ones too (tokenGroups of Active Directory)
    GROUPS_BY_SEARCH,    // the groups name their members
};

struct directory_schema {
    struct schema_words logon_attributes; // the first is the user name at session hosts
    struct schema_words person_classes;   // of any of these
    struct schema_words group_classes;
    struct schema_words member_attributes;
    char id_attribute[SCHEMA_WORD_SIZE]; // unchanging
    enum group_way group_way;
    bool has_addresses;                      // some logon attribute may hold "name@suffix" with any suffix
    const char *marks[SCHEMA_MARKS_MAX + 1]; // attributes that tell of accounts that are disabled or locked; NULL
};

// What a value of a logon attribute looks like.
enum logon_form {
    LOGON_NAME,      // never with a suffix: uid, cn, sAMAccountName
    LOGON_PRINCIPAL, // ends in the realm where nothing else was typed: userPrincipalName, krbPrincipalName
    LOGON_ADDRESS,   // anything, such as mail
};

enum logon_form schema_logon_form(const char *attribute);
// Members by user name (memberUid); all others by DN.
bool schema_member_is_name(const char *attribute);
// False with a sentence for a field that cannot be right; then the preset of the kind is in its place.
bool directory_schema_read(struct directory_schema *schema, const struct tenant *tenant, struct fault *why);
