// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/factor_verifier.h"
#include "broker/auth/passkey.h"
#include "broker/auth/recovery_code.h"
#include "broker/auth/totp_seal.h"
#include "broker/base/base64.h"
#include "broker/base/file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME(a, b) static_assert((int)(a) == (int)(b), "what core keeps is what is made here")
SAME(FACTOR_CREDENTIAL_SIZE, PASSKEY_ID_SIZE);
SAME(FACTOR_KEY_SIZE, PASSKEY_KEY_SIZE);
SAME(FACTOR_CHALLENGE_BYTES, PASSKEY_CHALLENGE_BYTES);
SAME(FACTOR_SECRET_TEXT_SIZE, TOTP_SECRET_TEXT_SIZE);
SAME(FACTOR_URI_SIZE, TOTP_URI_SIZE);
SAME(FACTOR_CODE_SIZE, RECOVERY_CODE_SIZE);
SAME(DIGEST_SIZE, RECOVERY_DIGEST_SIZE);
static_assert((int)FACTOR_KEY_SIZE >= (int)TOTP_SEALED_SIZE, "the same field");

struct factor_verifier {
    unsigned char key[TOTP_SEAL_KEY_BYTES];
};

// ---- the key

static bool make_key(const char *path, char text[2 * TOTP_SEAL_KEY_BYTES + 1], struct fault *why)
{
    unsigned char key[TOTP_SEAL_KEY_BYTES];
    arc4random_buf(key, sizeof key);
    text_hex(text, key, sizeof key);
    explicit_bzero(key, sizeof key);
    return file_create(path, 0600, text, strlen(text), why);
}

struct factor_verifier *factor_verifier_open(const char *path, struct fault *why)
{
    char text[2 * TOTP_SEAL_KEY_BYTES + 1] = "";
    struct factor_verifier *verifier = mem_new(1, sizeof *verifier);
    struct fault reason = {0};
    bool read = file_read_text(path, text, sizeof text, &reason);
    if (!read && reason.kind == FAULT_ABSENT)
        read = make_key(path, text, &reason);
    bool fine = read && text_unhex(verifier->key, sizeof verifier->key, text);
    explicit_bzero(text, sizeof text);
    if (fine)
        return verifier;
    if (read || reason.kind == FAULT_INVALID)
        fault_set(why, FAULT_BROKEN, "%s: contains no key", path);
    else
        fault_set(why, FAULT_BROKEN, "%s", reason.text);
    factor_verifier_free(verifier);
    return NULL;
}

void factor_verifier_free(struct factor_verifier *verifier)
{
    if (verifier)
        explicit_bzero(verifier->key, sizeof verifier->key);
    free(verifier);
}

// ---- passkeys

// What a browser sends of one, as bytes.
struct passkey_room {
    unsigned char client_data[PASSKEY_DATA_MAX], authenticator_data[PASSKEY_DATA_MAX], signature[PASSKEY_DATA_MAX];
};

static bool decode(struct passkey_bytes *bytes, unsigned char room[PASSKEY_DATA_MAX], const char *text)
{
    bytes->at = room;
    return strlen(text) / 4 * 3 <= PASSKEY_DATA_MAX && base64_decode(room, &bytes->length, text);
}

static bool read_answer(struct passkey_answer *answer, struct passkey_room *room, const struct factor_proof *proof,
                        struct fault *why)
{
    if (!proof->challenge)
        return fault_set(why, FAULT_DENIED, "answers no question of ours");
    return (decode(&answer->client_data, room->client_data, proof->client_data) &&
            decode(&answer->authenticator_data, room->authenticator_data, proof->authenticator_data) &&
            decode(&answer->signature, room->signature, proof->signature)) ||
           fault_set(why, FAULT_INVALID, "not base64, or too long");
}

static struct passkey_question question_of(const struct factor_proof *proof)
{
    return (struct passkey_question){.site = proof->site, .origin = proof->origin, .challenge = proof->challenge};
}

static bool verify_passkey(struct factor *factor, const struct factor_proof *proof, struct fault *why)
{
    struct passkey_room room;
    struct passkey_answer answer;
    struct passkey passkey = {.algorithm = factor->algorithm, .count = factor->count};
    const struct passkey_question question = question_of(proof);
    if (!text_equal(factor->credential, proof->credential))
        return fault_set(why, FAULT_DENIED, "another passkey");
    TEXT_PUT(passkey.id, factor->credential);
    TEXT_PUT(passkey.key, factor->key);
    if (!read_answer(&answer, &room, proof, why) || !passkey_verify(&passkey, &question, &answer, why))
        return false;
    factor->count = passkey.count;
    return true;
}

