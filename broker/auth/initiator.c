// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/initiator.h"
#include "broker/base/mem.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYER_NONE = 1, LAYER_SIZE = 4 };

static const char binding_kind[] = "tls-server-end-point:";
enum { KIND_LENGTH = sizeof binding_kind - 1 };

struct initiator {
    enum { STEP_CONTEXT, STEP_LAYER, STEP_DONE } step;
    char cache[48]; // of this one alone, so that nobody's ticket serves another tenant
    gss_cred_id_t credentials;
    gss_name_t target;
    gss_ctx_id_t context;
    gss_buffer_desc say;
    unsigned char binding[KIND_LENGTH + EVP_MAX_MD_SIZE];
    size_t binding_length;
};

static bool fail(struct fault *why, const char *doing, OM_uint32 major, OM_uint32 minor)
{
    OM_uint32 ignored, more = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    int kind = minor ? GSS_C_MECH_CODE : GSS_C_GSS_CODE;
    gss_display_status(&ignored, minor ? minor : major, kind, minor ? gss_mech_krb5 : GSS_C_NO_OID, &more, &text);
    fault_set(why, FAULT_UNAVAILABLE, "%s: %.*s", doing, (int)text.length, (const char *)text.value);
    gss_release_buffer(&ignored, &text);
    return false;
}

// ---- The channel binding

// The certificate's own hash, never a weaker one than SHA-256 (RFC 5929, section 4.1).
static const EVP_MD *digest_of(const X509 *certificate)
{
    int digest = NID_undef;
    X509_get_signature_info((X509 *)(uintptr_t)certificate, &digest, NULL, NULL, NULL);
    const EVP_MD *found =
        digest == NID_undef || digest == NID_md5 || digest == NID_sha1 ? NULL : EVP_get_digestbynid(digest);
    return found ? found : EVP_sha256();
}

static bool bind_to(struct initiator *initiator, struct bytes der, struct fault *why)
{
    const unsigned char *at = (const unsigned char *)der.at;
    unsigned length = 0;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.length);
    memcpy(initiator->binding, binding_kind, KIND_LENGTH);
    bool made =
        certificate && X509_digest(certificate, digest_of(certificate), initiator->binding + KIND_LENGTH, &length) == 1;
    X509_free(certificate);
    initiator->binding_length = KIND_LENGTH + length;
    return made || fault_set(why, FAULT_UNAVAILABLE, "the server's certificate cannot be read");
}

// ---- Names and credentials

static bool import_name(gss_name_t *name, const char *text, struct fault *why)
{
    gss_buffer_desc given = {strlen(text), (char *)(uintptr_t)text};
    OM_uint32 minor = 0, major = gss_import_name(&minor, &given, GSS_KRB5_NT_PRINCIPAL_NAME, name);
    return !GSS_ERROR(major) || fail(why, text, major, minor);
}

