// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/person_entry.h"
#include "broker/auth/ldap_dn.h"
#include "broker/auth/logon_name.h"
#include "broker/base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { UUID_LENGTH = 36, GUID_LENGTH = 16, ACCOUNT_DISABLED = 0x2 };

static const char *const posix_attributes[] = {
    "uid", "entryUUID", "displayName", "cn", "memberOf", "pwdAccountLockedTime", "pwdEndTime", NULL};
static const char *const domain_attributes[] = {
    "sAMAccountName",     "userPrincipalName", "objectGUID",  "displayName", "cn",
    "userAccountControl", "accountExpires",    "lockoutTime", "tokenGroups", NULL};

const char *const *person_entry_attributes(enum directory_kind kind)
{
    return kind == DIRECTORY_ACTIVE_DIRECTORY ? domain_attributes : posix_attributes;
}

const char *person_entry_group_attribute(enum directory_kind kind)
{
    return kind == DIRECTORY_ACTIVE_DIRECTORY ? "tokenGroups" : "memberOf";
}

static struct ldap_bytes first_value(const struct ldap_entry *entry, const char *name)
{
    const struct ldap_attribute *attribute = ldap_entry_attribute(entry, name);
    return attribute && attribute->count > 0 ? attribute->values[0] : (struct ldap_bytes){"", 0};
}

static bool has_value(const struct ldap_entry *entry, const char *name, const char *value)
{
    const struct ldap_attribute *attribute = ldap_entry_attribute(entry, name);
    for (size_t i = 0; attribute && i < attribute->count; i++)
        if (ldap_bytes_equal(attribute->values[i], value))
            return true;
    return false;
}

// False, and `to` empty, when the value is missing, too long or not clean.
static bool copy_value(char *to, size_t size, struct ldap_bytes value)
{
    to[0] = 0;
    if (value.length == 0 || value.length >= size || !text_is_clean(value.at, value.length))
        return false;
    memcpy(to, value.at, value.length);
    to[value.length] = 0;
    return true;
}

static void copy_name(char to[NAME_SIZE], const struct ldap_entry *entry, const char *user_name)
{
    if (!copy_value(to, NAME_SIZE, first_value(entry, "displayName")) &&
        !copy_value(to, NAME_SIZE, first_value(entry, "cn")))
        text_put(to, NAME_SIZE, user_name);
}

// GeneralizedTime as slapd writes it, "20260301075930Z". What cannot be read is not over.
static bool is_over(struct ldap_bytes time, int64_t now_ms)
{
    char text[32];
    struct tm parts = {0};
    if (!copy_value(text, sizeof text, time) || !strptime(text, "%Y%m%d%H%M%S", &parts))
        return false;
    return (int64_t)timegm(&parts) * 1000 <= now_ms;
}

// A lock without end is an administrator's; one with a time is the policy's, for wrong passwords.
static bool posix_disabled(const struct ldap_entry *entry, int64_t now_ms)
{
    return ldap_bytes_equal(first_value(entry, "pwdAccountLockedTime"), "000001010000Z") ||
           is_over(first_value(entry, "pwdEndTime"), now_ms);
}

static bool posix_locked(const struct ldap_entry *entry)
{
    return ldap_entry_attribute(entry, "pwdAccountLockedTime") && !posix_disabled(entry, INT64_MIN);
}

static int64_t number_value(const struct ldap_entry *entry, const char *name)
{
    char text[32];
    int64_t number = 0;
    if (!copy_value(text, sizeof text, first_value(entry, name)) || !text_number(text, INT64_MIN, INT64_MAX, &number))
        return 0;
    return number;
}

// accountExpires counts 100 ns from 1601; 0 and the largest number mean never.
static bool domain_disabled(const struct ldap_entry *entry, int64_t now_ms)
{
    const int64_t from_1601_ms = 11644473600000;
    int64_t expires = number_value(entry, "accountExpires");
    bool over = expires > 0 && expires < INT64_MAX && expires / 10000 - from_1601_ms <= now_ms;
    return over || (number_value(entry, "userAccountControl") & ACCOUNT_DISABLED);
}

// The one that names the entry comes first, and what is rather an address last: hosts take no name with an "@".
static int rank_of(const struct ldap_entry *entry, const char *user_name)
{
    if (ldap_dn_is_named(entry->dn, "uid", user_name))
        return 0;
    return strpbrk(user_name, "@ ") ? 2 : 1;
}

// One user name a person, whichever of its values was typed and in whatever order a server has them.
static bool choose_user_name(char user_name[USER_NAME_SIZE], const struct ldap_entry *entry)
{
    const struct ldap_attribute *uid = ldap_entry_attribute(entry, "uid");
    char value[USER_NAME_SIZE];
    int best = -1;
    for (size_t i = 0; uid && i < uid->count; i++) {
        if (!copy_value(value, sizeof value, uid->values[i]))
            continue;
        int rank = rank_of(entry, value);
        if (best >= 0 && (rank > best || (rank == best && strcmp(value, user_name) >= 0)))
            continue;
        best = rank;
        text_put(user_name, USER_NAME_SIZE, value);
    }
    return best >= 0;
}

static bool read_posix(struct person_entry_read *person, const char *user_name, const struct ldap_entry *entry,
                       int64_t now_ms)
{
    struct ldap_bytes uuid = first_value(entry, "entryUUID");
    if (!has_value(entry, "uid", user_name) || uuid.length != UUID_LENGTH ||
        !copy_value(person->key, NAME_SIZE, uuid) || !choose_user_name(person->user_name, entry))
        return false;
    text_lower(person->key);
    person->disabled = posix_disabled(entry, now_ms);
    person->locked = posix_locked(entry);
    return true;
}

static bool has_principal(const struct ldap_entry *entry, const struct tenant *tenant, const char *user_name)
{
    char principal[USER_NAME_SIZE + NAME_SIZE];
    bool lacks_suffix = name_lacks_suffix(tenant, user_name);
    snprintf(principal, sizeof principal, "%s%s%s", user_name, lacks_suffix ? "@" : "",
             lacks_suffix ? tenant->realm : "");
    return has_value(entry, "userPrincipalName", principal);
}

static bool read_domain(struct person_entry_read *person, const struct tenant *tenant, const char *user_name,
                        const struct ldap_entry *entry, int64_t now_ms)
{
    struct ldap_bytes guid = first_value(entry, "objectGUID");
    bool named = has_value(entry, "sAMAccountName", user_name) || has_principal(entry, tenant, user_name);
    if (!named || guid.length != GUID_LENGTH ||
        !copy_value(person->user_name, USER_NAME_SIZE, first_value(entry, "sAMAccountName")))
        return false;
    text_hex(person->key, guid.at, guid.length);
    person->disabled = domain_disabled(entry, now_ms);
    person->locked = number_value(entry, "lockoutTime") > 0;
    return true;
}

bool person_entry_identity(struct person_entry_read *person, const struct tenant *tenant, const char *user_name,
                           const struct ldap_entry *entry, int64_t now_ms)
{
    person->user_name[0] = person->key[0] = person->name[0] = 0;
    bool known = tenant->directory == DIRECTORY_ACTIVE_DIRECTORY ? read_domain(person, tenant, user_name, entry, now_ms)
                                                                 : read_posix(person, user_name, entry, now_ms);
    if (known)
        copy_name(person->name, entry, person->user_name);
    return known;
}
