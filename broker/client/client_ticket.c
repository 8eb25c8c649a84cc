// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/client_ticket.h"
#include "broker/base/mem.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdio.h>
#include <string.h>

enum { TOKEN_MAX = 64 * 1024 };

static gss_OID_desc spnego = {.length = 6, .elements = "\x2b\x06\x01\x05\x05\x02"};

static bool refuse(struct fault *why, const char *what, OM_uint32 major, OM_uint32 minor)
{
    OM_uint32 ignored, more = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    int kind = minor ? GSS_C_MECH_CODE : GSS_C_GSS_CODE;
    gss_OID mechanism = minor ? gss_mech_krb5 : GSS_C_NO_OID;
    gss_display_status(&ignored, minor ? minor : major, kind, mechanism, &more, &text);
    bool none = GSS_ROUTINE_ERROR(major) == GSS_S_NO_CRED || GSS_ROUTINE_ERROR(major) == GSS_S_CREDENTIALS_EXPIRED;
    fault_set(why, none ? FAULT_ABSENT : FAULT_UNAVAILABLE, "%s: %.*s", what, (int)text.length, (char *)text.value);
    gss_release_buffer(&ignored, &text);
    return false;
}

static bool acquire(const char *cache, gss_cred_id_t *cred, struct fault *why)
{
    OM_uint32 minor;
    gss_key_value_element_desc element = {.key = "ccache", .value = cache};
    gss_key_value_set_desc store = {.count = 1, .elements = &element};
    gss_OID_set_desc mechanisms = {.count = 1, .elements = &spnego};
    OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
                                            cache ? &store : GSS_C_NO_CRED_STORE, cred, NULL, NULL);
    return major == GSS_S_COMPLETE || refuse(why, "credentials", major, minor);
}

static bool make_token(gss_cred_id_t cred, gss_name_t target, const unsigned char digest[32], gss_buffer_t token,
                       struct fault *why)
{
    static const char kind[] = "tls-server-end-point:";
    char binding[sizeof kind - 1 + 32];
    memcpy(binding, kind, sizeof kind - 1);
    memcpy(binding + sizeof kind - 1, digest, 32);
    struct gss_channel_bindings_struct bindings = {
        .application_data = {.length = sizeof binding, .value = binding},
    };
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    OM_uint32 minor, ignored;
    OM_uint32 major = gss_init_sec_context(&minor, cred, &context, target, &spnego, 0, 0, &bindings, GSS_C_NO_BUFFER,
                                           NULL, token, NULL, NULL);
    gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
    if (GSS_ERROR(major) || token->length == 0)
        return refuse(why, "token", major, minor);
    return token->length <= TOKEN_MAX || fault_set(why, FAULT_INVALID, "the token is too large");
}

static char *encode(const unsigned char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *authorization = mem_new(1, length / 3 * 4 + 32), *to = stpcpy(authorization, "Negotiate ");
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned three = (unsigned)bytes[i] << 16;
        three |= left > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
        three |= left > 2 ? bytes[i + 2] : 0;
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = left > 1 ? digits[three >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[three & 63] : '=';
    }
    return authorization;
}

char *client_ticket(const char *cache, const char *host, const unsigned char digest[32], struct fault *why)
{
    char service[300], *authorization = NULL;
    gss_name_t target = GSS_C_NO_NAME;
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    snprintf(service, sizeof service, "HTTP@%s", host);
    gss_buffer_desc text = {.length = strlen(service), .value = service};
    OM_uint32 major = gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &target);
    if (major != GSS_S_COMPLETE)
        refuse(why, "name of the broker", major, minor);
    else if (acquire(cache, &cred, why) && make_token(cred, target, digest, &token, why))
        authorization = encode(token.value, token.length);
    gss_release_buffer(&minor, &token);
    gss_release_cred(&minor, &cred);
    gss_release_name(&minor, &target);
    return authorization;
}
