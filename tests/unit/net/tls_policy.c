// SPDX-License-Identifier: EUPL-1.2
// What our side and another agree on, in either role, and with whom it does not talk at all.
#include "broker/net/tls_policy.h"
#include "broker/base/text.h"
#include "broker/client/tls_trust.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static SSL_CTX *ours, *theirs;
static EVP_PKEY *keys[2]; // EC and RSA: made once, for that takes its time

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"broker.example", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:broker.example");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
}

static void make_keys(void)
{
    keys[0] = EVP_EC_gen("P-256");
    keys[1] = EVP_RSA_gen(2048);
}

static void drop_keys(void)
{
    EVP_PKEY_free(keys[0]);
    EVP_PKEY_free(keys[1]);
}

TestSuite(tls_policy, .init = make_keys, .fini = drop_keys, .timeout = 60);

static SSL_CTX *new_context(bool serves, EVP_PKEY *key)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    cr_assert(context);
    // What another one may do is the test's to say: nothing is forbidden by its version or its level.
    SSL_CTX_set_security_level(context, 0);
    if (serves) {
        X509 *certificate = make_certificate(key);
        cr_assert(SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1);
        X509_free(certificate);
    }
    return context;
}

struct outcome {
    bool agreed;
    int version;
    char cipher[64];
    int group;
};

static struct outcome shake_hands(SSL_CTX *client_context, SSL_CTX *server_context)
{
    struct outcome outcome = {0};
    SSL *client = SSL_new(client_context), *server = SSL_new(server_context);
    BIO *one = NULL, *other = NULL;
    cr_assert_eq(BIO_new_bio_pair(&one, 0, &other, 0), 1);
    SSL_set_bio(client, one, one);
    SSL_set_bio(server, other, other);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    int client_done = 0, server_done = 0;
    for (int i = 0; i < 20 && (client_done != 1 || server_done != 1); i++) {
        client_done = SSL_do_handshake(client);
        server_done = SSL_do_handshake(server);
    }
    outcome.agreed = client_done == 1 && server_done == 1;
    outcome.version = SSL_version(client);
    TEXT_PUT(outcome.cipher, SSL_get_cipher_name(client));
    outcome.group = (int)SSL_get_negotiated_group(client);
    SSL_free(client);
    SSL_free(server);
    ERR_clear_error();
    return outcome;
}

static struct outcome meet(bool we_serve)
{
    return we_serve ? shake_hands(theirs, ours) : shake_hands(ours, theirs);
}

static void open_both(bool we_serve, bool rsa)
{
    ours = new_context(we_serve, keys[rsa]);
    SSL_CTX_set_security_level(ours, 2);
    tls_policy_set(ours);
    theirs = new_context(!we_serve, keys[rsa]);
}

static void close_both(void)
{
    SSL_CTX_free(ours);
    SSL_CTX_free(theirs);
}

struct other {
    const char *what;
    int version; // 0: both
    const char *ciphers, *suites, *groups;
    bool rsa, agreed;
};

