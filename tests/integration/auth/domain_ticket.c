// SPDX-License-Identifier: EUPL-1.2
// Tickets of a real domain controller, with all that it puts into them.
#include "broker/base/base64.h"
#include "broker/base/text.h"
#include "tests/integration/auth/domain_fixture.h"

#include <criterion/criterion.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_SIZE = 100000 };

static unsigned char certificate[32] = "0123456789abcdef0123456789abcde";
static struct auth *auth;
static struct tenant town;

static void begin(void)
{
    fixture_begin();
    domain_start();
    town = domain_tenant();
    auth = auth_start(5000);
}

static void end(void)
{
    auth_free(auth);
    fixture_end();
}

TestSuite(domain_ticket, .init = begin, .fini = end, .timeout = 90);

static gss_OID_desc mechanisms[] = {{9, (char *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"}, // Kerberos
                                    {6, (char *)"\x2b\x06\x01\x05\x05\x02"}};            // SPNEGO

static gss_name_t name_of(const char *text, gss_OID type)
{
    OM_uint32 minor;
    gss_name_t name = GSS_C_NO_NAME;
    gss_buffer_desc given = {strlen(text), (char *)(uintptr_t)text};
    cr_assert_eq(gss_import_name(&minor, &given, type, &name), GSS_S_COMPLETE);
    return name;
}

static gss_cred_id_t credentials_of(const char *who, gss_OID type, const char *password)
{
    OM_uint32 minor, ignored;
    gss_cred_id_t credentials = GSS_C_NO_CREDENTIAL;
    gss_name_t name = name_of(who, type);
    gss_buffer_desc secret = {strlen(password), (char *)(uintptr_t)password};
    gss_OID_set_desc both = {2, mechanisms};
    OM_uint32 major = gss_acquire_cred_with_password(&minor, name, &secret, GSS_C_INDEFINITE, &both, GSS_C_INITIATE,
                                                     &credentials, NULL, NULL);
    cr_assert_not(GSS_ERROR(major), "no ticket for %s: %u", who, minor);
    gss_release_name(&ignored, &name);
    return credentials;
}

// A token for the broker in base64, to be freed; its size in bytes.
static char *token_of(const char *who, gss_OID type, const char *password, size_t *size)
{
    char text[64], *base64 = calloc(1, TOKEN_SIZE);
    OM_uint32 minor;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    gss_name_t target = name_of("HTTP/broker.pult.example@BURGSTADT.EXAMPLE", (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME);
    gss_cred_id_t credentials = credentials_of(who, type, password);
    memcpy(text, "tls-server-end-point:", 21);
    memcpy(text + 21, certificate, 32);
    struct gss_channel_bindings_struct binding = {.application_data = {21 + 32, text}};
    OM_uint32 major = gss_init_sec_context(&minor, credentials, &context, target, &mechanisms[1], GSS_C_MUTUAL_FLAG, 0,
                                           &binding, GSS_C_NO_BUFFER, NULL, &token, NULL, NULL);
    cr_assert_not(GSS_ERROR(major), "no ticket for the broker: %u", minor);
    cr_assert(base64_encode(base64, TOKEN_SIZE, token.value, token.length));
    *size = token.length;
    gss_release_buffer(&minor, &token);
    gss_release_name(&minor, &target);
    gss_release_cred(&minor, &credentials);
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
    return base64;
}

// Whom the broker takes the token for; "" when it refuses.
static size_t show(const char *who, gss_OID type, const char *password, char principal[DN_SIZE])
{
    char reply[2048];
    size_t size = 0;
    struct fault why = {0};
    struct auth_port port = auth_port(auth);
    char *token = token_of(who, type, password, &size);
    bool taken = port.accept_ticket(port.self, &town, token, certificate, principal, reply, sizeof reply, &why);
    cr_expect_eq(taken, principal[0] != 0, "%s", why.text);
    free(token);
    return size;
}

Test(domain_ticket, proves_a_person)
{
    char principal[DN_SIZE];
    show("Anna@BURGSTADT.EXAMPLE", (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, "anna-burgstadt-1", principal);
    cr_expect_str_eq(principal, "anna");
    struct answer answer = look_up(auth, &town, principal);
    cr_expect_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_str_eq(answer.name, "Anna Auer");
}

Test(domain_ticket, of_a_person_in_many_groups_passes)
{
    char principal[DN_SIZE];
    size_t small = show("anna@BURGSTADT.EXAMPLE", (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, "anna-burgstadt-1", principal);
    size_t large = show("vera@BURGSTADT.EXAMPLE", (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, "vera-geheim-1", principal);
    cr_expect_str_eq(principal, "vera");
    cr_expect_gt(large, small + 1000, "%zu, %zu", small, large);
    cr_expect_eq(look_up(auth, &town, principal).group_count, 133);
}

// A name in the ticket that the account was only asked for by; what the domain controller vouches for counts.
Test(domain_ticket, got_by_another_name_is_the_same_persons)
{
    char principal[DN_SIZE];
    show("adam.amsel@BURGSTADT.EXAMPLE", (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, "adam-geheim-1", principal);
    cr_expect_str_eq(principal, "adam");
    show("anna.auer@rathaus-burgstadt.example", (gss_OID)GSS_KRB5_NT_ENTERPRISE_NAME, "anna-burgstadt-1", principal);
    cr_expect_str_eq(principal, "", "no name of this realm");
}

Test(domain_ticket, elsewhere_is_taken_by_its_name)
{
    char principal[DN_SIZE];
    struct tenant other = town;
    town.directory = DIRECTORY_OPENLDAP; // the name in the ticket is all there is
    show("adam.amsel@BURGSTADT.EXAMPLE", (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, "adam-geheim-1", principal);
    cr_expect_str_eq(principal, "adam.amsel");
    town = other;
}
