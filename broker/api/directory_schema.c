// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/directory_schema.h"
#include "broker/base/text.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

// What a kind of directory calls things unless its tenant says otherwise.
struct preset {
    const char *logon_attributes, *person_classes, *id_attribute, *group_classes, *member_attributes;
    const char *marks[SCHEMA_MARKS_MAX + 1];
};

// A row a line.
// clang-format off
static const struct preset presets[] = {
    [DIRECTORY_OPENLDAP] = {"uid", "inetOrgPerson", "entryUUID", "groupOfNames", "memberOf", {"pwdAccountLockedTime", "pwdEndTime", "pwdPolicySubentry", NULL}},
    [DIRECTORY_389_DS] = {"uid", "nsPerson inetOrgPerson", "nsUniqueId", "groupOfNames groupOfUniqueNames", "member uniqueMember", {"nsAccountLock", "accountUnlockTime", NULL}},
    [DIRECTORY_FREEIPA] = {"uid", "inetOrgPerson", "ipaUniqueID", "ipaUserGroup", "memberOf", {"nsAccountLock", "krbPrincipalExpiration", NULL}},
    [DIRECTORY_UCS] = {"uid", "inetOrgPerson", "entryUUID", "univentionGroup", "uniqueMember", {"pwdAccountLockedTime", "pwdEndTime", "shadowExpire", "pwdPolicySubentry", NULL}},
    [DIRECTORY_ACTIVE_DIRECTORY] = {"sAMAccountName userPrincipalName", "user", "objectGUID", "group", "tokenGroups", {"userAccountControl", "accountExpires", "lockoutTime", "msDS-User-Account-Control-Computed", NULL}},
};
// clang-format on

// RFC 4512, 1.4: what may stand in a filter as it is.
static bool is_descriptor(const char *word, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return length > 0 && length < SCHEMA_WORD_SIZE && strspn(word, letters) > 0 && strspn(word, others) >= length;
}

static bool read_words(struct schema_words *words, const char *list)
{
    *words = (struct schema_words){.count = 0};
    for (const char *word = list; *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        if (words->count == SCHEMA_WORDS_MAX || !is_descriptor(word, length))
            return false;
        memcpy(words->at[words->count++], word, length);
        word += length;
    }
    return words->count > 0;
}

static bool has_word(const struct schema_words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcasecmp(words->at[i], word) == 0)
            return true;
    return false;
}

static bool take_words(struct schema_words *words, const char *own, const char *preset, const char *field,
                       struct fault *why)
{
    if (read_words(words, own[0] ? own : preset))
        return true;
    bool known = read_words(words, preset);
    assert(known);
    return fault_set(why, FAULT_INVALID, "%s: expected at most %d names of attributes or classes, not \"%.60s\"", field,
                     SCHEMA_WORDS_MAX, own);
}

enum logon_form schema_logon_form(const char *attribute)
{
    static const struct {
        const char *attribute;
        enum logon_form form;
    } rows[] = {{"uid", LOGON_NAME},
                {"cn", LOGON_NAME},
                {"sAMAccountName", LOGON_NAME},
                {"userPrincipalName", LOGON_PRINCIPAL},
                {"krbPrincipalName", LOGON_PRINCIPAL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcasecmp(rows[i].attribute, attribute) == 0)
            return rows[i].form;
    return LOGON_ADDRESS;
}

bool schema_member_is_name(const char *attribute)
{
    return strcasecmp(attribute, "memberUid") == 0;
}

static bool read_id(struct directory_schema *schema, const char *own, const char *preset, struct fault *why)
{
    static const char *const names[] = {"uid", "cn", "sn", "mail", "sAMAccountName", "userPrincipalName"};
    const char *id = own[0] ? own : preset;
    bool is_name = has_word(&schema->logon_attributes, id);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        is_name |= strcasecmp(names[i], id) == 0;
    bool good = !is_name && is_descriptor(id, strlen(id));
    text_put(schema->id_attribute, sizeof schema->id_attribute, good ? id : preset);
    return good || fault_set(why, FAULT_INVALID,
                             "id_attribute: expected an attribute whose values never change and are never given "
                             "again, such as entryUUID, not \"%.60s\"",
                             own);
}

static bool read_group_way(struct directory_schema *schema, const struct tenant *tenant, struct fault *why)
{
    const struct schema_words *members = &schema->member_attributes;
    bool tokens = has_word(members, "tokenGroups"), upward = has_word(members, "memberOf");
    bool good = (!tokens && !upward) || members->count == 1;
    good &= !tokens || tenant->directory == DIRECTORY_ACTIVE_DIRECTORY;
    if (!good && !read_words(&schema->member_attributes, presets[tenant->directory].member_attributes))
        assert(!"a preset can be read");
    schema->group_way = has_word(members, "tokenGroups") ? GROUPS_BY_TOKENS
                        : has_word(members, "memberOf")  ? GROUPS_BY_MEMBER_OF
                                                         : GROUPS_BY_SEARCH;
    return good || fault_set(why, FAULT_INVALID,
                             "member_attributes: memberOf, and tokenGroups of Active Directory, stand alone");
}

bool directory_schema_read(struct directory_schema *schema, const struct tenant *tenant, struct fault *why)
{
    assert(tenant->directory >= 0 && (size_t)tenant->directory < sizeof presets / sizeof *presets);
    const struct preset *preset = &presets[tenant->directory];
    bool good = take_words(&schema->logon_attributes, tenant->logon_attributes, preset->logon_attributes,
                           "logon_attributes", why);
    good &= take_words(&schema->person_classes, tenant->person_classes, preset->person_classes, "person_classes", why);
    good &= take_words(&schema->group_classes, tenant->group_classes, preset->group_classes, "group_classes", why);
    good &= take_words(&schema->member_attributes, tenant->member_attributes, preset->member_attributes,
                       "member_attributes", why);
    good &= read_id(schema, tenant->id_attribute, preset->id_attribute, why);
    good &= read_group_way(schema, tenant, why);
    memcpy(schema->marks, preset->marks, sizeof schema->marks);
    schema->has_addresses = false;
    for (size_t i = 0; i < schema->logon_attributes.count; i++)
        schema->has_addresses |= schema_logon_form(schema->logon_attributes.at[i]) == LOGON_ADDRESS;
    return good;
}
