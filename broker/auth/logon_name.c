// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/logon_name.h"
#include "broker/base/text.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

// A suffix selects nothing here: the tenant is already known. It must only not contradict it.
static bool suffix_fits(const struct tenant *tenant, const char *suffix)
{
    return (tenant->realm[0] && strcasecmp(suffix, tenant->realm) == 0) || strcasecmp(suffix, tenant->id) == 0;
}

bool logon_name_read(char user_name[USER_NAME_SIZE], const struct tenant *tenant, const char *typed)
{
    user_name[0] = 0;
    size_t length = strnlen(typed, USER_NAME_SIZE + NAME_SIZE);
    if (length >= USER_NAME_SIZE + NAME_SIZE || !text_is_clean(typed, length))
        return false;
    const char *slash = strchr(typed, '\\');
    const char *start = slash ? slash + 1 : typed;
    const char *at = strrchr(start, '@');
    size_t rest = at ? (size_t)(at - start) : strlen(start);
    if (rest == 0 || memchr(start, '@', rest) || memchr(start, '\\', rest))
        return false;
    if (at && !suffix_fits(tenant, at + 1)) {
        if (slash || !at[1] || tenant->directory != DIRECTORY_ACTIVE_DIRECTORY)
            return false;
        rest = strlen(start);
    }
    if (rest >= USER_NAME_SIZE)
        return false;
    memcpy(user_name, start, rest);
    user_name[rest] = 0;
    text_lower_name(user_name);
    return true;
}

bool name_lacks_suffix(const struct tenant *tenant, const char *user_name)
{
    return tenant->realm[0] && !strchr(user_name, '@');
}

struct filter {
    char *to;
    size_t length;
};

// Only ever handed string literals: what comes from outside goes through add_value.
static void add_fixed(struct filter *filter, const char *text)
{
    size_t length = strlen(text);
    assert(filter->length + length < FILTER_SIZE);
    memcpy(filter->to + filter->length, text, length + 1);
    filter->length += length;
}

static bool is_harmless(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '@';
}

static void add_value(struct filter *filter, const char *bytes, size_t length)
{
    assert(filter->length + 3 * length < FILTER_SIZE);
    for (size_t i = 0; i < length; i++) {
        if (is_harmless(bytes[i])) {
            filter->to[filter->length++] = bytes[i];
            continue;
        }
        filter->to[filter->length++] = '\\';
        text_hex(filter->to + filter->length, bytes + i, 1);
        filter->length += 2;
    }
    filter->to[filter->length] = 0;
}

static void add_directory_names(struct filter *filter, const struct tenant *tenant, const char *user_name)
{
    add_fixed(filter, "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName=");
    add_value(filter, user_name, strlen(user_name));
    add_fixed(filter, ")(userPrincipalName=");
    add_value(filter, user_name, strlen(user_name));
    if (name_lacks_suffix(tenant, user_name)) {
        add_value(filter, "@", 1);
        add_value(filter, tenant->realm, strlen(tenant->realm));
    }
    add_fixed(filter, ")))");
}

void logon_name_filter(char filter[FILTER_SIZE], const struct tenant *tenant, const char *user_name)
{
    struct filter made = {.to = filter};
    assert(strlen(user_name) < USER_NAME_SIZE);
    if (tenant->directory == DIRECTORY_ACTIVE_DIRECTORY) {
        add_directory_names(&made, tenant, user_name);
        return;
    }
    add_fixed(&made, "(&(objectClass=inetOrgPerson)(uid=");
    add_value(&made, user_name, strlen(user_name));
    add_fixed(&made, "))");
}

void logon_name_sid_filter(char filter[FILTER_SIZE], struct ldap_bytes sid)
{
    struct filter made = {.to = filter};
    add_fixed(&made, "(objectSid=");
    for (size_t i = 0; i < sid.length; i++) {
        char pair[] = {'\\', 0, 0, 0};
        text_hex(pair + 1, sid.at + i, 1);
        add_fixed(&made, pair);
    }
    add_fixed(&made, ")");
}
