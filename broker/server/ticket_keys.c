// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/ticket_keys.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 16, IV_BYTES = 16, KEY_BYTES = 32, LINE_ROOM = 256 };

struct ticket_key {
    int64_t made_ms; // 0: there is none
    struct {
        unsigned char name[NAME_BYTES], cipher[KEY_BYTES], code[KEY_BYTES];
    } bytes;
};

struct ticket_keys {
    char *path;
    struct ticket_key sealing, previous;
    EVP_CIPHER *cipher; // kept: finding it costs more than using it
};

// ---- their ages

// A key of the future was made before the clock was set back: it would be used for too long.
static bool is_younger(const struct ticket_key *key, int64_t now_ms, int64_t age_ms)
{
    return key->made_ms && key->made_ms <= now_ms && now_ms - key->made_ms < age_ms;
}

static void forget_key(struct ticket_key *key)
{
    explicit_bzero(key, sizeof *key);
}

static void make_key(struct ticket_key *key, int64_t now_ms)
{
    key->made_ms = now_ms;
    arc4random_buf(&key->bytes, sizeof key->bytes);
}

// True when something was changed.
static bool renew_keys(struct ticket_keys *keys, int64_t now_ms)
{
    bool seals = is_younger(&keys->sealing, now_ms, TICKET_KEY_SEALS_MS);
    if (!seals) {
        keys->previous = keys->sealing;
        make_key(&keys->sealing, now_ms);
    }
    bool ends = keys->previous.made_ms && !is_younger(&keys->previous, now_ms, TICKET_KEY_OPENS_MS);
    if (ends)
        forget_key(&keys->previous);
    return !seals || ends;
}

// ---- the file: a line for each, with the time it was made; the one that seals comes first

static void add_line(struct text *text, const struct ticket_key *key)
{
    char hex[2 * sizeof key->bytes + 1];
    if (!key->made_ms)
        return;
    text_hex(hex, &key->bytes, sizeof key->bytes);
    text_addf(text, "%lld %s\n", (long long)key->made_ms, hex);
    explicit_bzero(hex, sizeof hex);
}

static void save_keys(const struct ticket_keys *keys)
{
    struct fault why;
    struct text text = {0};
    assert(keys->sealing.made_ms);
    add_line(&text, &keys->sealing);
    add_line(&text, &keys->previous);
    if (!file_replace(keys->path, 0600, text.bytes, text.length, &why))
        log_warn("tls", "the keys of TLS tickets are not kept, so a restart will cost every agent a full handshake: %s",
                 why.text);
    if (text.bytes)
        explicit_bzero(text.bytes, text.length);
    text_drop(&text);
}

static bool read_line(struct ticket_key *key, char *line)
{
    char *hex = strchr(line, ' ');
    if (!hex)
        return false;
    *hex++ = 0;
    return text_number(line, 1, INT64_MAX, &key->made_ms) && text_unhex(&key->bytes, sizeof key->bytes, hex);
}

static bool read_lines(struct ticket_keys *keys, char *text)
{
    char *rest = NULL, *first = strtok_r(text, "\n", &rest), *second = strtok_r(NULL, "\n", &rest);
    return first && read_line(&keys->sealing, first) && (!second || read_line(&keys->previous, second));
}

static void load_keys(struct ticket_keys *keys)
{
    struct fault why = {0};
    char text[2 * LINE_ROOM] = "";
    bool there = file_read_text(keys->path, text, sizeof text, &why);
    if (!there && why.kind != FAULT_ABSENT)
        log_warn("tls", "new keys for TLS tickets are made: %s", why.text);
    if (there && !read_lines(keys, text)) {
        log_warn("tls", "new keys for TLS tickets are made: %s holds none", keys->path);
        forget_key(&keys->sealing);
        forget_key(&keys->previous);
    }
    explicit_bzero(text, sizeof text);
}

