// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/tls_trust.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"
#include "broker/net/tls_policy.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tls_trust {
    SSL_CTX *tls;
    SSL_SESSION *session;
    bool seen, pinned;
    unsigned char digest[CERTIFICATE_DIGEST_BYTES], pin[CERTIFICATE_DIGEST_BYTES];
    X509 *root; // that the peer showed
    const char *refused;
};

static bool refuse(struct fault *why, const char *what, const char *file)
{
    char reason[160];
    ERR_error_string_n(ERR_peek_last_error(), reason, sizeof reason);
    ERR_clear_error();
    return fault_set(why, FAULT_INVALID, "%s %s is not usable: %s", what, file, reason);
}

// Only what the library itself found counts: libwebsockets would put a callback here that lets some errors pass.
static int keep_verdict(int ok, X509_STORE_CTX *store)
{
    (void)store;
    return ok;
}

static X509 *find_shown(X509_STORE_CTX *store, const unsigned char digest[CERTIFICATE_DIGEST_BYTES])
{
    STACK_OF(X509) *shown = X509_STORE_CTX_get0_untrusted(store);
    for (int i = 0; i < sk_X509_num(shown); i++) {
        unsigned char found[CERTIFICATE_DIGEST_BYTES];
        certificate_digest(sk_X509_value(shown, i), found);
        if (memcmp(found, digest, sizeof found) == 0)
            return sk_X509_value(shown, i);
    }
    return NULL;
}

// The one that vouched may be known for years, and have renewed itself since.
static X509 *find_renewed(X509_STORE_CTX *store, const X509 *root)
{
    STACK_OF(X509) *shown = X509_STORE_CTX_get0_untrusted(store);
    for (int i = 0; i < sk_X509_num(shown); i++)
        if (certificate_renews(sk_X509_value(shown, i), root))
            return sk_X509_value(shown, i);
    return NULL;
}

static void keep_root(struct tls_trust *trust, X509_STORE_CTX *store)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
    unsigned char digest[CERTIFICATE_DIGEST_BYTES];
    certificate_digest(sk_X509_value(chain, sk_X509_num(chain) - 1), digest);
    X509 *root = find_renewed(store, sk_X509_value(chain, sk_X509_num(chain) - 1));
    if (!root)
        root = find_shown(store, digest);
    if (root && X509_up_ref(root)) {
        X509_free(trust->root);
        trust->root = root;
    }
}

// Whatever else the peer shows counts for nothing: the one with the pin is the only authority, for this one chain.
static int verify_by_pin(struct tls_trust *trust, X509_STORE_CTX *store)
{
    X509 *authority = find_shown(store, trust->pin);
    STACK_OF(X509) *authorities = authority ? sk_X509_new_null() : NULL;
    if (!authorities || !sk_X509_push(authorities, authority)) {
        sk_X509_free(authorities);
        trust->refused = "the broker does not show the authority that is expected";
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
        return 0;
    }
    X509_STORE_CTX_set0_trusted_stack(store, authorities);
    int ok = X509_verify_cert(store) == 1;
    sk_X509_free(authorities);
    return ok;
}

static int verify(X509_STORE_CTX *store, void *arg)
{
    struct tls_trust *trust = arg;
    X509_STORE_CTX_set_verify_cb(store, keep_verdict);
    trust->refused = "";
    int ok = trust->pinned ? verify_by_pin(trust, store) : X509_verify_cert(store) == 1;
    if (ok) {
        certificate_digest(X509_STORE_CTX_get0_cert(store), trust->digest);
        trust->seen = true;
        keep_root(trust, store);
    } else if (!*trust->refused) {
        trust->refused = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
    }
    return ok;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_trust *trust = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    SSL_SESSION_free(trust->session);
    trust->session = SSL_SESSION_dup(session); // what a connection has is spoilt when it ends without goodbye
    return 0;
}

