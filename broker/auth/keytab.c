// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/keytab.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <krb5.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { CLOCK_SLACK_S = 300, PRINCIPALS_MAX = 64, NAME_ROOM = 200 };

// The newest key of a principal: with an older one nobody comes any more.
struct newest_key {
    char name[NAME_ROOM];
    krb5_kvno kvno;
    bool has_aes;
    krb5_enctype other; // when it has not
};

struct findings {
    struct newest_key principals[PRINCIPALS_MAX];
    size_t count;
    bool has_service, is_of_future;
};

static bool is_aes(krb5_enctype type)
{
    return type == ENCTYPE_AES128_CTS_HMAC_SHA1_96 || type == ENCTYPE_AES256_CTS_HMAC_SHA1_96 ||
           type == ENCTYPE_AES128_CTS_HMAC_SHA256_128 || type == ENCTYPE_AES256_CTS_HMAC_SHA384_192;
}

static struct newest_key *find_principal(struct findings *findings, const char *name)
{
    for (size_t i = 0; i < findings->count; i++)
        if (text_equal(findings->principals[i].name, name))
            return &findings->principals[i];
    if (findings->count == PRINCIPALS_MAX)
        return NULL;
    struct newest_key *found = &findings->principals[findings->count++];
    text_cut(found->name, sizeof found->name, name);
    return found;
}

static bool is_service_of(const char *name, const char *realm)
{
    const char *at = strrchr(name, '@');
    return text_starts(name, "HTTP/") && at && text_equal(at + 1, realm);
}

static void note_entry(struct findings *findings, const char *name, const char *realm, const krb5_keytab_entry *entry)
{
    struct newest_key *principal = find_principal(findings, name);
    findings->has_service = findings->has_service || is_service_of(name, realm);
    // Its 32 bits count beyond 2038.
    findings->is_of_future =
        findings->is_of_future || (int64_t)(uint32_t)entry->timestamp > (int64_t)time(NULL) + CLOCK_SLACK_S;
    if (!principal || entry->vno < principal->kvno)
        return;
    if (entry->vno > principal->kvno)
        principal->has_aes = false;
    principal->kvno = entry->vno;
    principal->has_aes = principal->has_aes || is_aes(entry->key.enctype);
    principal->other = entry->key.enctype;
}

static krb5_error_code read_entries(krb5_context context, krb5_keytab keytab, const char *realm,
                                    struct findings *findings)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    krb5_error_code error = krb5_kt_start_seq_get(context, keytab, &cursor);
    if (error)
        return error;
    while ((error = krb5_kt_next_entry(context, keytab, &entry, &cursor)) == 0) {
        char *name = NULL;
        if (krb5_unparse_name(context, entry.principal, &name) == 0)
            note_entry(findings, name, realm, &entry);
        krb5_free_unparsed_name(context, name);
        krb5_free_keytab_entry_contents(context, &entry);
    }
    krb5_kt_end_seq_get(context, keytab, &cursor);
    return error == KRB5_KT_END ? 0 : error;
}

static bool judge(const struct findings *findings, const char *path, const char *realm, struct fault *why)
{
    if (!findings->count)
        return fault_set(why, FAULT_INVALID, "%s: no key in it", path);
    for (size_t i = 0; i < findings->count; i++) {
        const struct newest_key *principal = &findings->principals[i];
        char type[64] = "unknown";
        krb5_enctype_to_name(principal->other, false, type, sizeof type);
        if (!principal->has_aes)
            return fault_set(why, FAULT_INVALID, "%s: the newest key of %s (kvno %u) is of type %s, AES is needed",
                             path, principal->name, (unsigned)principal->kvno, type);
    }
    if (realm[0] && !findings->has_service)
        return fault_set(why, FAULT_INVALID, "%s: no key of HTTP/... of the realm %s in it", path, realm);
    return !findings->is_of_future ||
           fault_set(why, FAULT_INVALID, "%s: was made in the future: a clock is wrong, here or where it was made",
                     path);
}

static bool read_keytab(krb5_context context, const char *path, const char *realm, struct fault *why)
{
    char name[512];
    krb5_keytab keytab;
    owned(bytes) struct findings *findings = mem_new(1, sizeof *findings);
    snprintf(name, sizeof name, "FILE:%s", path);
    krb5_error_code error = krb5_kt_resolve(context, name, &keytab);
    if (!error) {
        error = read_entries(context, keytab, realm, findings);
        krb5_kt_close(context, keytab);
    }
    if (!error)
        return judge(findings, path, realm, why);
    const char *sentence = krb5_get_error_message(context, error);
    fault_set(why, FAULT_UNAVAILABLE, "%s: %s", path, sentence);
    krb5_free_error_message(context, sentence);
    return false;
}

bool keytab_check(const char *path, const char *realm, struct fault *why)
{
    krb5_context context;
    if (krb5_init_context(&context) != 0)
        return fault_set(why, FAULT_UNAVAILABLE, "%s: Kerberos is not set up here: see krb5.conf(5)", path);
    bool fine = read_keytab(context, path, realm, why);
    krb5_free_context(context);
    return fine;
}
