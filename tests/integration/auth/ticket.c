// SPDX-License-Identifier: EUPL-1.2
// Tickets of a real KDC, shown to the broker by a real client library.
#include "broker/base/base64.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/integration/auth/directory_fixture.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char our_certificate[32] = "0123456789abcdef0123456789abcde";
static const unsigned char other_certificate[32] = "fedcba98765432100123456789abcde";
static struct auth *auth;
static struct tenant town;

static void write_settings(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/krb5.conf", fixture_folder);
    FILE *file = fopen(path, "w");
    cr_assert(file);
    fputs("[libdefaults]\n dns_lookup_kdc = false\n rdns = false\n dns_canonicalize_hostname = false\n"
          " default_realm = NEUSTADT\n default_ccache_name = MEMORY:\n"
          "[realms]\n NEUSTADT = {\n  kdc = 127.0.0.1:8801\n }\n ALTDORF = {\n  kdc = 127.0.0.1:8802\n }\n",
          file);
    fclose(file);
    setenv("KRB5_CONFIG", path, 1);
    setenv("KRB5RCACHEDIR", fixture_folder, 1);
}

static void start_kdc(const char *realm, int port)
{
    char port_text[16];
    snprintf(port_text, sizeof port_text, "%d", port);
    const char *const arguments[] = {"tests/integration/auth/serve-kdc", fixture_folder, realm, port_text, NULL};
    fixture_start(arguments);
    await_port(port);
}

// The broker of this tenant finds its keys under the tenant's name.
static void give_keytab(const char *tenant, const char *realm)
{
    char from[128], to[128];
    snprintf(from, sizeof from, "%s/%s.keytab", fixture_folder, realm);
    snprintf(to, sizeof to, "%s/%s.keytab", fixture_folder, tenant);
    cr_assert_eq(rename(from, to), 0);
}

static void begin(void)
{
    fixture_begin();
    write_settings();
    start_kdc("NEUSTADT", 8801);
    give_keytab("neustadt", "NEUSTADT");
    town = tenant_of("neustadt", "neustadt", "ldaps://127.0.0.1:3390");
    TEXT_PUT(town.realm, "NEUSTADT");
    auth = auth_start(1000);
}

static void end(void)
{
    auth_free(auth);
    fixture_end();
}

TestSuite(ticket, .init = begin, .fini = end, .timeout = 60);

// ---- The client

static gss_cred_id_t credentials_of(const char *realm, const char *who, const char *keytab_part)
{
    char keytab[128], principal[128], cache[160];
    snprintf(keytab, sizeof keytab, "FILE:%s/%s.%s.keytab", fixture_folder, realm, keytab_part);
    snprintf(principal, sizeof principal, "%s@%s", who, realm);
    snprintf(cache, sizeof cache, "MEMORY:%s", principal);
    gss_key_value_element_desc elements[] = {{"client_keytab", keytab}, {"ccache", cache}};
    gss_key_value_set_desc store = {2, elements};
    gss_buffer_desc text = {strlen(principal), principal};
    gss_name_t name = GSS_C_NO_NAME;
    gss_cred_id_t credentials = GSS_C_NO_CREDENTIAL;
    OM_uint32 minor;
    cr_assert_eq(gss_import_name(&minor, &text, GSS_KRB5_NT_PRINCIPAL_NAME, &name), GSS_S_COMPLETE);
    OM_uint32 major = gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_INITIATE, &store,
                                            &credentials, NULL, NULL);
    cr_assert_not(GSS_ERROR(major), "no credentials for %s", principal);
    gss_release_name(&minor, &name);
    return credentials;
}

static struct gss_channel_bindings_struct binding_to(char text[64], const unsigned char certificate[32])
{
    memcpy(text, "tls-server-end-point:", 21);
    memcpy(text + 21, certificate, 32);
    return (struct gss_channel_bindings_struct){.application_data = {21 + 32, text}};
}

