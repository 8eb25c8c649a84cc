// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/sasl_gssapi.h"
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

struct sasl_gssapi {
    enum { STEP_CONTEXT, STEP_LAYER, STEP_DONE } step;
    char cache[48]; // of this one alone, so that nobody's ticket serves another tenant
    gss_cred_id_t credentials;
    gss_name_t target;
    gss_ctx_id_t context;
    gss_buffer_desc say;
    unsigned char binding[KIND_LENGTH + EVP_MAX_MD_SIZE];
    size_t binding_length;
};

static bool fail_gssapi(struct fault *why, const char *doing, OM_uint32 major, OM_uint32 minor)
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

static bool bind_to(struct sasl_gssapi *gssapi, struct ldap_bytes der, struct fault *why)
{
    const unsigned char *at = (const unsigned char *)der.at;
    unsigned length = 0;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.length);
    memcpy(gssapi->binding, binding_kind, KIND_LENGTH);
    bool made =
        certificate && X509_digest(certificate, digest_of(certificate), gssapi->binding + KIND_LENGTH, &length) == 1;
    X509_free(certificate);
    gssapi->binding_length = KIND_LENGTH + length;
    return made || fault_set(why, FAULT_UNAVAILABLE, "the server's certificate cannot be read");
}

// ---- Names and credentials

static bool import_name(gss_name_t *name, const char *text, struct fault *why)
{
    gss_buffer_desc given = {strlen(text), (char *)(uintptr_t)text};
    OM_uint32 minor = 0, major = gss_import_name(&minor, &given, GSS_KRB5_NT_PRINCIPAL_NAME, name);
    return !GSS_ERROR(major) || fail_gssapi(why, text, major, minor);
}

static bool acquire_credentials(struct sasl_gssapi *gssapi, const struct sasl_gssapi_config *config, struct fault *why)
{
    static gss_OID_desc kerberos = {9, (char *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"};
    static atomic_uint number;
    char keytab[512];
    gss_name_t name = GSS_C_NO_NAME;
    snprintf(keytab, sizeof keytab, "FILE:%s", config->keytab);
    snprintf(gssapi->cache, sizeof gssapi->cache, "MEMORY:pult-service-%u", atomic_fetch_add(&number, 1));
    gss_key_value_element_desc elements[] = {{"client_keytab", keytab}, {"ccache", gssapi->cache}};
    gss_key_value_set_desc store = {2, elements};
    gss_OID_set_desc mechanisms = {1, &kerberos};
    if (!import_name(&name, config->principal, why))
        return false;
    OM_uint32 ignored, minor = 0;
    OM_uint32 major = gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE, &store,
                                            &gssapi->credentials, NULL, NULL);
    gss_release_name(&ignored, &name);
    return !GSS_ERROR(major) || fail_gssapi(why, "ticket of the service account", major, minor);
}

struct sasl_gssapi *sasl_gssapi_new(const struct sasl_gssapi_config *config, struct fault *why)
{
    char target[600];
    struct sasl_gssapi *gssapi = mem_new(1, sizeof *gssapi);
    snprintf(target, sizeof target, "ldap/%s@%s", config->host, config->realm);
    if (bind_to(gssapi, config->server_certificate, why) && import_name(&gssapi->target, target, why) &&
        acquire_credentials(gssapi, config, why))
        return gssapi;
    sasl_gssapi_free(gssapi);
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

void sasl_gssapi_free(struct sasl_gssapi *gssapi)
{
    OM_uint32 minor;
    if (!gssapi)
        return;
    gss_release_buffer(&minor, &gssapi->say);
    gss_delete_sec_context(&minor, &gssapi->context, GSS_C_NO_BUFFER);
    gss_release_name(&minor, &gssapi->target);
    gss_release_cred(&minor, &gssapi->credentials);
    destroy_cache(gssapi->cache);
    free(gssapi);
}

// ---- The steps

// Neither signed nor sealed is asked for: over TLS a domain controller refuses that (RFC 4513, section 5.2.1).
static bool step_context(struct sasl_gssapi *gssapi, gss_buffer_desc *said, struct fault *why)
{
    struct gss_channel_bindings_struct binding = {
        .application_data = {gssapi->binding_length, gssapi->binding},
    };
    OM_uint32 minor = 0, flags = 0;
    OM_uint32 major =
        gss_init_sec_context(&minor, gssapi->credentials, &gssapi->context, gssapi->target, (gss_OID)gss_mech_krb5,
                             GSS_C_MUTUAL_FLAG, 0, &binding, said, NULL, &gssapi->say, &flags, NULL);
    if (GSS_ERROR(major))
        return fail_gssapi(why, "ticket for the directory", major, minor);
    if (major != GSS_S_COMPLETE)
        return true;
    gssapi->step = STEP_LAYER;
    return (flags & GSS_C_MUTUAL_FLAG) ||
           fault_set(why, FAULT_UNAVAILABLE, "the directory does not authenticate itself");
}

// The server offers layers, a bit each, and the size of its buffer; the answer takes "none". No other identity.
static bool step_layer(struct sasl_gssapi *gssapi, gss_buffer_desc *said, struct fault *why)
{
    static char none[LAYER_SIZE] = {LAYER_NONE, 0, 0, 0};
    gss_buffer_desc offer = GSS_C_EMPTY_BUFFER, choice = {LAYER_SIZE, none};
    OM_uint32 ignored, minor = 0;
    OM_uint32 major = gss_unwrap(&minor, gssapi->context, said, &offer, NULL, NULL);
    if (GSS_ERROR(major))
        return fail_gssapi(why, "offer of the directory", major, minor);
    bool offered = offer.length == LAYER_SIZE && (((const char *)offer.value)[0] & LAYER_NONE);
    gss_release_buffer(&ignored, &offer);
    if (!offered)
        return fault_set(why, FAULT_UNAVAILABLE, "the directory demands signing although TLS is in use");
    major = gss_wrap(&minor, gssapi->context, 0, GSS_C_QOP_DEFAULT, &choice, NULL, &gssapi->say);
    if (GSS_ERROR(major))
        return fail_gssapi(why, "answer to the directory", major, minor);
    gssapi->step = STEP_DONE;
    return true;
}

bool sasl_gssapi_step(struct sasl_gssapi *gssapi, struct ldap_bytes said, struct ldap_bytes *say, struct fault *why)
{
    gss_buffer_desc token = {said.length, (char *)(uintptr_t)said.at};
    OM_uint32 ignored;
    bool good = false;
    gss_release_buffer(&ignored, &gssapi->say);
    if (gssapi->step == STEP_CONTEXT)
        good = step_context(gssapi, &token, why);
    else if (gssapi->step == STEP_LAYER)
        good = step_layer(gssapi, &token, why);
    else
        fault_set(why, FAULT_UNAVAILABLE, "the SASL exchange does not complete");
    *say = (struct ldap_bytes){gssapi->say.length ? gssapi->say.value : "", gssapi->say.length};
    return good;
}

bool sasl_gssapi_done(const struct sasl_gssapi *gssapi)
{
    return gssapi->step == STEP_DONE;
}
