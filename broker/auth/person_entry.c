// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/person_entry.h"
#include "broker/auth/ldap_dn.h"
#include "broker/auth/logon_name.h"
#include "broker/base/text.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum { BINARY_ID_LENGTH = 16, ACCOUNT_DISABLED = 0x2, ACCOUNT_LOCKED = 0x10 };

void person_entry_attributes(const char *attributes[PERSON_ATTRIBUTES_MAX], const struct directory_schema *schema)
{
    size_t count = 0;
    const char *group_attribute = person_entry_group_attribute(schema);
    for (size_t i = 0; i < schema->logon_attributes.count; i++)
        attributes[count++] = schema->logon_attributes.at[i];
    for (size_t i = 0; schema->marks[i]; i++)
        attributes[count++] = schema->marks[i];
    attributes[count++] = schema->id_attribute;
    attributes[count++] = "displayName";
    attributes[count++] = "cn";
    if (group_attribute)
        attributes[count++] = group_attribute;
    attributes[count] = NULL;
    assert(count < PERSON_ATTRIBUTES_MAX);
}

const char *person_entry_group_attribute(const struct directory_schema *schema)
{
    return schema->group_way == GROUPS_BY_SEARCH ? NULL : schema->member_attributes.at[0];
}

static struct ldap_bytes first_value(const struct ldap_entry *entry, const char *name)
{
    const struct ldap_attribute *attribute = ldap_entry_attribute(entry, name);
    return attribute && attribute->count > 0 ? attribute->values[0] : (struct ldap_bytes){"", 0};
}