// libwebsockets makes the SSL object and starts it at once, so this is the one place where a session can be offered.
static void offer_session(const SSL *ssl, int where, int value)
{
    (void)value;
    struct tls_trust *trust = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (!(where & SSL_CB_HANDSHAKE_START) || !trust->session || SSL_get_session(ssl))
        return;
    SSL_SESSION *copy = SSL_SESSION_dup(trust->session);
    if (copy)
        SSL_set_session((SSL *)ssl, copy);
    SSL_SESSION_free(copy);
}

// Without this OpenSSL asks for a passphrase on the terminal.
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer, (void)size, (void)writing, (void)arg;
    return 0;
}

static bool set_name(SSL_CTX *tls, const char *host, struct fault *why)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) != 1 &&
        (!host[0] || X509_VERIFY_PARAM_set1_host(param, host, strlen(host)) != 1))
        return fault_set(why, FAULT_INVALID, "\"%s\" is not a host name", host);
    ERR_clear_error(); // the try as an address left one
    return true;
}

static bool set_authority(struct tls_trust *trust, const struct tls_trust_config *config, struct fault *why)
{
    trust->pinned = config->pin && *config->pin;
    if (trust->pinned)
        return text_unhex(trust->pin, sizeof trust->pin, config->pin) ||
               fault_set(why, FAULT_INVALID, "\"%s\" is not a SHA-256", config->pin);
    if (access(config->ca_file, R_OK) != 0) // what OpenSSL says of that helps nobody
        return fault_set(why, FAULT_INVALID, "the authority's certificate %s: %s", config->ca_file, strerror(errno));
    return SSL_CTX_load_verify_file(trust->tls, config->ca_file) == 1 ||
           refuse(why, "the authority's certificate", config->ca_file);
}

static bool set_own(SSL_CTX *tls, const char *certificate_file, const char *key_file, struct fault *why)
{
    SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(tls, certificate_file) != 1)
        return refuse(why, "the certificate", certificate_file);
    if (SSL_CTX_use_PrivateKey_file(tls, key_file, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(tls) != 1)
        return refuse(why, "the key", key_file);
    return true;
}

struct tls_trust *tls_trust_new(const struct tls_trust_config *config, struct fault *why)
{
    const char *certificate = config->certificate_file, *key = config->key_file ? config->key_file : certificate;
    struct tls_trust *trust = mem_new(1, sizeof *trust);
    trust->refused = "";
    trust->tls = SSL_CTX_new(TLS_client_method());
    if (!trust->tls) {
        refuse(why, "TLS", "of this system");
        tls_trust_free(trust);
        return NULL;
    }
    tls_policy_set(trust->tls);
    if (!set_name(trust->tls, config->host, why) || !set_authority(trust, config, why) ||
        (certificate && !set_own(trust->tls, certificate, key, why))) {
        tls_trust_free(trust);
        return NULL;
    }
    SSL_CTX_set_app_data(trust->tls, trust);
    SSL_CTX_set_verify(trust->tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(trust->tls, verify, trust);
    SSL_CTX_set_session_cache_mode(trust->tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(trust->tls, keep_session);
    SSL_CTX_set_info_callback(trust->tls, offer_session);
    return trust;
}

void tls_trust_free(struct tls_trust *trust)
{
    if (!trust)
        return;
    SSL_SESSION_free(trust->session);
    X509_free(trust->root);
    SSL_CTX_free(trust->tls);
    free(trust);
}

SSL_CTX *tls_trust_context(struct tls_trust *trust)
{
    return trust->tls;
}

bool tls_trust_digest(const struct tls_trust *trust, unsigned char digest[32])
{
    if (trust->seen)
        memcpy(digest, trust->digest, sizeof trust->digest);
    return trust->seen;
}

const X509 *tls_trust_root(const struct tls_trust *trust)
{
    return trust->root;
}

const char *tls_trust_refused(const struct tls_trust *trust)
{
    return trust->refused;
}

void tls_trust_begin(struct tls_trust *trust)
{
    trust->refused = "";
}

void tls_trust_forget_session(struct tls_trust *trust)
{
    SSL_SESSION_free(trust->session);
    trust->session = NULL;
}
