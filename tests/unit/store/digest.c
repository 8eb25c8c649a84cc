// SPDX-License-Identifier: EUPL-1.2
// The formulas of the chain are an agreement with whoever checks a journal without us: fixed values, computed with
// other tools (see the comments).
#include "broker/store/digest.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <string.h>

static struct digest digest;

static void start(void)
{
    digest_init(&digest);
}

static void stop(void)
{
    digest_drop(&digest);
}

TestSuite(digest, .init = start, .fini = stop);

static void is(const unsigned char hash[DIGEST_BYTES], const char *hex)
{
    char text[2 * DIGEST_BYTES + 1];
    text_hex(text, hash, DIGEST_BYTES);
    cr_assert_str_eq(text, hex);
}

// (printf '0123456789abcdef'; printf '{"what":"x"}') | sha256sum
Test(digest, of_a_payload_is_salt_and_payload)
{
    unsigned char hash[DIGEST_BYTES];
    digest_payload(&digest, (const unsigned char *)"0123456789abcdef", "{\"what\":\"x\"}", 12, hash);
    is(hash, "e981d8c2a4303b847c5396ac5da632aec543581f07f821a522a7e0f782139f02");
}

// 32 bytes 01, 00 00 00 00 00 00 03 2c, 00 00 01 9b 76 da a8 00, 32 bytes 02
Test(digest, of_a_link_is_chain_seq_time_and_hash)
{
    unsigned char chain[DIGEST_BYTES], hash[DIGEST_BYTES];
    memset(chain, 1, sizeof chain);
    memset(hash, 2, sizeof hash);
    digest_link(&digest, chain, 812, 1767225600000, hash);
    is(chain, "b0cb4ce91e3ce2c0d675c3c374759887595f1db50302ade8ea5a17bfc2ac7eb0");
}

Test(digest, of_people_tells_where_a_field_ends)
{
    struct store_person one = {.id = "town/p-1", .key = "ab", .user_name = "c", .name = "d"};
    struct store_person other = {.id = "town/p-1", .key = "a", .user_name = "bc", .name = "d"};
    unsigned char salt[SALT_BYTES] = {0}, a[DIGEST_BYTES], b[DIGEST_BYTES];
    digest_person(&digest, salt, &one, a);
    digest_person(&digest, salt, &other, b);
    cr_assert(memcmp(a, b, sizeof a) != 0);
}

Test(digest, sums_do_not_depend_on_the_order)
{
    unsigned char hashes[3][DIGEST_BYTES], sum[DIGEST_BYTES] = {0}, other[DIGEST_BYTES] = {0};
    unsigned char none[DIGEST_BYTES] = {0};
    for (int i = 0; i < 3; i++)
        digest_payload(&digest, (const unsigned char *)"0123456789abcdef", "abc" + i, 1, hashes[i]);
    for (int i = 0; i < 3; i++) {
        digest_sum_add(sum, hashes[i]);
        digest_sum_add(other, hashes[2 - i]);
    }
    cr_assert_arr_eq(sum, other, sizeof sum);
    for (int i = 0; i < 3; i++)
        digest_sum_remove(sum, hashes[(i + 1) % 3]);
    cr_assert_arr_eq(sum, none, sizeof sum);
}