// The order of several is the server's, and may be another tomorrow.
static struct ldap_bytes only_value(const struct ldap_entry *entry, const char *name)
{
    const struct ldap_attribute *attribute = ldap_entry_attribute(entry, name);
    return attribute && attribute->count == 1 ? attribute->values[0] : (struct ldap_bytes){"", 0};
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

// GeneralizedTime as slapd writes it, "20260301075930Z"; 0 for what cannot be read.
static int64_t time_ms(struct ldap_bytes time)
{
    char text[32];
    struct tm parts = {0};
    if (!copy_value(text, sizeof text, time) || !strptime(text, "%Y%m%d%H%M%S", &parts))
        return 0;
    return (int64_t)timegm(&parts) * 1000;
}

// What cannot be read is not over, nor is what 389 DS writes for ever, the beginning of 1970.
static bool is_over(struct ldap_bytes time, int64_t now_ms)
{
    int64_t until_ms = time_ms(time);
    return until_ms != 0 && until_ms <= now_ms;
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
static bool domain_expired(const struct ldap_entry *entry, int64_t now_ms)
{
    const int64_t from_1601_ms = 11644473600000;
    int64_t expires = number_value(entry, "accountExpires");
    return expires > 0 && expires < INT64_MAX && expires / 10000 - from_1601_ms <= now_ms;
}

// Only the marks of the directory's kind are in the entry. A lock without end is an administrator's.
static bool is_disabled(const struct ldap_entry *entry, int64_t now_ms)
{
    const int64_t day_ms = 86400000;
    int64_t last_day = number_value(entry, "shadowExpire");
    return ldap_bytes_equal(first_value(entry, "pwdAccountLockedTime"), "000001010000Z") ||
           is_over(first_value(entry, "pwdEndTime"), now_ms) ||
           is_over(first_value(entry, "krbPrincipalExpiration"), now_ms) ||
           ldap_bytes_equal(first_value(entry, "nsAccountLock"), "true") ||
           (last_day > 0 && last_day <= now_ms / day_ms) || domain_expired(entry, now_ms) ||
           (number_value(entry, "userAccountControl") & ACCOUNT_DISABLED);
}

// An Active Directory keeps lockoutTime when the lock is over, and computes what is so now.
static bool is_locked(const struct ldap_entry *entry, int64_t now_ms)
{
    struct ldap_bytes unlocked = first_value(entry, "accountUnlockTime");
    if (ldap_entry_attribute(entry, "msDS-User-Account-Control-Computed"))
        return number_value(entry, "msDS-User-Account-Control-Computed") & ACCOUNT_LOCKED;
    return ldap_entry_attribute(entry, "pwdAccountLockedTime") || (unlocked.length && !is_over(unlocked, now_ms)) ||
           number_value(entry, "lockoutTime") > 0;
}

int64_t person_entry_lock_s(const struct ldap_entry *policy)
{
    if (!ldap_bytes_equal(first_value(policy, "pwdLockout"), "TRUE"))
        return -1;
    int64_t lock_s = number_value(policy, "pwdLockoutDuration");
    return lock_s > 0 && lock_s < INT32_MAX ? lock_s : 0;
}

// The one that names the entry comes first, and what is rather an address last: hosts take no name with an "@".
static int rank_of(const struct ldap_entry *entry, const char *attribute, const char *user_name)
{
    if (ldap_dn_is_named(entry->dn, attribute, user_name))
        return 0;
    return strpbrk(user_name, "@ ") ? 2 : 1;
}

// One user name a person, whichever of its values was typed and in whatever order a server has them.
static bool choose_user_name(char user_name[USER_NAME_SIZE], const char *attribute, const struct ldap_entry *entry)
{
    const struct ldap_attribute *names = ldap_entry_attribute(entry, attribute);
    char value[USER_NAME_SIZE];
    int best = -1;
    for (size_t i = 0; names && i < names->count; i++) {
        if (!copy_value(value, sizeof value, names->values[i]))
            continue;
        int rank = rank_of(entry, attribute, value);
        if (best >= 0 && (rank > best || (rank == best && strcmp(value, user_name) >= 0)))
            continue;
        best = rank;
        text_put(user_name, USER_NAME_SIZE, value);
    }
    return best >= 0;
}

static bool has_name(const struct ldap_entry *entry, const struct tenant *tenant, const struct directory_schema *schema,
                     const char *user_name)
{
    bool has = false;
    for (size_t i = 0; i < schema->logon_attributes.count && !has; i++) {
        char value[USER_NAME_SIZE + NAME_SIZE];
        logon_name_value(value, tenant, schema->logon_attributes.at[i], user_name);
        has = has_value(entry, schema->logon_attributes.at[i], value);
    }
    return has;
}

// Binary ids (objectGUID) have 16 bytes. What is all hexadecimal digits may come in either case.
static bool read_key(char key[NAME_SIZE], struct ldap_bytes id)
{
    if (id.length == BINARY_ID_LENGTH) {
        text_hex(key, id.at, id.length);
        return true;
    }
    if (!copy_value(key, NAME_SIZE, id))
        return false;
    if (strspn(key, "0123456789abcdefABCDEF-") == id.length)
        text_lower(key);
    return true;
}

bool person_entry_identity(struct person_entry_read *person, const struct tenant *tenant,
                           const struct directory_schema *schema, const char *user_name, const struct ldap_entry *entry,
                           int64_t now_ms)
{
    person->user_name[0] = person->key[0] = person->name[0] = 0;
    person->lacks_id = !read_key(person->key, only_value(entry, schema->id_attribute));
    if (!has_name(entry, tenant, schema, user_name) || person->lacks_id ||
        !choose_user_name(person->user_name, schema->logon_attributes.at[0], entry))
        return false;
    person->disabled = is_disabled(entry, now_ms);
    person->locked = is_locked(entry, now_ms) && !person->disabled;
    person->locked_ms = person->locked ? time_ms(first_value(entry, "pwdAccountLockedTime")) : 0;
    person->policy[0] = 0;
    if (!copy_value(person->policy, sizeof person->policy, first_value(entry, "pwdPolicySubentry")))
        person->policy[0] = 0;
    copy_name(person->name, entry, person->user_name);
    return true;
}
