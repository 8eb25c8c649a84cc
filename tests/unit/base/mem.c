// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/mem.h"

#include <criterion/criterion.h>
#include <string.h>

static bool is_zero(const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (((const char *)bytes)[i])
            return false;
    return true;
}

Test(mem, new_memory_is_zeroed)
{
    owned(bytes) char *bytes = mem_new(3, 100);
    cr_expect(is_zero(bytes, 300));
    owned(bytes) char *none = mem_new(0, 0);
    cr_expect_not_null(none);
}

Test(mem, a_copy_may_hold_anything)
{
    owned(bytes) char *copy = mem_copy("a\0b", 3);
    cr_expect_arr_eq(copy, "a\0b", 3);
    owned(bytes) char *none = mem_copy(NULL, 0);
    cr_expect_not_null(none);
}

Test(mem, room_grows_and_keeps_what_is_there)
{
    int *items = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        mem_reserve(&items, &capacity, (size_t)i + 1, sizeof *items);
        items[i] = i;
    }
    cr_expect_geq(capacity, 1000);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(items[i], i);
    bytes_drop(&items);
    cr_expect_null(items);
}

Test(mem, what_is_taken_is_not_freed)
{
    char *kept;
    {
        owned(bytes) char *text = mem_dup("kept");
        kept = take(text);
        cr_expect_null(text);
    }
    cr_expect_str_eq(kept, "kept");
    bytes_drop(&kept);
}

Test(secret, holds_up_to_its_bound)
{
    char bytes[SECRET_MAX + 1];
    memset(bytes, 'x', sizeof bytes);
    struct secret secret = {0};
    cr_expect(secret_set(&secret, bytes, SECRET_MAX));
    cr_expect_eq(strlen(secret.bytes), SECRET_MAX);
    cr_expect_not(secret_set(&secret, bytes, SECRET_MAX + 1));
    cr_expect(is_zero(&secret, sizeof secret), "what was there before is gone");
}

Test(secret, refuses_a_nul_within)
{
    struct secret secret = {0};
    cr_expect_not(secret_set(&secret, "ab\0cd", 5));
    cr_expect_eq(secret.length, 0);
}

Test(secret, is_wiped_when_it_is_dropped)
{
    struct secret secret = {0};
    cr_assert(secret_set(&secret, "Geheim", 6));
    secret_drop(&secret);
    cr_expect(is_zero(&secret, sizeof secret));
}

Test(secret, is_compared_to_the_last_byte)
{
    cr_expect(secret_equal("abcd", "abcd", 4));
    cr_expect_not(secret_equal("abcd", "abcx", 4));
    cr_expect_not(secret_equal("xbcd", "abcd", 4));
    cr_expect(secret_equal("x", "y", 0));
}
