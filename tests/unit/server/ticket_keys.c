// SPDX-License-Identifier: EUPL-1.2
// Which TLS sessions are resumed by a server that was started anew, and which are not.
#include "broker/server/ticket_keys.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"
#include "broker/net/tls_policy.h"
#include "broker/server/tls.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HOUR_MS = 60 * 60 * 1000 };

struct pair {
    EVP_PKEY *key;
    X509 *certificate;
};

static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 20];
static struct pair authority, renewed, other_authority, device, broker, other_broker;
static int64_t now_ms;
static SSL_CTX *client;
static SSL_SESSION *ticket; // of the client's last connection

static X509 *certificate_of(EVP_PKEY *key, const char *name, const struct pair *issuer)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_1); // which may be an authority without saying so
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), rand());
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                               -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer->certificate : certificate));
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, issuer ? issuer->key : key, EVP_sha256());
    return certificate;
}

static struct pair new_pair(const char *name, const struct pair *issuer)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    return (struct pair){key, certificate_of(key, name, issuer)};
}

static void pair_drop(struct pair *pair)
{
    EVP_PKEY_free(pair->key);
    X509_free(pair->certificate);
}

static void show_certificate(SSL_CTX *context, const struct pair *pair)
{
    cr_assert(SSL_CTX_use_certificate(context, pair->certificate) == 1 &&
              SSL_CTX_use_PrivateKey(context, pair->key) == 1);
}

static int keep_ticket(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(ticket);
    ticket = SSL_SESSION_dup(session);
    return 0;
}

static void begin(void)
{
    folder_make(folder, "ticket-keys");
    snprintf(path, sizeof path, "%s/ticket-keys", folder);
    now_ms = (int64_t)time(NULL) * 1000;
    authority = new_pair("Device CA", NULL);
    EVP_PKEY_up_ref(authority.key);
    renewed = (struct pair){authority.key, certificate_of(authority.key, "Device CA", NULL)};
    other_authority = new_pair("Device CA", NULL);
    device = new_pair("altdorf/desk1", &authority);
    broker = new_pair("broker.example", NULL);
    other_broker = new_pair("broker.example", NULL);
    client = SSL_CTX_new(TLS_client_method());
    tls_policy_set(client);
    show_certificate(client, &device);
    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client, keep_ticket);
}

static void end(void)
{
    struct pair *pairs[] = {&authority, &renewed, &other_authority, &device, &broker, &other_broker};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        pair_drop(pairs[i]);
    SSL_SESSION_free(take(ticket));
    SSL_CTX_free(client);
    folder_remove(folder);
}

TestSuite(ticket_keys, .init = begin, .fini = end, .timeout = 60);

struct port {
    const char *name;
    const struct pair *own, *authority; // NULL: broker, authority
};

static SSL_CTX *serve(struct ticket_keys *keys, struct port port)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    tls_policy_set(context);
    show_certificate(context, port.own ? port.own : &broker);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), (port.authority ? port.authority : &authority)->certificate);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    ticket_keys_serve(keys, context, port.name);
    return context;
}

enum outcome { REFUSED, FULL, RESUMED };

// As a connection does: what it has may be replaced.
static void give_ticket(SSL *ssl)
{
    struct tls_identity identity;
    const struct ticket_keys *keys = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (!SSL_is_init_finished(ssl))
        return;
    tls_identify(ssl, &identity);
    if (identity.ticket_ms != ticket_keys_since_ms(keys))
        tls_give_ticket(ssl, &identity, ticket_keys_since_ms(keys));
}

static void shake_hands(SSL *one, SSL *other)
{
    BIO *left = NULL, *right = NULL;
    char byte;
    cr_assert_eq(BIO_new_bio_pair(&left, 0, &right, 0), 1);
    SSL_set_bio(one, left, left);
    SSL_set_bio(other, right, right);
    SSL_set_connect_state(one);
    SSL_set_accept_state(other);
    for (int i = 0; i < 20 && !(SSL_is_init_finished(one) && SSL_is_init_finished(other)); i++) {
        SSL_do_handshake(one);
        SSL_do_handshake(other);
    }
    give_ticket(other);
    SSL_write(other, ".", 1); // with which the ticket goes out, and is read
    SSL_read(one, &byte, 1);
}

