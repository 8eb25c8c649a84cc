// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/key.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_FILE_MAX = 1024 };

struct key {
    EVP_PKEY *pair;
    EVP_PKEY_CTX *signing, *verifying; // kept: setting one up costs as much as signing
};

static void pair_drop(EVP_PKEY **pair)
{
    EVP_PKEY_free(*pair);
}

static void context_drop(EVP_PKEY_CTX **context)
{
    EVP_PKEY_CTX_free(*context);
}

static void bio_drop(BIO **bio)
{
    BIO_free(*bio);
}

bool key_create(const char *path, struct fault *why)
{
    owned(pair) EVP_PKEY *pair = EVP_EC_gen("P-256");
    owned(bio) BIO *text = BIO_new(BIO_s_secmem());
    if (!pair || !text || !PEM_write_bio_PKCS8PrivateKey(text, pair, NULL, NULL, 0, NULL, NULL))
        return fault_set(why, FAULT_UNAVAILABLE, "cannot make a key for the journal's head");
    char *bytes = NULL;
    long length = BIO_get_mem_data(text, &bytes);
    return file_replace(path, 0600, bytes, (size_t)length, why);
}

static EVP_PKEY *parse_key(char *bytes, size_t length)
{
    owned(bio) BIO *text = BIO_new_mem_buf(bytes, (int)length);
    // A password is never asked for: an encrypted key does not open.
    EVP_PKEY *pair = text ? PEM_read_bio_PrivateKey(text, NULL, NULL, (void *)"") : NULL;
    if (!pair || EVP_PKEY_is_a(pair, "EC"))
        return pair;
    EVP_PKEY_free(pair);
    return NULL;
}

static bool pair_is_whole(EVP_PKEY *pair)
{
    owned(context) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pair, NULL);
    return context && EVP_PKEY_check(context) == 1;
}

static bool set_up_contexts(struct key *key)
{
    key->signing = EVP_PKEY_CTX_new_from_pkey(NULL, key->pair, NULL);
    key->verifying = EVP_PKEY_CTX_new_from_pkey(NULL, key->pair, NULL);
    return key->signing && EVP_PKEY_sign_init(key->signing) == 1 && key->verifying &&
           EVP_PKEY_verify_init(key->verifying) == 1 && EVP_PKEY_get_size(key->pair) <= KEY_SIGNATURE_MAX;
}

bool key_load(const char *path, struct key **key, struct fault *why)
{
    char bytes[KEY_FILE_MAX];
    size_t length;
    if (!file_read(path, bytes, sizeof bytes, &length, why))
        return false;
    owned(pair) EVP_PKEY *pair = length < sizeof bytes ? parse_key(bytes, length) : NULL;
    explicit_bzero(bytes, sizeof bytes);
    if (!pair || !pair_is_whole(pair))
        return fault_set(why, FAULT_BROKEN, "%s is damaged: it is not a key", path);
    struct key *loaded = mem_new(1, sizeof *loaded);
    loaded->pair = take(pair);
    if (!set_up_contexts(loaded)) {
        key_free(loaded);
        return fault_set(why, FAULT_BROKEN, "%s is damaged: it is not a P-256 key", path);
    }
    *key = loaded;
    return true;
}

void key_free(struct key *key)
{
    if (!key)
        return;
    EVP_PKEY_CTX_free(key->signing);
    EVP_PKEY_CTX_free(key->verifying);
    EVP_PKEY_free(key->pair);
    free(key);
}

size_t key_sign(struct key *key, const unsigned char hash[32], unsigned char signature[KEY_SIGNATURE_MAX])
{
    size_t length = KEY_SIGNATURE_MAX;
    int right = EVP_PKEY_sign(key->signing, signature, &length, hash, 32);
    assert(right == 1);
    (void)right;
    return length;
}

bool key_verify(struct key *key, const unsigned char hash[32], const unsigned char *signature, size_t length)
{
    return EVP_PKEY_verify(key->verifying, signature, length, hash, 32) == 1;
}