// A token in base64, to be freed. `certificate` NULL: no channel binding.
static char *token_of(const char *realm, const char *who, const char *keytab_part, gss_OID mechanism,
                      const unsigned char *certificate)
{
    char text[64], target[128], *base64 = calloc(1, 65536);
    struct gss_channel_bindings_struct binding = {0};
    OM_uint32 minor, major;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    gss_name_t name = GSS_C_NO_NAME;
    if (certificate)
        binding = binding_to(text, certificate);
    snprintf(target, sizeof target, "HTTP/broker.example@%s", realm);
    gss_buffer_desc target_text = {strlen(target), target};
    gss_cred_id_t credentials = credentials_of(realm, who, keytab_part);
    gss_import_name(&minor, &target_text, GSS_KRB5_NT_PRINCIPAL_NAME, &name);
    major = gss_init_sec_context(&minor, credentials, &context, name, mechanism, GSS_C_MUTUAL_FLAG, 0,
                                 certificate ? &binding : GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, NULL, &token,
                                 NULL, NULL);
    cr_assert_not(GSS_ERROR(major), "no ticket for %s", target);
    cr_assert(base64_encode(base64, 65536, token.value, token.length));
    gss_release_buffer(&minor, &token);
    gss_release_name(&minor, &name);
    gss_release_cred(&minor, &credentials);
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
    return base64;
}

// ---- Stories

static bool show_to(const struct tenant *tenant, const char *token, char principal[DN_SIZE])
{
    char reply[2048];
    struct fault why = {0};
    struct auth_port port = auth_port(auth);
    bool taken = port.accept_ticket(port.self, tenant, token, our_certificate, principal, reply, sizeof reply, &why);
    cr_expect_eq(taken, principal[0] != 0);
    cr_expect_eq(taken, reply[0] != 0);
    cr_expect_eq(taken, why.kind == FAULT_NONE, "%s", why.text);
    return taken;
}

static bool show(const char *token)
{
    char principal[DN_SIZE];
    return show_to(&town, token, principal);
}

Test(ticket, proves_a_person)
{
    gss_OID mechanisms[] = {(gss_OID) & (gss_OID_desc){6, (char *)"\x2b\x06\x01\x05\x05\x02"}, (gss_OID)gss_mech_krb5};
    for (size_t i = 0; i < 2; i++) {
        char principal[DN_SIZE];
        char *token = token_of("NEUSTADT", "anna", "anna", mechanisms[i], our_certificate);
        cr_expect(show_to(&town, token, principal));
        cr_expect_str_eq(principal, "anna");
        cr_expect_not(show(token), "shown again, it is a copy");
        free(token);
    }
}

static void expect_refused(const char *who, const char *part, const unsigned char *certificate)
{
    char *token = token_of("NEUSTADT", who, part, (gss_OID)gss_mech_krb5, certificate);
    cr_expect_not(show(token), "%s", who);
    free(token);
}

Test(ticket, is_refused_unless_bound_to_our_certificate)
{
    expect_refused("anna", "anna", NULL);
    expect_refused("anna", "anna", other_certificate);
}

Test(ticket, is_refused_when_it_is_not_of_a_person)
{
    expect_refused("anna/admin", "anna_admin", our_certificate);
    expect_refused("host/desk.example", "host_desk.example", our_certificate);
}

Test(ticket, of_another_realm_is_refused)
{
    struct tenant altdorf = tenant_of("altdorf", "altdorf", "ldaps://127.0.0.1:4390");
    char principal[DN_SIZE];
    TEXT_PUT(altdorf.realm, "ALTDORF");
    start_kdc("ALTDORF", 8802);
    give_keytab("altdorf", "ALTDORF");
    char *token = token_of("ALTDORF", "anna", "anna", (gss_OID)gss_mech_krb5, our_certificate);
    cr_expect_not(show(token), "other keys");
    cr_expect(show_to(&altdorf, token, principal));
    free(token);
    // The right key, but a realm that the tenant does not claim.
    struct tenant changed = town;
    TEXT_PUT(changed.realm, "NEUSTADT.EXAMPLE");
    char *ours = token_of("NEUSTADT", "anna", "anna", (gss_OID)gss_mech_krb5, our_certificate);
    cr_expect_not(show_to(&changed, ours, principal));
    free(ours);
}