// A resumed session tells what a first one would: whose certificate it is. And its keys are its own.
static void still_tells_all(SSL *ssl)
{
    struct tls_identity identity;
    unsigned char digest[CERTIFICATE_DIGEST_BYTES];
    char hex[DIGEST_SIZE];
    EVP_PKEY *ephemeral = NULL;
    tls_identify(ssl, &identity);
    certificate_digest(device.certificate, digest);
    text_hex(hex, digest, sizeof digest);
    cr_assert_str_eq(identity.certificate, hex);
    cr_assert_str_eq(identity.common_name, "altdorf/desk1");
    cr_assert_str_empty(identity.renews);
    cr_assert_eq(identity.until_ms, certificate_until_ms(device.certificate));
    cr_assert(SSL_version(ssl) == TLS1_2_VERSION || SSL_get_peer_tmp_key(ssl, &ephemeral) == 1);
    EVP_PKEY_free(ephemeral);
}

// Most links are idle: what they keep is what there are thousands of.
static void keeps_no_certificate(SSL *ssl)
{
    cr_assert_null(SSL_get0_peer_certificate(ssl));
    cr_assert_leq(sk_X509_num(SSL_get0_verified_chain(ssl)), 0);
}

// With the ticket of the last time.
static enum outcome meet(SSL_CTX *server)
{
    SSL *one = SSL_new(client), *other = SSL_new(server);
    SSL_SESSION *offered = ticket ? SSL_SESSION_dup(ticket) : NULL; // a connection without goodbye spoils it
    if (offered)
        SSL_set_session(one, offered);
    SSL_SESSION_free(offered);
    shake_hands(one, other);
    bool agreed = SSL_is_init_finished(one) && SSL_is_init_finished(other);
    enum outcome outcome = !agreed ? REFUSED : SSL_session_reused(other) ? RESUMED : FULL;
    if (outcome != REFUSED)
        still_tells_all(other);
    if (outcome != REFUSED && SSL_version(other) == TLS1_3_VERSION)
        keeps_no_certificate(other);
    SSL_free(one);
    SSL_free(other);
    ERR_clear_error();
    return outcome;
}

// At a broker that was started at this moment.
static enum outcome meet_at(int64_t moment_ms, struct port port)
{
    struct ticket_keys *keys = ticket_keys_open(path, moment_ms);
    SSL_CTX *server = serve(keys, port);
    enum outcome outcome = meet(server);
    SSL_CTX_free(server);
    ticket_keys_free(keys);
    return outcome;
}

static const struct port devices = {.name = "device"};

static void outlives_a_restart(int version)
{
    SSL_CTX_set_max_proto_version(client, version);
    cr_assert_eq(meet_at(now_ms, devices), FULL);
    cr_assert_eq(SSL_SESSION_get_protocol_version(ticket), version);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(meet_at(now_ms + i, devices), RESUMED);
    unlink(path);
    cr_assert_eq(meet_at(now_ms, devices), FULL);
}

Test(ticket_keys, outlive_a_restart_in_tls_1_3)
{
    outlives_a_restart(TLS1_3_VERSION);
}

Test(ticket_keys, outlive_a_restart_in_tls_1_2)
{
    outlives_a_restart(TLS1_2_VERSION);
}

Test(ticket_keys, are_for_their_owner_alone)
{
    struct stat found;
    ticket_keys_free(ticket_keys_open(path, now_ms));
    cr_assert_eq(stat(path, &found), 0);
    cr_assert_eq(found.st_mode & 0777, 0600);
}

Test(ticket_keys, open_one_port_only)
{
    struct ticket_keys *keys = ticket_keys_open(path, now_ms);
    SSL_CTX *at_devices = serve(keys, devices), *at_admins = serve(keys, (struct port){.name = "admin"});
    cr_assert_eq(meet(at_devices), FULL);
    cr_assert_eq(meet(at_admins), FULL);
    cr_assert_eq(meet(at_admins), RESUMED);
    cr_assert_eq(meet(at_devices), FULL);
    SSL_CTX_free(at_devices);
    SSL_CTX_free(at_admins);
    ticket_keys_free(keys);
}