struct ticket_keys *ticket_keys_open(const char *path, int64_t now_ms)
{
    struct ticket_keys *keys = mem_new(1, sizeof *keys);
    keys->path = mem_dup(path);
    keys->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    assert(keys->cipher);
    load_keys(keys);
    ticket_keys_turn(keys, now_ms);
    return keys;
}

void ticket_keys_free(struct ticket_keys *keys)
{
    if (!keys)
        return;
    EVP_CIPHER_free(keys->cipher);
    free(keys->path);
    explicit_bzero(keys, sizeof *keys);
    free(keys);
}

void ticket_keys_turn(struct ticket_keys *keys, int64_t now_ms)
{
    if (renew_keys(keys, now_ms))
        save_keys(keys);
    assert(is_younger(&keys->sealing, now_ms, TICKET_KEY_SEALS_MS));
}

int64_t ticket_keys_since_ms(const struct ticket_keys *keys)
{
    return keys->sealing.made_ms;
}

// ---- for OpenSSL

static const struct ticket_key *find_key(const struct ticket_keys *keys, const unsigned char name[NAME_BYTES])
{
    const struct ticket_key *both[] = {&keys->sealing, &keys->previous};
    for (size_t i = 0; i < sizeof both / sizeof *both; i++)
        if (both[i]->made_ms && memcmp(both[i]->bytes.name, name, NAME_BYTES) == 0)
            return both[i];
    return NULL;
}

// 1: with this key, 2: with this one, and a new ticket is due, 0: no key of ours, -1: failed.
static int use_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *code,
                   int seals)
{
    char sha256[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0), OSSL_PARAM_END};
    const struct ticket_keys *keys = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    const struct ticket_key *key = seals ? &keys->sealing : find_key(keys, name);
    if (!key)
        return 0;
    if (seals) {
        memcpy(name, key->bytes.name, NAME_BYTES);
        if (RAND_bytes(iv, IV_BYTES) != 1)
            return -1;
    }
    if (EVP_CipherInit_ex2(cipher, keys->cipher, key->bytes.cipher, iv, seals, NULL) != 1 ||
        EVP_MAC_init(code, key->bytes.code, KEY_BYTES, parameters) != 1)
        return -1;
    return key == &keys->sealing ? 1 : 2;
}

// A renewed authority with the same key is the same.
static void digest_authorities(EVP_MD_CTX *digest, const SSL_CTX *context)
{
    const STACK_OF(X509_OBJECT) *authorities = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
    for (int i = 0; i < sk_X509_OBJECT_num(authorities); i++) {
        const X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(authorities, i));
        unsigned char *key = NULL;
        int length = certificate ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key) : 0;
        if (length > 0)
            EVP_DigestUpdate(digest, key, (size_t)length);
        OPENSSL_free(key);
    }
}

// Of another session context OpenSSL resumes nothing. The port's authorities belong to it, for the certificate in a
// ticket is not verified again; and our own, for whoever comes back does not see it.
static void set_session_context(SSL_CTX *context, const char *port)
{
    static const char form[] = "Pult ticket 1"; // another number for what another tls_give_ticket writes
    unsigned char own[CERTIFICATE_DIGEST_BYTES], whole[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    certificate_digest(SSL_CTX_get0_certificate(context), own);
    bool done = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(digest, form, sizeof form) == 1 &&
                EVP_DigestUpdate(digest, port, strlen(port) + 1) == 1 && EVP_DigestUpdate(digest, own, sizeof own) == 1;
    assert(done);
    digest_authorities(digest, context);
    done =
        EVP_DigestFinal_ex(digest, whole, &length) == 1 && SSL_CTX_set_session_id_context(context, whole, length) == 1;
    assert(done);
    EVP_MD_CTX_free(digest);
}

void ticket_keys_serve(struct ticket_keys *keys, SSL_CTX *context, const char *port)
{
    SSL_CTX_set_app_data(context, keys);
    set_session_context(context, port);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); // all is in the ticket
    SSL_CTX_set_timeout(context, TICKET_KEY_OPENS_MS / 1000);
    SSL_CTX_set_num_tickets(context, 0); // tls_give_ticket does it
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, use_key);
}