Test(ticket, is_refused_without_realm_or_keytab)
{
    struct tenant other = town;
    char principal[DN_SIZE];
    char *token = token_of("NEUSTADT", "anna", "anna", (gss_OID)gss_mech_krb5, our_certificate);
    TEXT_PUT(other.id, "without-keytab");
    cr_expect_not(show_to(&other, token, principal));
    TEXT_PUT(other.id, "without-realm");
    other.realm[0] = 0;
    cr_expect_not(show_to(&other, token, principal));
    free(token);
}

Test(ticket, may_be_any_garbage)
{
    static char endless[200000];
    memset(endless, 'A', sizeof endless - 1);
    const char *const tokens[] = {
        "",     "=", "====", "AAAA", "YII=", "not base64!", "AAA", "AB==", "TlRMTVNTUAABAAAA", "YIIBAAYGKwYBBQUCoA==",
        endless};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        cr_expect_not(show(tokens[i]), "%.20s", tokens[i]);
    char *token = token_of("NEUSTADT", "anna", "anna", (gss_OID)gss_mech_krb5, our_certificate);
    for (size_t i = 40; token[i + 1] && token[i + 1] != '='; i += 37) {
        char was = token[i];
        token[i] = was == 'A' ? 'B' : 'A';
        cr_expect_not(show(token), "byte %zu changed", i);
        token[i] = was;
    }
    free(token);
}

// ---- what the status says of it

static const char *trouble(void)
{
    static struct directory_status status;
    const struct auth_port port = auth_port(auth);
    port.status(port.self, &town, &status);
    return status.kerberos;
}

static void accept_one(bool expected)
{
    struct fault why = {0};
    char principal[DN_SIZE], reply[2048];
    const struct auth_port port = auth_port(auth);
    char *token = token_of("NEUSTADT", "anna", "anna", (gss_OID)gss_mech_krb5, our_certificate);
    bool accepted = port.accept_ticket(port.self, &town, token, our_certificate, principal, reply, sizeof reply, &why);
    free(token);
    cr_assert_eq(accepted, expected, "%s", why.text);
}

static void kadmin(const char *query)
{
    owned(bytes) char *line = NULL;
    cr_assert(asprintf(&line,
                       "KRB5_CONFIG=%1$s/krb5.conf KRB5_KDC_PROFILE=%1$s/NEUSTADT.kdc.conf kadmin.local -r NEUSTADT "
                       "-q '%2$s'",
                       fixture_folder, query) > 0);
    program_shell(line);
}

// The KDC has a newer key than the keytab, until that has it, too.
Test(ticket, of_a_key_that_the_keytab_lacks_is_told_in_the_status_until_one_is_accepted)
{
    char query[300];
    cr_assert_str_eq(trouble(), "");
    kadmin("cpw -randkey -keepold HTTP/broker.example");
    accept_one(false);
    cr_assert(strstr(trouble(), "keytab"), "%s", trouble());
    snprintf(query, sizeof query, "ktadd -norandkey -k %s/neustadt.keytab HTTP/broker.example", fixture_folder);
    kadmin(query);
    accept_one(true);
    cr_assert_str_eq(trouble(), "");
}

Test(ticket, without_a_keytab_is_told_in_the_status)
{
    char path[128];
    snprintf(path, sizeof path, "%s/neustadt.keytab", fixture_folder);
    remove(path);
    cr_assert(strstr(trouble(), "neustadt.keytab"), "%s", trouble());
    town.realm[0] = 0; // then no keytab is needed
    cr_assert_str_eq(trouble(), "");
}
