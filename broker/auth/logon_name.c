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

bool logon_name_read(char login[LOGIN_SIZE], const struct tenant *tenant, const char *typed)
{
    login[0] = 0;
    size_t length = strnlen(typed, LOGIN_SIZE + NAME_SIZE);
    if (length >= LOGIN_SIZE + NAME_SIZE || !text_is_clean(typed, length))
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
    if (rest >= LOGIN_SIZE)
        return false;
    memcpy(login, start, rest);
    login[rest] = 0;
    text_lower_name(login);
    return true;
}

bool name_lacks_suffix(const struct tenant *tenant, const char *login)
{
    return tenant->realm[0] && !strchr(login, '@');
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

static void add_directory_names(struct filter *filter, const struct tenant *tenant, const char *login)
{
    add_fixed(filter, "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName=");
    add_value(filter, login, strlen(login));
    add_fixed(filter, ")(userPrincipalName=");
    add_value(filter, login, strlen(login));
    if (name_lacks_suffix(tenant, login)) {
        add_value(filter, "@", 1);
        add_value(filter, tenant->realm, strlen(tenant->realm));
    }
    add_fixed(filter, ")))");
}

void logon_name_filter(char filter[FILTER_SIZE], const struct tenant *tenant, const char *login)
{
    struct filter made = {.to = filter};
    assert(strlen(login) < LOGIN_SIZE);
    if (tenant->directory == DIRECTORY_ACTIVE_DIRECTORY) {
        add_directory_names(&made, tenant, login);
        return;
    }
    add_fixed(&made, "(&(objectClass=inetOrgPerson)(uid=");
    add_value(&made, login, strlen(login));
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
