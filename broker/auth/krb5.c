// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/krb5.h"
#include "broker/auth/pac.h"
#include "broker/base/base64.h"
#include "broker/base/text.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct krb5_acceptor {
    gss_cred_id_t credentials;
    char trouble[320];
};

static void buffer_drop(gss_buffer_desc *buffer)
{
    OM_uint32 minor;
    gss_release_buffer(&minor, buffer);
}

static void name_drop(gss_name_t *name)
{
    OM_uint32 minor;
    gss_release_name(&minor, name);
}

static void context_drop(gss_ctx_id_t *context)
{
    OM_uint32 minor;
    if (*context != GSS_C_NO_CONTEXT)
        gss_delete_sec_context(&minor, context, GSS_C_NO_BUFFER);
}

static void credentials_drop(gss_cred_id_t *credentials)
{
    OM_uint32 minor;
    gss_release_cred(&minor, credentials);
}

static bool refuse_ticket(struct fault *why, enum fault_kind kind, const char *doing, OM_uint32 major, OM_uint32 minor)
{
    OM_uint32 ignored, more = 0;
    owned(buffer) gss_buffer_desc general = GSS_C_EMPTY_BUFFER;
    owned(buffer) gss_buffer_desc special = GSS_C_EMPTY_BUFFER;
    gss_display_status(&ignored, major, GSS_C_GSS_CODE, GSS_C_NO_OID, &more, &general);
    more = 0;
    gss_display_status(&ignored, minor, GSS_C_MECH_CODE, GSS_C_NO_OID, &more, &special);
    return fault_set(why, kind, "%s: %.*s: %.*s", doing, (int)general.length, (const char *)general.value,
                     (int)special.length, (const char *)special.value);
}

