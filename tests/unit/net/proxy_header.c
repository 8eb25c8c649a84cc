// SPDX-License-Identifier: EUPL-1.2
// Headers of the PROXY protocol: those of haproxy and our own, cut anywhere, and what is none.
#include "broker/net/proxy_header.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

enum { ROOM = 2 * PROXY_HEADER_MAX };

static unsigned char bytes[ROOM];
static struct proxy_header header;

// Its first bytes; what follows is for the caller to say.
static size_t begin(unsigned command, unsigned family, size_t content)
{
    memcpy(bytes, "\r\n\r\n\0\r\nQUIT\n", 12);
    bytes[12] = (unsigned char)command;
    bytes[13] = (unsigned char)family;
    bytes[14] = (unsigned char)(content >> 8);
    bytes[15] = (unsigned char)content;
    return PROXY_HEADER_HEAD;
}

static enum proxy_header_answer read_it(size_t length)
{
    size_t size;
    return proxy_header_read(&header, bytes, length, &size);
}

static void expect_caller(const char *address, int port)
{
    struct address expected;
    cr_assert(address_read(&expected, address));
    cr_assert(header.names_caller);
    cr_expect(address_equal(&header.caller, &expected), "%s", address);
    cr_expect_eq(header.port, port);
}

// From 192.0.2.7, port 4711, to 198.51.100.1, port 443.
static size_t put_v4(size_t more)
{
    static const unsigned char addresses[] = {192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x67, 0x01, 0xbb};
    size_t at = begin(0x21, 0x11, sizeof addresses + more);
    memcpy(bytes + at, addresses, sizeof addresses);
    return at + sizeof addresses;
}

static size_t put_vector(size_t at, unsigned type, size_t length)
{
    bytes[at++] = (unsigned char)type;
    bytes[at++] = (unsigned char)(length >> 8);
    bytes[at++] = (unsigned char)length;
    memset(bytes + at, 'x', length);
    return at + length;
}

Test(proxy_header, the_caller_of_ipv4_and_of_ipv6_is_read)
{
    cr_assert_eq(read_it(put_v4(0)), PROXY_HEADER_WHOLE);
    expect_caller("192.0.2.7", 4711);
    cr_expect_null(header.voucher);
    static const unsigned char addresses[36] = {0x20, 0x01, 0x0d, 0xb8, [15] = 9, [31] = 1, 0xff, 0xff, 0x01, 0xbb};
    size_t at = begin(0x21, 0x21, sizeof addresses);
    memcpy(bytes + at, addresses, sizeof addresses);
    cr_assert_eq(read_it(at + sizeof addresses), PROXY_HEADER_WHOLE);
    expect_caller("2001:db8::9", 65535);
}

Test(proxy_header, what_we_write_we_read_however_it_is_cut)
{
    static const char *const callers[] = {"192.0.2.7", "2001:db8::1:2"};
    for (size_t i = 0; i < 2; i++) {
        struct address caller;
        size_t size = 0;
        cr_assert(address_read(&caller, callers[i]));
        size_t whole = proxy_header_write(bytes, &caller, 50000, "portal pult/gw1");
        for (size_t length = 0; length < whole; length++) {
            cr_assert_eq(proxy_header_read(&header, bytes, length, &size), PROXY_HEADER_PARTIAL, "%zu", length);
            cr_assert_eq(size, length < PROXY_HEADER_HEAD ? PROXY_HEADER_HEAD : whole, "%zu", length);
        }
        memcpy(bytes + whole, "\x16\x03\x01", 3);
        cr_assert_eq(proxy_header_read(&header, bytes, whole + 3, &size), PROXY_HEADER_WHOLE);
        cr_assert_eq(size, whole);
        expect_caller(callers[i], 50000);
        cr_assert_eq(header.voucher_length, strlen("portal pult/gw1"));
        cr_assert_eq(memcmp(header.voucher, "portal pult/gw1", header.voucher_length), 0);
    }
}

Test(proxy_header, what_others_add_means_nothing)
{
    size_t at = put_v4(3 + 3 + 20 + 3 + 5);
    at = put_vector(at, 0x04, 0);  // padding
    at = put_vector(at, 0x20, 20); // TLS
    cr_assert_eq(read_it(put_vector(at, 0xe1, 5)), PROXY_HEADER_WHOLE);
    expect_caller("192.0.2.7", 4711);
    cr_expect_null(header.voucher);
}

Test(proxy_header, a_proxy_that_calls_itself_or_knows_nobody_names_no_caller)
{
    size_t at = begin(0x20, 0x00, 0); // haproxy's health checks
    cr_assert_eq(read_it(at), PROXY_HEADER_WHOLE);
    cr_expect_not(header.names_caller);
    at = put_v4(0);
    bytes[12] = 0x20; // with addresses, which are to be passed over
    cr_assert_eq(read_it(at), PROXY_HEADER_WHOLE);
    cr_expect_not(header.names_caller);
    static const unsigned families[] = {0x00, 0x12, 0x22, 0x31, 0x32};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        at = begin(0x21, families[i], 5);
        cr_assert_eq(read_it(at + 5), PROXY_HEADER_WHOLE, "%x", families[i]);
        cr_expect_not(header.names_caller);
    }
}

Test(proxy_header, where_something_else_begins_it_is_absent)
{
    static const char *const others[] = {"\x16\x03\x01", "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\n", "GET / HTTP/1.1",
                                         "\r\nGET / HTTP/1.1"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        memcpy(bytes, others[i], strlen(others[i]));
        cr_expect_eq(read_it(strlen(others[i])), PROXY_HEADER_ABSENT, "%s", others[i]);
    }
}

static void is_broken(const char *what, size_t length)
{
    cr_expect_eq(read_it(length), PROXY_HEADER_BROKEN, "%s", what);
}

Test(proxy_header, what_no_honest_proxy_says_is_broken)
{
    size_t at = put_v4(0);
    bytes[12] = 0x11;
    is_broken("another version", at);
    bytes[12] = 0x22;
    is_broken("a command that there is not", at);
    bytes[12] = 0x21;
    bytes[13] = 0x13;
    is_broken("a protocol that there is not", at);
    bytes[13] = 0x41;
    is_broken("a family that there is not", at);
    bytes[13] = 0x21;
    is_broken("addresses of IPv6 that are of IPv4", at);
    at = begin(0x21, 0x11, 11);
    is_broken("addresses that are cut", at + 11);
    at = put_v4(2);
    is_broken("a vector without a length", at + 2);
    at = put_v4(3 + 4);
    put_vector(at, 0xe0, 5);
    is_broken("a vector that is longer than the header", at + 3 + 4);
    at = put_v4(2 * (3 + 4));
    is_broken("two vouchers", put_vector(put_vector(at, 0xe0, 4), 0xe0, 4));
    is_broken("too long, and known by its head", begin(0x21, 0x11, PROXY_HEADER_MAX - PROXY_HEADER_HEAD + 1));
}

Test(proxy_header, the_longest_is_read)
{
    size_t more = PROXY_HEADER_MAX - PROXY_HEADER_HEAD - 12;
    size_t at = put_vector(put_v4(more), 0xe0, more - 3);
    cr_assert_eq(at, PROXY_HEADER_MAX);
    cr_assert_eq(read_it(at), PROXY_HEADER_WHOLE);
    cr_assert_eq(header.voucher_length, more - 3);
}