// In TLS 1.2 a client's groups are also those of the key in the certificate: hence RSA where it lists others.
static const struct other others[] = {
    {.what = "as they come", .agreed = true},
    {.what = "with an RSA certificate", .rsa = true, .agreed = true},
    {.what = "TLS 1.2", .version = TLS1_2_VERSION, .agreed = true},
    {.what = "TLS 1.2 with an RSA certificate", .version = TLS1_2_VERSION, .rsa = true, .agreed = true},
    {.what = "AES-256 only", .version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384", .agreed = true},
    {.what = "AES-256 in TLS 1.3", .suites = "TLS_AES_256_GCM_SHA384", .version = TLS1_3_VERSION, .agreed = true},
    {.what = "P-384", .groups = "P-384", .agreed = true},
    {.what = "P-384 in TLS 1.2", .rsa = true, .groups = "P-384", .version = TLS1_2_VERSION, .agreed = true},
    {.what = "brainpool",
     .rsa = true,
     .groups = "brainpoolP256r1:brainpoolP384r1",
     .version = TLS1_2_VERSION,
     .agreed = true},
    {.what = "X25519 first", .groups = "X25519:P-256", .agreed = true},
    {.what = "TLS 1.1", .version = TLS1_1_VERSION, .ciphers = "ALL"},
    {.what = "TLS 1.0", .version = TLS1_VERSION, .ciphers = "ALL"},
    {.what = "X25519", .groups = "X25519"},
    {.what = "X25519 in TLS 1.2", .rsa = true, .groups = "X25519", .version = TLS1_2_VERSION},
    {.what = "X448", .groups = "X448"},
    {.what = "P-521", .groups = "P-521"},
    {.what = "secp256k1", .rsa = true, .groups = "secp256k1", .version = TLS1_2_VERSION},
    {.what = "CBC", .version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA"},
    {.what = "CBC with RSA", .version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-SHA256", .rsa = true},
    {.what = "CCM", .version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-CCM"},
    {.what = "ChaCha20", .version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {.what = "ChaCha20 in TLS 1.3", .suites = "TLS_CHACHA20_POLY1305_SHA256", .version = TLS1_3_VERSION},
    {.what = "RSA for the key", .version = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256", .rsa = true},
    {.what = "DHE", .version = TLS1_2_VERSION, .ciphers = "DHE-RSA-AES128-GCM-SHA256", .rsa = true},
};

static void limit_other(const struct other *other)
{
    SSL_CTX_set_min_proto_version(theirs, other->version ? other->version : TLS1_VERSION);
    SSL_CTX_set_max_proto_version(theirs, other->version);
    SSL_CTX_set_dh_auto(theirs, 1);
    cr_assert(!other->ciphers || SSL_CTX_set_cipher_list(theirs, other->ciphers) == 1, "%s", other->what);
    cr_assert(!other->suites || SSL_CTX_set_ciphersuites(theirs, other->suites) == 1, "%s", other->what);
    cr_assert(!other->groups || SSL_CTX_set1_groups_list(theirs, other->groups) == 1, "%s", other->what);
}

static void meet_all(bool we_serve)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct other *other = &others[i];
        open_both(we_serve, other->rsa);
        limit_other(other);
        struct outcome outcome = meet(we_serve);
        cr_expect_eq(outcome.agreed, other->agreed, "%s: %s", other->what, outcome.cipher);
        if (outcome.agreed) {
            cr_expect(strstr(outcome.cipher, "GCM"), "%s: %s", other->what, outcome.cipher);
            cr_expect_geq(outcome.version, TLS1_2_VERSION);
            cr_expect_neq(outcome.group, NID_X25519, "%s", other->what);
        }
        close_both();
        // The same two without our rules would have agreed: it is these that refuse, not the library.
        open_both(we_serve, other->rsa);
        limit_other(other);
        SSL_CTX_free(ours);
        ours = new_context(we_serve, keys[other->rsa]);
        SSL_CTX_set_min_proto_version(ours, TLS1_VERSION);
        SSL_CTX_set_cipher_list(ours, "ALL");
        SSL_CTX_set_ciphersuites(ours, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
        SSL_CTX_set1_groups_list(ours, "X25519:X448:P-256:P-384:P-521:secp256k1:brainpoolP256r1:brainpoolP384r1");
        SSL_CTX_set_dh_auto(ours, 1);
        cr_expect(meet(we_serve).agreed, "%s: nobody would have agreed", other->what);
        close_both();
    }
}

Test(tls_policy, we_serve_whom_it_names_and_nobody_else)
{
    meet_all(true);
}

Test(tls_policy, we_call_whom_it_names_and_nobody_else)
{
    meet_all(false);
}

Test(tls_policy, takes_no_early_data_and_does_not_negotiate_again)
{
    open_both(true, false);
    cr_assert_eq(SSL_CTX_get_max_early_data(ours), 0);
    cr_assert(SSL_CTX_get_options(ours) & SSL_OP_NO_RENEGOTIATION);
    cr_assert(SSL_CTX_get_options(ours) & SSL_OP_NO_COMPRESSION);
    close_both();
}

// ---- who asks for it

static char folder[FOLDER_SIZE], file[64];

static void write_certificate(SSL_CTX *of)
{
    FILE *out = fopen(file, "we");
    cr_assert_eq(PEM_write_X509(out, SSL_CTX_get0_certificate(of)), 1);
    fclose(out);
}

Test(tls_policy, is_that_of_every_client_of_the_broker)
{
    struct fault why;
    folder_make(folder, "tls");
    snprintf(file, sizeof file, "%s/ca.pem", folder);
    open_both(false, false);
    write_certificate(theirs);
    struct tls_trust *trust =
        tls_trust_new(&(struct tls_trust_config){.host = "broker.example", .ca_file = file}, &why);
    cr_assert(trust, "%s", why.text);
    cr_assert(shake_hands(tls_trust_context(trust), theirs).agreed);
    SSL_CTX_set1_groups_list(theirs, "X25519");
    cr_assert_not(shake_hands(tls_trust_context(trust), theirs).agreed);
    SSL_CTX_set1_groups_list(theirs, "P-256");
    SSL_CTX_set_max_proto_version(theirs, TLS1_1_VERSION);
    cr_assert_not(shake_hands(tls_trust_context(trust), theirs).agreed);
    tls_trust_free(trust);
    close_both();
    folder_remove(folder);
}

Test(tls_policy, has_words_for_the_libraries_behind_libldap)
{
    const struct tls_policy_words *openssl = tls_policy_words("OpenSSL"), *gnutls = tls_policy_words("GnuTLS");
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    char both[400], *rest = both;
    TEXT_PUT(both, openssl->suites);
    // libldap takes those of TLS 1.3 out of the one list by their names.
    while (strncmp(rest, "TLS_", 4) == 0 && strchr(rest, ':'))
        rest = strchr(rest, ':') + 1;
    rest[-1] = 0;
    cr_assert_eq(SSL_CTX_set_ciphersuites(context, both), 1);
    cr_assert_eq(SSL_CTX_set_cipher_list(context, rest), 1);
    cr_assert_eq(SSL_CTX_set1_groups_list(context, openssl->groups), 1);
    SSL_CTX_free(context);
    cr_assert(strstr(gnutls->suites, "NONE:") == gnutls->suites && !gnutls->groups);
    static const char *const never[] = {"CBC", "25519", "TLS1.1", "TLS1.0", "CHACHA", "+DHE", "+RSA:", "SHA1"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        cr_assert_null(strstr(gnutls->suites, never[i]), "%s", never[i]);
    cr_assert_null(tls_policy_words("MozNSS"));
}
