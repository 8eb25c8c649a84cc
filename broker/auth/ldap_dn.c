// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ldap_dn.h"
#include "broker/base/text.h"

#include <ldap.h>
#include <stdlib.h>
#include <string.h>

// RFC 4519; each short form is shorter than the others.
static const struct {
    const char *name, *shorter;
} type_rows[] = {
    {"commonName", "cn"},
    {"2.5.4.3", "cn"},
    {"organizationalUnitName", "ou"},
    {"2.5.4.11", "ou"},
    {"organizationName", "o"},
    {"2.5.4.10", "o"},
    {"domainComponent", "dc"},
    {"0.9.2342.19200300.100.1.25", "dc"},
    {"userid", "uid"},
    {"0.9.2342.19200300.100.1.1", "uid"},
    {"localityName", "l"},
    {"2.5.4.7", "l"},
    {"stateOrProvinceName", "st"},
    {"2.5.4.8", "st"},
    {"countryName", "c"},
    {"2.5.4.6", "c"},
};

static struct ldap_bytes bytes_of(const struct berval *value)
{
    return (struct ldap_bytes){value->bv_val, value->bv_len};
}

static bool parse_dn(struct ldap_bytes dn, LDAPDN *parts)
{
    struct berval given = {dn.length, (char *)(uintptr_t)dn.at};
    *parts = NULL;
    return dn.length > 0 && dn.length < DN_WRITTEN_SIZE &&
           ldap_bv2dn(&given, parts, LDAP_DN_FORMAT_LDAP) == LDAP_SUCCESS;
}

static void shorten_type(struct berval *type)
{
    for (size_t i = 0; i < sizeof type_rows / sizeof *type_rows; i++) {
        if (!ldap_bytes_equal(bytes_of(type), type_rows[i].name))
            continue;
        type->bv_len = strlen(type_rows[i].shorter);
        memcpy(type->bv_val, type_rows[i].shorter, type->bv_len);
        return;
    }
}

// None at the ends, one of several within.
static void squeeze_spaces(struct berval *value)
{
    size_t length = 0;
    for (size_t i = 0; i < value->bv_len; i++)
        if (value->bv_val[i] != ' ' || (length > 0 && value->bv_val[length - 1] != ' '))
            value->bv_val[length++] = value->bv_val[i];
    value->bv_len = length > 0 && value->bv_val[length - 1] == ' ' ? length - 1 : length;
}

static int compare_texts(const struct berval *a, const struct berval *b)
{
    int order = strncasecmp(a->bv_val, b->bv_val, a->bv_len < b->bv_len ? a->bv_len : b->bv_len);
    return order ? order : (a->bv_len > b->bv_len) - (a->bv_len < b->bv_len);
}

static int compare_parts(const void *a, const void *b)
{
    LDAPAVA *one = *(LDAPAVA *const *)a, *other = *(LDAPAVA *const *)b;
    int order = compare_texts(&one->la_attr, &other->la_attr);
    return order ? order : compare_texts(&one->la_value, &other->la_value);
}

static void settle_name(LDAPRDN name)
{
    size_t count = 0;
    for (; name[count]; count++) {
        shorten_type(&name[count]->la_attr);
        if (!(name[count]->la_flags & LDAP_AVA_BINARY))
            squeeze_spaces(&name[count]->la_value);
    }
    qsort(name, count, sizeof *name, compare_parts);
}

bool ldap_dn_canonical(char *to, size_t size, struct ldap_bytes dn)
{
    LDAPDN parts;
    char *text = NULL;
    to[0] = 0;
    if (!parse_dn(dn, &parts))
        return false;
    for (LDAPRDN *name = parts; name && *name; name++)
        settle_name(*name);
    bool fits = ldap_dn2str(parts, &text, LDAP_DN_FORMAT_LDAPV3 | LDAP_DN_PRETTY) == LDAP_SUCCESS && text &&
                text_is_clean(text, strlen(text)) && text_copy(to, size, text);
    ldap_dnfree(parts);
    ldap_memfree(text);
    text_lower_name(to);
    return fits;
}

// A comma within a name is written \2c.
bool ldap_dn_is_below(const char *dn, const char *base)
{
    size_t length = strlen(dn), tail = strlen(base);
    if (tail == 0 || text_equal(dn, base))
        return true;
    return length > tail && dn[length - tail - 1] == ',' && text_equal(dn + length - tail, base);
}

const char *ldap_dn_top(const char *dn)
{
    for (const char *part = dn; part; part = strchr(part, ',')) {
        part += *part == ',';
        if (text_starts(part, "dc=") || text_starts(part, "o=") || text_starts(part, "c="))
            return part;
    }
    return dn;
}

bool ldap_dn_equal(struct ldap_bytes a, struct ldap_bytes b)
{
    char one[DN_SIZE], other[DN_SIZE];
    return ldap_dn_canonical(one, sizeof one, a) && ldap_dn_canonical(other, sizeof other, b) && text_equal(one, other);
}

bool ldap_dn_is_named(struct ldap_bytes dn, const char *attribute, const char *value)
{
    LDAPDN parts;
    bool named = false;
    if (!parse_dn(dn, &parts))
        return false;
    for (LDAPAVA **pair = parts && parts[0] ? parts[0] : NULL; pair && *pair; pair++)
        named |= ldap_bytes_equal(bytes_of(&(*pair)->la_attr), attribute) &&
                 ldap_bytes_equal(bytes_of(&(*pair)->la_value), value);
    ldap_dnfree(parts);
    return named;
}
