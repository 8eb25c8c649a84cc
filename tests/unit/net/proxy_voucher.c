// SPDX-License-Identifier: EUPL-1.2
// What a gateway vouches for, and that nobody can alter a word of it.
#include "broker/net/proxy_voucher.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const struct proxy_voucher said = {.way = PROXY_TO_DEVICES, .gateway = "pult/gw1", .number = 17};

static char text[PROXY_VOUCHER_SIZE];
static struct address caller;
static struct proxy_voucher heard;

static void begin(void)
{
    cr_assert(address_read(&caller, "192.0.2.7"));
    proxy_voucher_write(text, &said, key, &caller, 4711);
}

TestSuite(proxy_voucher, .init = begin);

static bool reads(const char *written)
{
    return proxy_voucher_read(&heard, written, strlen(written));
}

Test(proxy_voucher, what_is_written_is_read_and_holds)
{
    cr_assert(reads(text));
    cr_expect_eq(heard.way, PROXY_TO_DEVICES);
    cr_expect_str_eq(heard.gateway, "pult/gw1");
    cr_expect_eq(heard.number, 17);
    cr_expect(proxy_voucher_holds(&heard, key, &caller, 4711));
}

// By what another program makes of it: openssl dgst -sha256 -hmac KEY.
Test(proxy_voucher, the_code_is_hmac_sha256)
{
    cr_expect_str_eq(text, "device pult/gw1 17 22eebf7a2017a295c6244f694969d44ea52b4e86f337ade20143091c241ed956");
}

Test(proxy_voucher, it_holds_for_nobody_else)
{
    struct address other;
    cr_assert(reads(text));
    cr_expect_not(proxy_voucher_holds(&heard, key, &caller, 4712));
    cr_assert(address_read(&other, "192.0.2.8"));
    cr_expect_not(proxy_voucher_holds(&heard, key, &other, 4711));
    cr_expect_not(proxy_voucher_holds(&heard, "another", &caller, 4711));
    heard.way = PROXY_TO_PORTAL;
    cr_expect_not(proxy_voucher_holds(&heard, key, &caller, 4711));
    cr_assert(reads(text));
    heard.number++;
    cr_expect_not(proxy_voucher_holds(&heard, key, &caller, 4711));
    cr_assert(reads(text));
    heard.gateway[7] = '2';
    cr_expect_not(proxy_voucher_holds(&heard, key, &caller, 4711));
}

// Whichever letter is another one, it is none, or it does not hold.
Test(proxy_voucher, no_letter_can_be_altered)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        char before = text[i];
        text[i] = before == '1' ? '2' : '1';
        cr_expect(!reads(text) || !proxy_voucher_holds(&heard, key, &caller, 4711), "%zu", i);
        text[i] = before;
    }
    for (size_t i = 0; i < length; i++)
        cr_expect_not(proxy_voucher_read(&heard, text, i), "%zu", i);
}

Test(proxy_voucher, what_is_none_is_refused)
{
    static const char code[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"gate pult/gw1 17 ", ""},
        {"portal  17 ", ""},
        {"portal pult/gw1 0 ", ""},
        {"portal pult/gw1 -1 ", ""},
        {"portal pult/gw1 x ", ""},
        {"portal pult/gw1 17 ", " "},
        {"portal pult/gw1 17 ", "0"},
        {" portal pult/gw1 17 ", ""},
        {"portal pult/gw1 17 ", " 1"},
        {"portal  pult/gw1 17 ", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char written[PROXY_VOUCHER_SIZE];
        snprintf(written, sizeof written, "%s%s%s", rows[i].before, code, rows[i].after);
        cr_expect_not(reads(written), "%s", written);
    }
    cr_expect_not(reads("portal pult/gw1 17"));
    cr_expect_not(proxy_voucher_read(&heard, "portal\0", 7));
    char longest[2 * PROXY_VOUCHER_SIZE] = "portal ";
    memset(longest + 7, 'a', sizeof longest - 8);
    cr_expect_not(reads(longest));
    longest[7 + PROXY_GATEWAY_SIZE] = 0;
    snprintf(longest + 7 + PROXY_GATEWAY_SIZE, PROXY_VOUCHER_SIZE, " 17 %s", code);
    cr_expect_not(reads(longest));
}