static bool acquire(struct initiator *initiator, const struct initiator_config *config, struct fault *why)
{
    static gss_OID_desc kerberos = {9, (char *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"};
    static atomic_uint number;
    char keytab[512];
    gss_name_t name = GSS_C_NO_NAME;
    snprintf(keytab, sizeof keytab, "FILE:%s", config->keytab);
    snprintf(initiator->cache, sizeof initiator->cache, "MEMORY:pult-service-%u", atomic_fetch_add(&number, 1));
    gss_key_value_element_desc elements[] = {{"client_keytab", keytab}, {"ccache", initiator->cache}};
    gss_key_value_set_desc store = {2, elements};
    gss_OID_set_desc mechanisms = {1, &kerberos};
    if (!import_name(&name, config->principal, why))
        return false;
    OM_uint32 ignored, minor = 0;
    OM_uint32 major = gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE, &store,
                                            &initiator->credentials, NULL, NULL);
    gss_release_name(&ignored, &name);
    return !GSS_ERROR(major) || fail(why, "ticket of the service account", major, minor);
}

struct initiator *initiator_new(const struct initiator_config *config, struct fault *why)
{
    char target[600];
    struct initiator *initiator = mem_new(1, sizeof *initiator);
    snprintf(target, sizeof target, "ldap/%s@%s", config->host, config->realm);
    if (bind_to(initiator, config->server_certificate, why) && import_name(&initiator->target, target, why) &&
        acquire(initiator, config, why))
        return initiator;
    initiator_free(initiator);
    return NULL;
}

// Released credentials leave a cache in memory behind.
static void destroy_cache(const char *name)
{
    krb5_context context = NULL;
    krb5_ccache cache = NULL;
    if (!name[0] || krb5_init_context(&context) != 0)
        return;
    if (krb5_cc_resolve(context, name, &cache) == 0)
        krb5_cc_destroy(context, cache);
    krb5_free_context(context);
}

void initiator_free(struct initiator *initiator)
{
    OM_uint32 minor;
    if (!initiator)
        return;
    gss_release_buffer(&minor, &initiator->say);
    gss_delete_sec_context(&minor, &initiator->context, GSS_C_NO_BUFFER);
    gss_release_name(&minor, &initiator->target);
    gss_release_cred(&minor, &initiator->credentials);
    destroy_cache(initiator->cache);
    free(initiator);
}

// ---- The steps

// Neither signed nor sealed is asked for: over TLS a domain controller refuses that (RFC 4513, section 5.2.1).
static bool step_context(struct initiator *initiator, gss_buffer_desc *said, struct fault *why)
{
    struct gss_channel_bindings_struct binding = {
        .application_data = {initiator->binding_length, initiator->binding},
    };
    OM_uint32 minor = 0, flags = 0;
    OM_uint32 major = gss_init_sec_context(&minor, initiator->credentials, &initiator->context, initiator->target,
                                           (gss_OID)gss_mech_krb5, GSS_C_MUTUAL_FLAG, 0, &binding, said, NULL,
                                           &initiator->say, &flags, NULL);
    if (GSS_ERROR(major))
        return fail(why, "ticket for the directory", major, minor);
    if (major != GSS_S_COMPLETE)
        return true;
    initiator->step = STEP_LAYER;
    return (flags & GSS_C_MUTUAL_FLAG) || fault_set(why, FAULT_UNAVAILABLE, "the directory does not prove itself");
}

// The server offers layers, a bit each, and the size of its buffer; the answer takes "none". No other identity.
static bool step_layer(struct initiator *initiator, gss_buffer_desc *said, struct fault *why)
{
    static char none[LAYER_SIZE] = {LAYER_NONE, 0, 0, 0};
    gss_buffer_desc offer = GSS_C_EMPTY_BUFFER, choice = {LAYER_SIZE, none};
    OM_uint32 ignored, minor = 0;
    OM_uint32 major = gss_unwrap(&minor, initiator->context, said, &offer, NULL, NULL);
    if (GSS_ERROR(major))
        return fail(why, "offer of the directory", major, minor);
    bool offered = offer.length == LAYER_SIZE && (((const char *)offer.value)[0] & LAYER_NONE);
    gss_release_buffer(&ignored, &offer);
    if (!offered)
        return fault_set(why, FAULT_UNAVAILABLE, "the directory demands signing although TLS is there");
    major = gss_wrap(&minor, initiator->context, 0, GSS_C_QOP_DEFAULT, &choice, NULL, &initiator->say);
    if (GSS_ERROR(major))
        return fail(why, "answer to the directory", major, minor);
    initiator->step = STEP_DONE;
    return true;
}

bool initiator_step(struct initiator *initiator, struct bytes said, struct bytes *say, struct fault *why)
{
    gss_buffer_desc token = {said.length, (char *)(uintptr_t)said.at};
    OM_uint32 ignored;
    bool good = false;
    gss_release_buffer(&ignored, &initiator->say);
    if (initiator->step == STEP_CONTEXT)
        good = step_context(initiator, &token, why);
    else if (initiator->step == STEP_LAYER)
        good = step_layer(initiator, &token, why);
    else
        fault_set(why, FAULT_UNAVAILABLE, "the directory goes on asking");
    *say = (struct bytes){initiator->say.length ? initiator->say.value : "", initiator->say.length};
    return good;
}

bool initiator_done(const struct initiator *initiator)
{
    return initiator->step == STEP_DONE;
}
