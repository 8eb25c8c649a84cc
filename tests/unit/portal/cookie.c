// SPDX-License-Identifier: EUPL-1.2
// Cookies as browsers send them, and proofs that a form was ours.
#include "broker/portal/cookie.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define OURS "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde"
#define OTHER "ZbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde"

Test(cookie, made_ones_differ_and_are_read_again)
{
    char one[COOKIE_SIZE], two[COOKIE_SIZE], read[COOKIE_SIZE], header[200];
    cookie_make(one);
    cookie_make(two);
    cr_assert_eq(strlen(one), COOKIE_SIZE - 1);
    cr_assert_str_neq(one, two);
    snprintf(header, sizeof header, "a=b; %s=%s; c=d", COOKIE_SESSION, one);
    cr_assert(cookie_read(header, COOKIE_SESSION, read));
    cr_assert_str_eq(read, one);
}

Test(cookie, is_found_among_others)
{
    static const char *const headers[] = {
        COOKIE_SESSION "=" OURS,
        COOKIE_SESSION "=" OURS ";",
        "a=b;" COOKIE_SESSION "=" OURS,
        COOKIE_VISITOR "=" OTHER "; " COOKIE_SESSION "=" OURS "; " COOKIE_SESSION "s=" OTHER,
        "x" COOKIE_SESSION "=" OTHER "; ; =; " COOKIE_SESSION "=" OURS,
    };
    char read[COOKIE_SIZE];
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        cr_expect(cookie_read(headers[i], COOKIE_SESSION, read), "%s", headers[i]);
        cr_expect_str_eq(read, OURS);
    }
}

Test(cookie, that_is_not_clearly_ours_is_none)
{
    static const char *const headers[] = {
        "",
        ";",
        COOKIE_SESSION,
        COOKIE_SESSION "=",
        COOKIE_SESSION "=" OURS "a",
        COOKIE_SESSION "=\"" OURS "\"",
        COOKIE_SESSION "=" OURS " ",
        COOKIE_SESSION "= " OURS,
        COOKIE_SESSION "=" OURS ", a=b",
        COOKIE_SESSION "=AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/abcde",
        COOKIE_SESSION "=" OURS "; " COOKIE_SESSION "=" OTHER,
        COOKIE_SESSION "=" OURS "; " COOKIE_SESSION "=" OURS,
        COOKIE_SESSION "=x; " COOKIE_SESSION "=" OURS,
        COOKIE_SESSION "=" OURS "; " COOKIE_SESSION "=x",
        "__host-pult=" OURS,
        COOKIE_VISITOR "=" OURS,
    };
    char read[COOKIE_SIZE];
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        memset(read, 'x', sizeof read);
        cr_expect_not(cookie_read(headers[i], COOKIE_SESSION, read), "%s", headers[i]);
        cr_expect_str_eq(read, "");
    }
}

Test(cookie, is_printed_for_this_host_alone_and_no_script)
{
    struct text header = {0};
    cookie_print(&header, COOKIE_SESSION, OURS);
    cr_assert_str_eq(header.bytes, "__Host-pult=" OURS "; Path=/; Secure; HttpOnly; SameSite=Strict");
    header.length = 0;
    cookie_print_end(&header, COOKIE_SESSION);
    cr_assert_str_eq(header.bytes, "__Host-pult=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    text_drop(&header);
}

// By openssl dgst -sha256 -hmac OURS over "pult form 1 /logon".
Test(cookie, a_form_fits_its_cookie_and_its_path_only)
{
    char token[COOKIE_MAC_SIZE], other[COOKIE_MAC_SIZE];
    cookie_form_token(OURS, "/logon", token);
    cr_assert_str_eq(token, "744ae182b5014d71823771b0815f17afa178799284c2eb5fbcc3f91934b7afc4");
    cr_assert(cookie_fits_form(OURS, "/logon", token));
    cr_assert_not(cookie_fits_form(OTHER, "/logon", token));
    cr_assert_not(cookie_fits_form(OURS, "/logoff", token));
    for (size_t i = 0; i < sizeof token - 1; i++) {
        memcpy(other, token, sizeof other);
        other[i] = other[i] == '0' ? '1' : '0';
        cr_assert_not(cookie_fits_form(OURS, "/logon", other));
        other[i] = 0;
        cr_assert_not(cookie_fits_form(OURS, "/logon", other));
    }
    char longer[COOKIE_MAC_SIZE + 1];
    snprintf(longer, sizeof longer, "%s0", token);
    cr_assert_not(cookie_fits_form(OURS, "/logon", longer));
}
