// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/totp_seal.h"

#include <criterion/criterion.h>
#include <string.h>

#define OWNER "neustadt/f-1"

static const unsigned char key[TOTP_SEAL_KEY_BYTES] = "of the broker", other_key[TOTP_SEAL_KEY_BYTES] = "of another";
static const unsigned char secret[TOTP_SECRET_BYTES] = "what the app shares";

static bool opens(const unsigned char *with, const char *owner, const char *sealed)
{
    static const unsigned char zeros[TOTP_SECRET_BYTES];
    unsigned char opened[TOTP_SECRET_BYTES];
    bool good = totp_unseal(opened, with, owner, sealed);
    cr_assert_eq(memcmp(opened, good ? secret : zeros, sizeof opened), 0);
    return good;
}

Test(totp_seal, opens_for_its_key_and_owner_alone)
{
    char sealed[TOTP_SEALED_SIZE], again[TOTP_SEALED_SIZE];
    cr_assert(totp_seal(sealed, key, OWNER, secret));
    cr_expect(opens(key, OWNER, sealed));
    cr_expect_not(opens(other_key, OWNER, sealed));
    cr_expect_not(opens(key, "neustadt/f-2", sealed));
    cr_assert(totp_seal(again, key, OWNER, secret));
    cr_expect_str_neq(sealed, again, "twice the same would tell");
}

Test(totp_seal, stays_closed_when_anything_was_altered)
{
    char sealed[TOTP_SEALED_SIZE];
    cr_assert(totp_seal(sealed, key, OWNER, secret));
    for (size_t i = 0; i < sizeof sealed - 1; i++) {
        char before = sealed[i];
        sealed[i] = before == 'A' ? 'B' : 'A';
        cr_expect_not(opens(key, OWNER, sealed), "%zu", i);
        sealed[i] = before;
    }
    cr_expect(opens(key, OWNER, sealed));
    sealed[sizeof sealed - 5] = 0;
    cr_expect_not(opens(key, OWNER, sealed));
    cr_expect_not(opens(key, OWNER, ""));
}
