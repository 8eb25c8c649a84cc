// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/kerberos_check.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <krb5.h>
#include <stdio.h>
#include <string.h>

struct kerberos {
    krb5_context context;
    krb5_keytab keytab;
    krb5_principal service;
    char name[256]; // of the service
};

static void kerberos_drop(struct kerberos *kerberos)
{
    if (!kerberos->context)
        return;
    krb5_free_principal(kerberos->context, kerberos->service);
    if (kerberos->keytab)
        krb5_kt_close(kerberos->context, kerberos->keytab);
    krb5_free_context(kerberos->context);
}

// The first key of a web server, which is what tickets for the broker are for.
static bool is_service(const struct kerberos *kerberos, krb5_const_principal principal, const char *realm)
{
    const krb5_data *own = &principal->realm;
    (void)kerberos;
    return own->length == strlen(realm) && memcmp(own->data, realm, own->length) == 0 && principal->length == 2 &&
           principal->data[0].length == 4 && memcmp(principal->data[0].data, "HTTP", 4) == 0;
}

static krb5_error_code find_service(struct kerberos *kerberos, const char *realm)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    krb5_error_code code = krb5_kt_start_seq_get(kerberos->context, kerberos->keytab, &cursor);
    if (code)
        return code;
    while (!kerberos->service && krb5_kt_next_entry(kerberos->context, kerberos->keytab, &entry, &cursor) == 0) {
        if (is_service(kerberos, entry.principal, realm))
            code = krb5_copy_principal(kerberos->context, entry.principal, &kerberos->service);
        krb5_free_keytab_entry_contents(kerberos->context, &entry);
    }
    krb5_kt_end_seq_get(kerberos->context, kerberos->keytab, &cursor);
    return code;
}

static void show_name(struct kerberos *kerberos)
{
    char *name = NULL;
    if (krb5_unparse_name(kerberos->context, kerberos->service, &name) == 0)
        text_cut(kerberos->name, sizeof kerberos->name, name);
    krb5_free_unparsed_name(kerberos->context, name);
    if (!text_is_clean(kerberos->name, strlen(kerberos->name)))
        TEXT_PUT(kerberos->name, "?");
}

static void tell_code(struct check_steps *steps, const struct kerberos *kerberos, const char *realm,
                      const char *keytab_file, krb5_error_code code)
{
    const char *text = krb5_get_error_message(kerberos->context, code);
    switch (code) {
    case 0:
        check_add(steps, CHECK_STEP_KERBEROS, CHECK_OK, "the KDC of %s takes the key of %s in %s", realm,
                  kerberos->name, keytab_file);
        break;
    case KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN: // a domain controller knows the service by the account it belongs to only
        check_add(steps, CHECK_STEP_KERBEROS, CHECK_OK,
                  "the KDC of %s answers; it does not let %s log on itself, so the key is not tried", realm,
                  kerberos->name);
        break;
    case KRB5KDC_ERR_PREAUTH_FAILED:
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
        check_add(steps, CHECK_STEP_KERBEROS, CHECK_FAILED,
                  "the key of %s in %s is not the one that the KDC of %s has: tickets are refused. Export the keytab "
                  "again.",
                  kerberos->name, keytab_file, realm);
        break;
    case KRB5KRB_AP_ERR_SKEW:
    case KRB5_KDCREP_SKEW:
        check_add(steps, CHECK_STEP_KERBEROS, CHECK_FAILED,
                  "the clocks of the KDC of %s and of the broker are too far apart. Set both by NTP.", realm);
        break;
    case KRB5_REALM_UNKNOWN:
    case KRB5_REALM_CANT_RESOLVE:
    case KRB5_KDC_UNREACH:
        check_add(steps, CHECK_STEP_KERBEROS, CHECK_WARNING,
                  "no KDC of %s can be found or reached from here (%s). Tickets of people are accepted all the same; "
                  "bind_method kerberos needs it: see krb5.conf and DNS.",
                  realm, text);
        break;
    default:
        check_add(steps, CHECK_STEP_KERBEROS, CHECK_FAILED, "the KDC of %s refuses the key of %s in %s: %s", realm,
                  kerberos->name, keytab_file, text);
    }
    krb5_free_error_message(kerberos->context, text);
}

static krb5_error_code ask_kdc(struct kerberos *kerberos)
{
    krb5_creds credentials = {0};
    krb5_error_code code =
        krb5_get_init_creds_keytab(kerberos->context, &credentials, kerberos->service, kerberos->keytab, 0, NULL, NULL);
    krb5_free_cred_contents(kerberos->context, &credentials);
    return code;
}

bool kerberos_check(struct check_steps *steps, const char *realm, const char *keytab_file, int64_t *ahead_s)
{
    owned(kerberos) struct kerberos kerberos = {0};
    krb5_timestamp seconds = 0;
    krb5_int32 micros = 0;
    char keytab[600];
    snprintf(keytab, sizeof keytab, "FILE:%s", keytab_file);
    if (krb5_init_context(&kerberos.context) != 0) {
        kerberos.context = NULL;
        check_add(steps, CHECK_STEP_KERBEROS, CHECK_FAILED, "the broker's krb5.conf cannot be used");
        return false;
    }
    krb5_error_code code = krb5_kt_resolve(kerberos.context, keytab, &kerberos.keytab);
    if (code || (code = find_service(&kerberos, realm))) {
        const char *text = krb5_get_error_message(kerberos.context, code);
        check_add(steps, CHECK_STEP_KERBEROS, CHECK_FAILED,
                  "a realm is set, but %s cannot be read: %s. Export a keytab for HTTP/ and the broker's name.",
                  keytab_file, text);
        krb5_free_error_message(kerberos.context, text);
        return false;
    }
    if (!kerberos.service) {
        check_add(steps, CHECK_STEP_KERBEROS, CHECK_FAILED,
                  "%s has no key of HTTP/ and a name in the realm %s. Export a keytab for HTTP/ and the broker's name.",
                  keytab_file, realm);
        return false;
    }
    show_name(&kerberos);
    code = ask_kdc(&kerberos);
    tell_code(steps, &kerberos, realm, keytab_file, code);
    if (code || krb5_get_time_offsets(kerberos.context, &seconds, &micros) != 0)
        return false;
    *ahead_s = seconds;
    return true;
}
