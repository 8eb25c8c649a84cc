// SPDX-License-Identifier: EUPL-1.2
// What the broker keeps of a factor, and what verifies it.
#include "broker/auth/factor_verifier.h"
#include "broker/auth/totp.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOW_MS = 1000 * TOTP_STEP_MS };

static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 16];
static struct factor_verifier *verifier;
static struct factor_port port;
static struct fault why;

static void open_verifier(void)
{
    folder_make(folder, "factors");
    snprintf(path, sizeof path, "%s/factors.secret", folder);
    verifier = factor_verifier_open(path, &why);
    cr_assert(verifier, "%s", why.text);
    port = factor_verifier_port(verifier);
}

static void close_verifier(void)
{
    factor_verifier_free(verifier);
    folder_remove(folder);
}

TestSuite(factor_verifier, .init = open_verifier, .fini = close_verifier);

static struct factor factor_of(enum factor_kind kind)
{
    return (struct factor){.id = "neustadt/f-1", .person = "neustadt/p-anna", .kind = kind};
}

static bool shows(struct factor *factor, const char *code, int64_t wall_ms)
{
    const struct factor_proof proof = {code, "", "", "", "", "", "", NULL};
    return port.verify(port.self, factor, &proof, wall_ms, &why);
}

// The code that a telephone with this text as its secret shows.
static void code_of(const struct factor_offer *offer, int64_t wall_ms, char code[TOTP_DIGITS + 1])
{
    unsigned char secret[TOTP_SECRET_BYTES];
    char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint64_t held = 0;
    int bits = 0;
    size_t length = 0;
    for (const char *at = offer->secret; *at && length < sizeof secret; at++) {
        held = held << 5 | (uint64_t)(strchr(letters, *at) - letters);
        bits += 5;
        if (bits >= 8)
            secret[length++] = (unsigned char)(held >> (bits -= 8));
    }
    totp_code(code, secret, wall_ms / TOTP_STEP_MS);
}

static void enrol_telephone(struct factor *factor, struct factor_offer *offer)
{
    char code[TOTP_DIGITS + 1];
    *factor = factor_of(FACTOR_TOTP);
    cr_assert(port.offer_totp(port.self, factor->person, "Stadt Neustadt", "anna", offer));
    code_of(offer, NOW_MS, code);
    cr_assert(port.enrol_totp(port.self, factor, offer->sealed, code, NOW_MS, &why), "%s", why.text);
}

Test(factor_verifier, keeps_its_key_to_itself_and_over_a_restart)
{
    struct factor factor;
    struct factor_offer offer;
    struct stat status;
    char code[TOTP_DIGITS + 1];
    enrol_telephone(&factor, &offer);
    cr_assert(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
    factor_verifier_free(verifier);
    verifier = factor_verifier_open(path, &why);
    cr_assert(verifier, "%s", why.text);
    port = factor_verifier_port(verifier);
    code_of(&offer, NOW_MS + TOTP_STEP_MS, code);
    cr_expect(shows(&factor, code, NOW_MS + TOTP_STEP_MS), "%s", why.text);
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs("no key", file) >= 0 && fclose(file) == 0);
    cr_expect_null(factor_verifier_open(path, &why));
    cr_expect_eq(why.kind, FAULT_BROKEN);
}

Test(factor_verifier, takes_each_code_of_a_telephone_once)
{
    struct factor factor;
    struct factor_offer offer;
    char code[TOTP_DIGITS + 1];
    enrol_telephone(&factor, &offer);
    code_of(&offer, NOW_MS, code);
    cr_expect_not(shows(&factor, code, NOW_MS), "the one that it was enrolled with");
    code_of(&offer, NOW_MS + 5 * TOTP_STEP_MS, code);
    cr_expect(shows(&factor, code, NOW_MS + 5 * TOTP_STEP_MS));
    cr_expect_not(shows(&factor, code, NOW_MS + 5 * TOTP_STEP_MS));
    cr_expect_not(shows(&factor, "", NOW_MS));
}

Test(factor_verifier, knows_whose_secret_it_is)
{
    struct factor factor, other = factor_of(FACTOR_TOTP);
    struct factor_offer offer;
    char code[TOTP_DIGITS + 1];
    enrol_telephone(&factor, &offer);
    TEXT_PUT(other.person, "neustadt/p-bert");
    code_of(&offer, NOW_MS, code);
    cr_expect_not(port.enrol_totp(port.self, &other, offer.sealed, code, NOW_MS, &why), "an offer to Anna");
    TEXT_PUT(other.id, "neustadt/f-2");
    TEXT_PUT(other.key, factor.key);
    code_of(&offer, NOW_MS + 2 * TOTP_STEP_MS, code);
    cr_expect_not(shows(&other, code, NOW_MS + 2 * TOTP_STEP_MS), "Anna's secret in Bert's record");
}

Test(factor_verifier, takes_each_code_on_paper_once)
{
    struct factor factor = factor_of(FACTOR_RECOVERY);
    char codes[FACTOR_CODES_MAX][FACTOR_CODE_SIZE];
    port.make_codes(port.self, &factor, codes, FACTOR_CODES_MAX);
    cr_assert_eq(strlen(factor.codes), FACTOR_CODES_MAX * DIGEST_SIZE - 1);
    static const int order[FACTOR_CODES_MAX] = {4, 9, 0, 8, 1, 7, 2, 6, 3, 5};
    for (size_t i = 0; i < FACTOR_CODES_MAX; i++) {
        cr_expect_null(strstr(factor.codes, codes[order[i]]), "no code itself");
        cr_expect(shows(&factor, codes[order[i]], NOW_MS), "%zu", i);
        cr_expect_not(shows(&factor, codes[order[i]], NOW_MS), "%zu", i);
        size_t left = FACTOR_CODES_MAX - 1 - i;
        cr_expect_eq(strlen(factor.codes), left ? left * DIGEST_SIZE - 1 : 0);
    }
}

Test(factor_verifier, takes_no_passkey_without_a_question)
{
    struct factor factor = factor_of(FACTOR_PASSKEY);
    TEXT_PUT(factor.credential, "abc");
    static const unsigned char challenge[FACTOR_CHALLENGE_BYTES] = {1};
    const struct factor_proof proofs[] = {
        {"", "abc", "e30=", "", "", "gw.example", "https://gw.example", NULL},
        {"", "abc", "e30=", "", "", "gw.example", "https://gw.example", challenge},
        {"", "abd", "e30=", "", "", "gw.example", "https://gw.example", challenge},
        {"", "abc", "no base64", "", "", "gw.example", "https://gw.example", challenge},
    };
    for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++) {
        cr_expect_not(port.verify(port.self, &factor, &proofs[i], NOW_MS, &why), "%zu", i);
        cr_expect_not(port.enrol_passkey(port.self, &factor, &proofs[i], &why), "%zu", i);
    }
    owned(text) struct text long_one = {0};
    for (int i = 0; i < 10000; i++)
        text_adds(&long_one, "AAAA");
    const struct factor_proof large = {"", "abc", long_one.bytes, long_one.bytes, long_one.bytes, "", "", challenge};
    cr_expect_not(port.verify(port.self, &factor, &large, NOW_MS, &why));
}