Test(ticket_keys, open_nothing_under_another_authority)
{
    cr_assert_eq(meet_at(now_ms, devices), FULL);
    cr_assert_eq(meet_at(now_ms, (struct port){.name = "device", .authority = &renewed}), RESUMED);
    cr_assert_eq(meet_at(now_ms, (struct port){.name = "device", .authority = &other_authority}), REFUSED);
}

// Who resumes does not see the broker's certificate, and a Kerberos ticket is bound to it.
Test(ticket_keys, open_nothing_under_another_certificate_of_the_broker)
{
    cr_assert_eq(meet_at(now_ms, devices), FULL);
    cr_assert_eq(meet_at(now_ms, (struct port){.name = "device", .own = &other_broker}), FULL);
}

Test(ticket_keys, seal_for_half_a_day_and_open_for_a_day)
{
    cr_assert_eq(meet_at(now_ms, devices), FULL);
    SSL_SESSION *first = SSL_SESSION_dup(ticket);
    cr_assert_eq(meet_at(now_ms + 13ll * HOUR_MS, devices), RESUMED);
    SSL_SESSION *second = take(ticket);
    ticket = SSL_SESSION_dup(first);
    cr_assert_eq(meet_at(now_ms + 23ll * HOUR_MS, devices), RESUMED);
    SSL_SESSION_free(ticket);
    ticket = first;
    cr_assert_eq(meet_at(now_ms + 24ll * HOUR_MS, devices), FULL);
    SSL_SESSION_free(ticket);
    ticket = second; // of the resumed one: sealed by the second key
    cr_assert_eq(meet_at(now_ms + 36ll * HOUR_MS, devices), RESUMED);
}

Test(ticket_keys, turn_while_the_broker_runs)
{
    struct ticket_keys *keys = ticket_keys_open(path, now_ms);
    ticket_keys_turn(keys, now_ms + TICKET_KEY_SEALS_MS - 1);
    cr_assert_eq(ticket_keys_since_ms(keys), now_ms);
    ticket_keys_turn(keys, now_ms + TICKET_KEY_SEALS_MS);
    cr_assert_eq(ticket_keys_since_ms(keys), now_ms + TICKET_KEY_SEALS_MS);
    SSL_CTX *server = serve(keys, devices);
    cr_assert_eq(meet(server), FULL);
    SSL_CTX_free(server);
    ticket_keys_free(keys);
    cr_assert_eq(meet_at(now_ms + TICKET_KEY_SEALS_MS, devices), RESUMED);
}

// A key from the future would be used for longer than it should.
Test(ticket_keys, of_a_clock_that_was_set_back_are_replaced)
{
    cr_assert_eq(meet_at(now_ms, devices), FULL);
    cr_assert_eq(meet_at(now_ms - 1, devices), FULL);
}

Test(ticket_keys, are_made_anew_from_a_file_that_holds_none)
{
    static const char *const contents[] = {"", "x", "5 abcd\n", "0 00\n\n"};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        FILE *file = fopen(path, "we");
        cr_assert(file && fputs(contents[i], file) >= 0 && fclose(file) == 0);
        cr_assert_eq(meet_at(now_ms, devices), FULL);
        cr_assert_eq(meet_at(now_ms, devices), RESUMED);
        SSL_SESSION_free(take(ticket));
    }
}

// Half of a line is as good as none.
Test(ticket_keys, of_a_cut_file_are_not_used)
{
    cr_assert_eq(meet_at(now_ms, devices), FULL);
    cr_assert_eq(truncate(path, 100), 0);
    cr_assert_eq(meet_at(now_ms, devices), FULL);
}

Test(ticket_keys, that_cannot_be_kept_are_used_all_the_same)
{
    snprintf(path, sizeof path, "%s/no/such", folder);
    struct ticket_keys *keys = ticket_keys_open(path, now_ms);
    SSL_CTX *server = serve(keys, devices);
    cr_assert_eq(meet(server), FULL);
    cr_assert_eq(meet(server), RESUMED);
    SSL_CTX_free(server);
    ticket_keys_free(keys);
}