static bool enrol_passkey(void *self, struct factor *factor, const struct factor_proof *proof, struct fault *why)
{
    struct passkey_room room;
    struct passkey_answer answer;
    struct passkey passkey;
    const struct passkey_question question = question_of(proof);
    (void)self;
    if (!read_answer(&answer, &room, proof, why) || !passkey_enrol(&passkey, &question, &answer, why))
        return false;
    TEXT_PUT(factor->credential, passkey.id);
    TEXT_PUT(factor->key, passkey.key);
    factor->algorithm = passkey.algorithm;
    factor->count = passkey.count;
    return true;
}

// ---- telephones

static bool verify_totp(const struct factor_verifier *verifier, struct factor *factor, const char *owner,
                        const char *sealed, const char *code, int64_t wall_ms, struct fault *why)
{
    unsigned char secret[TOTP_SECRET_BYTES];
    bool opened = totp_unseal(secret, verifier->key, owner, sealed);
    bool right = opened && totp_verify(secret, code, wall_ms, &factor->count);
    explicit_bzero(secret, sizeof secret);
    if (!opened)
        return fault_set(why, FAULT_BROKEN, "its secret was sealed by another key");
    return right || fault_set(why, FAULT_DENIED, "not a code of now, or used before");
}

static bool offer_totp(void *self, const char *person_id, const char *issuer, const char *account,
                       struct factor_offer *offer)
{
    const struct factor_verifier *verifier = self;
    unsigned char secret[TOTP_SECRET_BYTES];
    *offer = (struct factor_offer){.sealed = ""};
    totp_secret_new(secret);
    totp_secret_text(offer->secret, secret);
    bool fine =
        totp_uri(offer->uri, issuer, account, secret) && totp_seal(offer->sealed, verifier->key, person_id, secret);
    explicit_bzero(secret, sizeof secret);
    return fine;
}

// What was sealed for the person is sealed for the factor: none can be put in another's place.
static bool enrol_totp(void *self, struct factor *factor, const char *sealed, const char *code, int64_t wall_ms,
                       struct fault *why)
{
    const struct factor_verifier *verifier = self;
    unsigned char secret[TOTP_SECRET_BYTES];
    if (!verify_totp(verifier, factor, factor->person, sealed, code, wall_ms, why))
        return false;
    bool fine = totp_unseal(secret, verifier->key, factor->person, sealed) &&
                totp_seal(factor->key, verifier->key, factor->id, secret);
    explicit_bzero(secret, sizeof secret);
    return fine || fault_set(why, FAULT_BROKEN, "the secret cannot be sealed");
}

// ---- codes on paper

static void make_codes(void *self, struct factor *factor, char (*codes)[FACTOR_CODE_SIZE], size_t count)
{
    (void)self;
    assert(count <= FACTOR_CODES_MAX && factor->id[0]);
    factor->codes[0] = 0;
    for (size_t i = 0; i < count; i++) {
        char digest[DIGEST_SIZE];
        recovery_code_new(codes[i]);
        bool made = recovery_code_digest(digest, factor->id, codes[i]);
        assert(made);
        (void)made;
        snprintf(factor->codes + strlen(factor->codes), sizeof factor->codes - strlen(factor->codes), "%s%s",
                 i ? " " : "", digest);
    }
}

// Each word is a digest of the same length.
static bool take_code(struct factor *factor, const char *typed, struct fault *why)
{
    char digest[DIGEST_SIZE];
    char *found = recovery_code_digest(digest, factor->id, typed) ? strstr(factor->codes, digest) : NULL;
    if (!found)
        return fault_set(why, FAULT_DENIED, "no code of these");
    char *behind = found + strlen(digest);
    if (*behind == ' ')
        memmove(found, behind + 1, strlen(behind + 1) + 1);
    else
        found[found > factor->codes ? -1 : 0] = 0;
    return true;
}

// ---- all of them

static bool verify_factor(void *self, struct factor *factor, const struct factor_proof *proof, int64_t wall_ms,
                          struct fault *why)
{
    assert(factor->id[0]);
    if (factor->kind != FACTOR_PASSKEY && !proof->code[0])
        return fault_set(why, FAULT_DENIED, "no code was typed");
    switch ((enum factor_kind)factor->kind) {
    case FACTOR_PASSKEY:
        return verify_passkey(factor, proof, why);
    case FACTOR_TOTP:
        return verify_totp(self, factor, factor->id, factor->key, proof->code, wall_ms, why);
    case FACTOR_RECOVERY:
    case FACTOR_HELP_DESK:
        return take_code(factor, proof->code, why);
    }
    return fault_set(why, FAULT_BROKEN, "of no kind");
}

struct factor_port factor_verifier_port(struct factor_verifier *verifier)
{
    return (struct factor_port){verifier, verify_factor, enrol_passkey, offer_totp, enrol_totp, make_codes};
}
