// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/passkey.h"
#include "broker/api/codec_json.h"
#include "broker/auth/cbor_bounds.h"
#include "broker/base/base64.h"

#include <assert.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <openssl/sha.h>
#include <string.h>

// Authenticator data (level 2, section 6.1): a digest of the site's name, flags, the counter; then, as the flags say,
// make, length and bytes of the id, the key, and extensions.
enum {
    AT_FLAGS = SHA256_DIGEST_LENGTH,
    AT_MAKE = AT_FLAGS + 1 + 4,
    AT_ID_LENGTH = AT_MAKE + 16,
    AT_ID = AT_ID_LENGTH + 2,
    FLAG_TOUCHED = 0x01,
    FLAG_KEY = 0x40,
    FLAG_EXTENSIONS = 0x80,
    CBOR_MAP = 5,
};

// ---- kinds of keys

struct key_kind {
    int cose;
    size_t bytes;
    // NULL: it is none, not on the curve or too short, which libfido2 does not look at when a passkey is enrolled.
    void *(*read)(const unsigned char *bytes, size_t length);
    void (*free)(void *key);
};

static void free_es256(void *key)
{
    es256_pk_t *own = key;
    es256_pk_free(&own);
}

static void *read_es256(const unsigned char *bytes, size_t length)
{
    es256_pk_t *key = es256_pk_new();
    if (key && es256_pk_from_ptr(key, bytes, length) != FIDO_OK)
        es256_pk_free(&key);
    return key;
}

static void free_eddsa(void *key)
{
    eddsa_pk_t *own = key;
    eddsa_pk_free(&own);
}

static void *read_eddsa(const unsigned char *bytes, size_t length)
{
    eddsa_pk_t *key = eddsa_pk_new();
    if (key && eddsa_pk_from_ptr(key, bytes, length) != FIDO_OK)
        eddsa_pk_free(&key);
    return key;
}

static void free_rs256(void *key)
{
    rs256_pk_t *own = key;
    rs256_pk_free(&own);
}

static void *read_rs256(const unsigned char *bytes, size_t length)
{
    rs256_pk_t *key = rs256_pk_new();
    if (key && rs256_pk_from_ptr(key, bytes, length) != FIDO_OK)
        rs256_pk_free(&key);
    return key;
}

static const struct key_kind kinds[] = {
    {COSE_ES256, 64, read_es256, free_es256},
    {COSE_RS256, PASSKEY_KEY_MAX, read_rs256, free_rs256}, // Windows Hello with an older TPM
    {COSE_EDDSA, 32, read_eddsa, free_eddsa},
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

static bool key_is_good(const struct key_kind *kind, const unsigned char *bytes, size_t length)
{
    void *key = length == kind->bytes ? kind->read(bytes, length) : NULL;
    if (key)
        kind->free(key);
    return key;
}

// ---- what both answers have

static bool check_client_data(const struct passkey_answer *answer, const char *type,
                              const struct passkey_question *question, struct fault *why)
{
    owned(json) json_object *data = NULL;
    char challenge[(PASSKEY_CHALLENGE_BYTES + 2) / 3 * 4 + 1];
    bool fits = base64_encode_url(challenge, sizeof challenge, question->challenge, PASSKEY_CHALLENGE_BYTES);
    assert(fits);
    if (answer->client_data.length > PASSKEY_DATA_MAX)
        return fault_set(why, FAULT_INVALID, "client data: too long");
    if (!codec_parse(&data, (const char *)answer->client_data.at, answer->client_data.length, why))
        return fault_at(why, "client data");
    if (!text_equal(codec_string(data, "type"), type))
        return fault_set(why, FAULT_DENIED, "client data: not for this purpose");
    if (!text_equal(codec_string(data, "challenge"), challenge))
        return fault_set(why, FAULT_DENIED, "client data: answers another question");
    if (!text_equal(codec_string(data, "origin"), question->origin) || codec_flag(data, "crossOrigin"))
        return fault_set(why, FAULT_DENIED, "client data: from a page of another site");
    return true;
}

// Goes over the item that begins at *at.
static bool skip_item(const struct passkey_bytes *data, size_t *at)
{
    size_t item = cbor_bounds_item(data->at + *at, data->length - *at);
    bool is_map = item && data->at[*at] >> 5 == CBOR_MAP;
    *at += item;
    return is_map;
}

// The shape alone, to the last byte: libfido2 takes what follows for nothing.
static bool check_shape(const struct passkey_bytes *data, bool enrols, struct fault *why)
{
    size_t at = AT_MAKE;
    if (data->length < AT_MAKE || data->length > PASSKEY_DATA_MAX)
        return fault_set(why, FAULT_INVALID, "authenticator data: too short or too long");
    if (enrols != !!(data->at[AT_FLAGS] & FLAG_KEY))
        return fault_set(why, FAULT_INVALID, "authenticator data: of another kind");
    if (enrols) {
        size_t id_length = data->length >= AT_ID ? (size_t)data->at[AT_ID_LENGTH] << 8 | data->at[AT_ID_LENGTH + 1] : 0;
        if (!id_length || id_length > PASSKEY_ID_MAX || id_length > data->length - AT_ID)
            return fault_set(why, FAULT_INVALID, "authenticator data: no id, or one that is too long");
        at = AT_ID + id_length;
        if (!skip_item(data, &at))
            return fault_set(why, FAULT_INVALID, "authenticator data: no key");
    }
    if (data->at[AT_FLAGS] & FLAG_EXTENSIONS && !skip_item(data, &at))
        return fault_set(why, FAULT_INVALID, "authenticator data: no extensions");
    return at == data->length || fault_set(why, FAULT_INVALID, "authenticator data: more than there should be");
}

static bool check_site(const struct passkey_bytes *data, const char *site, struct fault *why)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)site, strlen(site), digest);
    if (memcmp(digest, data->at, sizeof digest) != 0)
        return fault_set(why, FAULT_DENIED, "authenticator data: for another site");
    if (!(data->at[AT_FLAGS] & FLAG_TOUCHED))
        return fault_set(why, FAULT_DENIED, "authenticator data: nobody was there");
    return true;
}