// MIT's replay cache (in $KRB5RCACHEDIR or /var/tmp) stays on: the channel binding ties a ticket to our certificate but
// not to one connection, so beside TLS itself the cache is what stops a token that was seen from being shown again.
struct krb5_acceptor *krb5_acceptor_new(const char *folder, const char *tenant_id, struct fault *why)
{
    static gss_OID_desc both[] = {{9, (char *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"}, // Kerberos
                                  {6, (char *)"\x2b\x06\x01\x05\x05\x02"}};            // SPNEGO; no NTLM, no IAKERB
    gss_OID_set_desc mechanisms = {2, both};
    char keytab[512];
    snprintf(keytab, sizeof keytab, "FILE:%s/%s.keytab", folder, tenant_id);
    gss_key_value_element_desc element = {"keytab", keytab};
    gss_key_value_set_desc store = {1, &element};
    struct krb5_acceptor *acceptor = mem_new(1, sizeof *acceptor);
    OM_uint32 minor = 0;
    OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_ACCEPT, &store,
                                            &acceptor->credentials, NULL, NULL);
    if (!GSS_ERROR(major))
        return acceptor;
    refuse_ticket(why, FAULT_UNAVAILABLE, keytab, major, minor);
    free(acceptor);
    return NULL;
}

void krb5_acceptor_free(struct krb5_acceptor *acceptor)
{
    if (!acceptor)
        return;
    credentials_drop(&acceptor->credentials);
    free(acceptor);
}

// "anna@REALM" and nothing that could be read in another way: MIT writes an instance with "/" and escapes with "\".
static bool is_person(const char *principal, size_t length, const char *realm)
{
    const char *at = memchr(principal, '@', length);
    if (!at || at == principal || length >= DN_SIZE || !text_is_clean(principal, length))
        return false;
    size_t realm_length = length - (size_t)(at + 1 - principal);
    return !memchr(principal, '/', length) && !memchr(principal, '\\', length) && realm_length == strlen(realm) &&
           memcmp(at + 1, realm, realm_length) == 0;
}

static bool read_principal(gss_name_t name, const char *realm, char principal[DN_SIZE], struct fault *why)
{
    OM_uint32 minor = 0;
    gss_OID type = GSS_C_NO_OID;
    owned(buffer) gss_buffer_desc shown = GSS_C_EMPTY_BUFFER;
    OM_uint32 major = gss_display_name(&minor, name, &shown, &type);
    if (GSS_ERROR(major))
        return refuse_ticket(why, FAULT_DENIED, "name of the ticket", major, minor);
    if (!gss_oid_equal(type, GSS_KRB5_NT_PRINCIPAL_NAME) || !is_person(shown.value, shown.length, realm))
        return fault_set(why, FAULT_DENIED, "the ticket is not for a person of %s: %.*s", realm,
                         shown.length < 128 ? (int)shown.length : 128, (const char *)shown.value);
    memcpy(principal, shown.value, shown.length);
    principal[shown.length] = 0;
    return true;
}

// The account that the domain controller put into the ticket, which the library has checked with our key.
static bool read_account(gss_name_t name, const char *realm, char principal[DN_SIZE], struct fault *why)
{
    static char attribute[] = "urn:mspac:upn-dns-info";
    gss_buffer_desc wanted = {sizeof attribute - 1, attribute};
    owned(buffer) gss_buffer_desc info = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor = 0;
    char user_name[USER_NAME_SIZE];
    int checked = 0, complete = 0, more = -1;
    OM_uint32 major = gss_get_name_attribute(&minor, name, &wanted, &checked, &complete, &info, NULL, &more);
    if (GSS_ERROR(major) || !checked || !pac_user_name(user_name, (struct ldap_bytes){info.value, info.length}))
        return fault_set(why, FAULT_DENIED, "this ticket contains no account signed by the domain controller");
    snprintf(principal, DN_SIZE, "%s@%s", user_name, realm);
    return is_person(principal, strlen(principal), realm) ||
           fault_set(why, FAULT_DENIED, "the ticket is not for a person of %s", realm);
}

const char *krb5_acceptor_trouble(const struct krb5_acceptor *acceptor)
{
    return acceptor->trouble;
}

// Whoever guesses gives other reasons: these need the KDC's own seal, or come of what we have.
static bool is_our_trouble(OM_uint32 minor)
{
    static const krb5_error_code codes[] = {KRB5KRB_AP_ERR_SKEW,     KRB5KRB_AP_ERR_TKT_NYV, KRB5KRB_AP_ERR_BADKEYVER,
                                            KRB5KRB_AP_ERR_NOKEY,    KRB5_KT_KVNONOTFOUND,   KRB5_KT_NOTFOUND,
                                            KRB5KRB_AP_ERR_MODIFIED, KRB5_NO_TKT_SUPPLIED,   KRB5_BAD_ENCTYPE};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (minor == (OM_uint32)codes[i])
            return true;
    return false;
}

static bool accept_token(struct krb5_acceptor *acceptor, gss_buffer_desc *token, const unsigned char binding[32],
                         const char *realm, bool is_domain, char principal[DN_SIZE], gss_buffer_desc *reply,
                         struct fault *why)
{
    static const char kind[] = "tls-server-end-point:";
    char application[sizeof kind - 1 + 32];
    memcpy(application, kind, sizeof kind - 1);
    memcpy(application + sizeof kind - 1, binding, 32);
    struct gss_channel_bindings_struct channel = {.application_data = {sizeof application, application}};
    owned(context) gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    owned(name) gss_name_t name = GSS_C_NO_NAME;
    owned(credentials) gss_cred_id_t delegated = GSS_C_NO_CREDENTIAL; // not wanted: dropped at once
    OM_uint32 minor = 0, flags = 0;
    OM_uint32 major = gss_accept_sec_context(&minor, &context, acceptor->credentials, token, &channel, &name, NULL,
                                             reply, &flags, NULL, &delegated);
    if (GSS_ERROR(major)) {
        refuse_ticket(why, FAULT_DENIED, "ticket", major, minor);
        if (is_our_trouble(minor))
            TEXT_PUT(acceptor->trouble, why->text);
        return false;
    }
    acceptor->trouble[0] = 0;
    if (major != GSS_S_COMPLETE)
        return fault_set(why, FAULT_DENIED, "ticket: not complete in one step");
    // A client that sends no binding is accepted by the library, only without this flag.
    if (!(flags & GSS_C_CHANNEL_BOUND_FLAG))
        return fault_set(why, FAULT_DENIED, "the ticket is not bound to this connection's certificate");
    if (flags & GSS_C_ANON_FLAG)
        return fault_set(why, FAULT_DENIED, "the ticket is anonymous");
    return read_principal(name, realm, principal, why) && (!is_domain || read_account(name, realm, principal, why));
}

bool krb5_acceptor_accept(struct krb5_acceptor *acceptor, const char *realm, bool is_domain, const char *token_base64,
                          const unsigned char binding[32], char principal[DN_SIZE], char *reply, size_t reply_size,
                          struct fault *why)
{
    size_t length = strnlen(token_base64, KRB5_TOKEN_MAX / 3 * 4 + 5);
    principal[0] = 0;
    if (!realm[0])
        return fault_set(why, FAULT_DENIED, "the tenant has no Kerberos realm");
    if (length == 0 || length > KRB5_TOKEN_MAX / 3 * 4 + 4)
        return fault_set(why, FAULT_INVALID, "the ticket is empty or too long");
    owned(bytes) unsigned char *bytes = mem_new(length / 4 + 1, 3);
    gss_buffer_desc token = {0, bytes};
    owned(buffer) gss_buffer_desc answer = GSS_C_EMPTY_BUFFER;
    if (!base64_decode(bytes, &token.length, token_base64) || token.length == 0)
        return fault_set(why, FAULT_INVALID, "the ticket is not base64");
    bool taken = accept_token(acceptor, &token, binding, realm, is_domain, principal, &answer, why) &&
                 (base64_encode(reply, reply_size, answer.value, answer.length) ||
                  fault_set(why, FAULT_DENIED, "the reply to the ticket is too long"));
    if (!taken)
        principal[0] = 0;
    return taken;
}
