// SPDX-License-Identifier: EUPL-1.2
// What a directory answers -> verdict and person. The first byte says which; the rest is cut into values by the byte
// 0xff.
#include "broker/auth/active_directory.h"
#include "broker/auth/logon_name.h"
#include "broker/auth/pac.h"
#include "broker/auth/person_entry.h"
#include "broker/auth/verdict.h"
#include "broker/base/text.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 32 };

struct parts {
    struct ldap_bytes at[PARTS_MAX];
    size_t count;
};

static struct parts cut(const uint8_t *data, size_t size)
{
    struct parts parts = {0};
    const char *from = (const char *)data;
    while (parts.count < PARTS_MAX) {
        const char *end = size ? memchr(from, 0xff, size) : NULL;
        size_t length = end ? (size_t)(end - from) : size;
        parts.at[parts.count++] = (struct ldap_bytes){from, length};
        if (!end)
            break;
        from += length + 1;
        size -= length + 1;
    }
    return parts;
}

static void judge(const uint8_t *data, size_t size)
{
    if (size < 2)
        return;
    char diagnostic[256] = "";
    size_t length = size - 2 < sizeof diagnostic - 1 ? size - 2 : sizeof diagnostic - 1;
    memcpy(diagnostic, data + 2, length);
    struct ldap_result result = {.code = data[0], .diagnostic = diagnostic};
    if (data[1] & 1)
        result.policy = (struct ldap_bytes){(const char *)data + 2, size - 2};
    enum directory_kind kind = data[1] & 2 ? DIRECTORY_ACTIVE_DIRECTORY : DIRECTORY_OPENLDAP;
    enum auth_verdict verdict = verdict_of_bind(kind, &result);
    assert(verdict != AUTH_REJECTED);
    assert(verdict != AUTH_RIGHT || result.code == RESULT_SUCCESS);
    enum auth_verdict changed = verdict_of_change(&result);
    assert((changed == AUTH_RIGHT) == (result.code == RESULT_SUCCESS));
    assert(changed != AUTH_WRONG && !(verdict_asks_for_another(changed) && result.code == RESULT_SUCCESS));
    assert((verdict_of_domain_change(&result) == AUTH_RIGHT) == (result.code == RESULT_SUCCESS));
}

static struct directory_schema schema_of(const struct tenant *tenant)
{
    struct directory_schema schema;
    struct fault why;
    bool good = directory_schema_read(&schema, tenant, &why);
    assert(good);
    return schema;
}

static void read_person(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"uid",
                                        "entryUUID",
                                        "displayName",
                                        "cn",
                                        "pwdAccountLockedTime",
                                        "pwdEndTime",
                                        "sAMAccountName",
                                        "objectGUID",
                                        "accountExpires",
                                        "userAccountControl",
                                        "userPrincipalName"};
    struct tenant tenant = {.id = "neustadt", .realm = "NEUSTADT", .directory = data[0] % DIRECTORY_KIND_COUNT};
    struct directory_schema schema = schema_of(&tenant);
    struct parts parts = cut(data + 1, size - 1);
    struct ldap_attribute attributes[PARTS_MAX];
    struct ldap_entry entry = {.attributes = attributes, .count = parts.count};
    struct person_entry_read person;
    for (size_t i = 0; i < parts.count; i++) {
        const char *name = names[i % (sizeof names / sizeof names[0])];
        attributes[i] = (struct ldap_attribute){{name, strlen(name)}, &parts.at[i], 1};
    }
    if (!person_entry_identity(&person, &tenant, &schema, "anna", &entry, 1800000000000))
        return;
    assert(person.user_name[0] && person.key[0] && person.name[0]);
    assert(text_is_clean(person.user_name, strlen(person.user_name)) &&
           text_is_clean(person.name, strlen(person.name)));
}

// Whatever is typed, the filter has the same shape.
static void read_name(const uint8_t *data, size_t size)
{
    struct tenant tenant = {
        .id = "neustadt", .realm = "NEUSTADT", .directory = size & 1 ? DIRECTORY_ACTIVE_DIRECTORY : 0};
    size_t openings = tenant.directory == DIRECTORY_ACTIVE_DIRECTORY ? 6 : 3;
    struct directory_schema schema = schema_of(&tenant);
    char *typed = calloc(1, size + 1), user_name[USER_NAME_SIZE], filter[FILTER_SIZE];
    memcpy(typed, data, size);
    if (logon_name_read(user_name, &tenant, &schema, typed)) {
        logon_name_filter(filter, &tenant, &schema, user_name);
        size_t opening = 0, stars = 0;
        for (const char *at = filter; *at; at++) {
            opening += *at == '(';
            stars += *at == '*';
        }
        assert(opening == openings && stars == 0);
    }
    free(typed);
}

// A new password is quoted and doubled, or refused as a whole; a security identifier is all digits; an account's name
// is clean.
static void quote(const uint8_t *data, size_t size)
{
    struct secret password;
    char quoted[ACTIVE_DIRECTORY_PASSWORD_MAX], filter[FILTER_SIZE];
    if (secret_set(&password, (const char *)data, size < SECRET_MAX ? size : SECRET_MAX)) {
        size_t length = active_directory_password(quoted, &password);
        assert(length == 0 || (length >= 4 && length % 2 == 0 && quoted[length - 2] == '"'));
    }
    char user_name[USER_NAME_SIZE];
    if (pac_user_name(user_name, (struct ldap_bytes){(const char *)data, size}))
        assert(user_name[0] && text_is_clean(user_name, strlen(user_name)));
    logon_name_sid_filter(filter, (struct ldap_bytes){(const char *)data, size < 68 ? size : 68});
    assert(strspn(filter + 11, "\\0123456789abcdef)") == strlen(filter) - 11);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    switch (data[0] % 4) {
    case 0:
        judge(data + 1, size - 1);
        break;
    case 1:
        read_person(data + 1, size - 1);
        break;
    case 3:
        quote(data + 1, size - 1);
        break;
    default:
        read_name(data + 1, size - 1);
    }
    return 0;
}