static bool check_answer(const struct passkey_answer *answer, bool enrols, const struct passkey_question *question,
                         struct fault *why)
{
    const char *type = enrols ? "webauthn.create" : "webauthn.get";
    return check_client_data(answer, type, question, why) && check_shape(&answer->authenticator_data, enrols, why) &&
           check_site(&answer->authenticator_data, question->site, why);
}

// ---- enrolled

static void credential_drop(void *pointer)
{
    fido_cred_free(pointer);
}

// libfido2 reads a key only as one of the kind that it was told.
static bool read_as(struct passkey *passkey, const struct passkey_bytes *data, const struct key_kind *kind)
{
    owned(credential) fido_cred_t *credential = fido_cred_new();
    if (!credential || fido_cred_set_type(credential, kind->cose) != FIDO_OK ||
        fido_cred_set_authdata_raw(credential, data->at, data->length) != FIDO_OK)
        return false;
    const unsigned char *key = fido_cred_pubkey_ptr(credential);
    size_t key_length = fido_cred_pubkey_len(credential);
    passkey->algorithm = kind->cose;
    passkey->count = fido_cred_sigcount(credential);
    return key && key_is_good(kind, key, key_length) &&
           base64_encode(passkey->key, sizeof passkey->key, key, key_length) &&
           base64_encode_url(passkey->id, sizeof passkey->id, fido_cred_id_ptr(credential),
                             fido_cred_id_len(credential));
}

bool passkey_enrol(struct passkey *passkey, const struct passkey_question *question,
                   const struct passkey_answer *answer, struct fault *why)
{
    *passkey = (struct passkey){.count = 0};
    if (!check_answer(answer, true, question, why))
        return false;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (read_as(passkey, &answer->authenticator_data, &kinds[i]))
            return true;
    *passkey = (struct passkey){.count = 0};
    return fault_set(why, FAULT_INVALID, "authenticator data: no key of a kind that is taken");
}

// ---- used

static void assertion_drop(void *pointer)
{
    fido_assert_free(pointer);
}

static bool read_assertion(fido_assert_t *assertion, const struct passkey_question *question,
                           const struct passkey_answer *answer)
{
    const struct passkey_bytes *client = &answer->client_data, *data = &answer->authenticator_data,
                               *signature = &answer->signature;
    return fido_assert_set_clientdata(assertion, client->at, client->length) == FIDO_OK &&
           fido_assert_set_rp(assertion, question->site) == FIDO_OK &&
           fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK && fido_assert_set_count(assertion, 1) == FIDO_OK &&
           fido_assert_set_authdata_raw(assertion, 0, data->at, data->length) == FIDO_OK &&
           fido_assert_set_sig(assertion, 0, signature->at, signature->length) == FIDO_OK;
}

static bool has_signed(const struct passkey *passkey, const fido_assert_t *assertion, struct fault *why)
{
    unsigned char bytes[PASSKEY_KEY_SIZE / 4 * 3];
    size_t length = 0, i = 0;
    while (i < KIND_COUNT && kinds[i].cose != passkey->algorithm)
        i++;
    bool known = i < KIND_COUNT && base64_decode(bytes, &length, passkey->key) && length == kinds[i].bytes;
    void *key = known ? kinds[i].read(bytes, length) : NULL;
    if (!key)
        return fault_set(why, FAULT_BROKEN, "the key that was kept is none");
    int verdict = fido_assert_verify(assertion, 0, kinds[i].cose, key);
    kinds[i].free(key);
    return verdict == FIDO_OK || fault_set(why, FAULT_DENIED, "not signed by this key: %s", fido_strerr(verdict));
}

bool passkey_verify(struct passkey *passkey, const struct passkey_question *question,
                    const struct passkey_answer *answer, struct fault *why)
{
    owned(assertion) fido_assert_t *assertion = fido_assert_new();
    if (!check_answer(answer, false, question, why))
        return false;
    if (answer->signature.length > PASSKEY_DATA_MAX)
        return fault_set(why, FAULT_INVALID, "signature: too long");
    if (!assertion || !read_assertion(assertion, question, answer))
        return fault_set(why, FAULT_INVALID, "authenticator data or signature: not well formed");
    if (!has_signed(passkey, assertion, why))
        return false;
    int64_t count = fido_assert_sigcount(assertion, 0);
    if ((count || passkey->count) && count <= passkey->count)
        return fault_set(why, FAULT_DENIED, "its counter has not moved on: this is an old answer, or of a copied key");
    passkey->count = count;
    return true;
}
