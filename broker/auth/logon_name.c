// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/logon_name.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static bool takes_suffixes(const struct directory_schema *schema)
{
    bool takes = schema->has_addresses;
    for (size_t i = 0; i < schema->logon_attributes.count; i++)
        takes |= schema_logon_form(schema->logon_attributes.at[i]) == LOGON_PRINCIPAL;
    return takes;
}

bool logon_name_read(char user_name[USER_NAME_SIZE], const struct tenant *tenant, const struct directory_schema *schema,
                     const char *typed)
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
    // It chose the tenant already, and must not contradict it.
    bool fits = at && tenant_has_suffix(tenant, at + 1);
    if (at && !fits && (slash || !at[1] || !takes_suffixes(schema)))
        return false;
    if (at && !slash && (!fits || schema->has_addresses))
        rest = strlen(start);
    if (rest >= USER_NAME_SIZE)
        return false;
    memcpy(user_name, start, rest);
    user_name[rest] = 0;
    text_lower_name(user_name);
    return true;
}

void logon_name_value(char value[USER_NAME_SIZE + NAME_SIZE], const struct tenant *tenant, const char *attribute,
                      const char *user_name)
{
    enum logon_form form = schema_logon_form(attribute);
    const char *at = strrchr(user_name, '@');
    bool ours = at && tenant_has_suffix(tenant, at + 1);
    int length = ours && form != LOGON_ADDRESS ? (int)(at - user_name) : (int)strlen(user_name);
    bool lacks_realm = form == LOGON_PRINCIPAL && tenant->realm[0] && (!at || ours);
    assert(length < USER_NAME_SIZE);
    snprintf(value, USER_NAME_SIZE + NAME_SIZE, "%.*s%s%s", length, user_name, lacks_realm ? "@" : "",
             lacks_realm ? tenant->realm : "");
}

struct filter {
    char *to;
    size_t length;
};

// Only ever handed string literals and the names of a schema: what else comes from outside goes through add_value.
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

static void add_classes(struct filter *filter, const struct schema_words *classes)
{
    add_fixed(filter, classes->count > 1 ? "(|" : "");
    for (size_t i = 0; i < classes->count; i++) {
        add_fixed(filter, "(objectClass=");
        add_fixed(filter, classes->at[i]);
        add_fixed(filter, ")");
    }
    add_fixed(filter, classes->count > 1 ? ")" : "");
}

static void add_equality(struct filter *filter, const char *attribute, struct ldap_bytes value)
{
    add_fixed(filter, "(");
    add_fixed(filter, attribute);
    add_fixed(filter, "=");
    add_value(filter, value.at, value.length);
    add_fixed(filter, ")");
}

// A computer is a user, too, to an Active Directory.
static void begin_person(struct filter *filter, const struct tenant *tenant, const struct directory_schema *schema)
{
    add_fixed(filter, tenant->directory == DIRECTORY_ACTIVE_DIRECTORY ? "(&(objectCategory=person)" : "(&");
    add_classes(filter, &schema->person_classes);
}

static void add_names(struct filter *filter, const struct tenant *tenant, const struct directory_schema *schema,
                      const char *user_name)
{
    const struct schema_words *names = &schema->logon_attributes;
    assert(strlen(user_name) < USER_NAME_SIZE);
    add_fixed(filter, names->count > 1 ? "(|" : "");
    for (size_t i = 0; i < names->count; i++) {
        char value[USER_NAME_SIZE + NAME_SIZE];
        logon_name_value(value, tenant, names->at[i], user_name);
        add_equality(filter, names->at[i], (struct ldap_bytes){value, strlen(value)});
    }
    add_fixed(filter, names->count > 1 ? ")" : "");
}

void logon_name_filter(char filter[FILTER_SIZE], const struct tenant *tenant, const struct directory_schema *schema,
                       const char *user_name)
{
    struct filter made = {.to = filter};
    begin_person(&made, tenant, schema);
    add_names(&made, tenant, schema, user_name);
    add_fixed(&made, ")");
}

void logon_name_classless_filter(char filter[FILTER_SIZE], const struct tenant *tenant,
                                 const struct directory_schema *schema, const char *user_name)
{
    struct filter made = {.to = filter};
    add_names(&made, tenant, schema, user_name);
}

void logon_name_any_filter(char filter[FILTER_SIZE], const struct tenant *tenant, const struct directory_schema *schema)
{
    struct filter made = {.to = filter};
    begin_person(&made, tenant, schema);
    add_fixed(&made, "(");
    add_fixed(&made, schema->logon_attributes.at[0]);
    add_fixed(&made, "=*))");
}

void logon_name_any_group_filter(char filter[FILTER_SIZE], const struct directory_schema *schema)
{
    struct filter made = {.to = filter};
    add_classes(&made, &schema->group_classes);
}

void logon_name_member_filter(char filter[FILTER_SIZE], const struct directory_schema *schema, struct ldap_bytes dn,
                              const char *user_name)
{
    struct filter made = {.to = filter};
    const struct schema_words *members = &schema->member_attributes;
    assert(dn.length < DN_WRITTEN_SIZE && (!user_name || strlen(user_name) < USER_NAME_SIZE));
    add_fixed(&made, "(&");
    add_classes(&made, &schema->group_classes);
    add_fixed(&made, "(|");
    for (size_t i = 0; i < members->count; i++)
        if (!schema_member_is_name(members->at[i]))
            add_equality(&made, members->at[i], dn);
        else if (user_name)
            add_equality(&made, members->at[i], (struct ldap_bytes){user_name, strlen(user_name)});
    add_fixed(&made, "))");
}

void logon_name_group_filter(char filter[FILTER_SIZE], const struct directory_schema *schema, const char *name)
{
    struct filter made = {.to = filter};
    add_fixed(&made, "(&");
    add_classes(&made, &schema->group_classes);
    add_equality(&made, "cn", (struct ldap_bytes){name, strlen(name)});
    add_fixed(&made, ")");
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
