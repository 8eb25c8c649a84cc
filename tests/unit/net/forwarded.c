// SPDX-License-Identifier: EUPL-1.2
// What proxies say about who calls, and what callers would like to have said.
#include "broker/net/forwarded.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <string.h>

#define PROXIES "192.0.2.0/24 2001:db8:1::/48"

static struct request_head head;
static struct forwarded_caller caller;

// Pairs of name and value, then NULL.
static bool read_fields(enum forwarded_field field, const char *name, ...)
{
    va_list more;
    head = (struct request_head){.method = "GET", .path = "/"};
    va_start(more, name);
    for (; name; name = va_arg(more, const char *))
        head.fields[head.count++] = (struct request_field){name, va_arg(more, const char *)};
    va_end(more);
    return forwarded_read(&caller, field, &head, PROXIES);
}

static void expect_caller(const char *address, int port, const char *what)
{
    struct address expected;
    cr_assert(address_read(&expected, address));
    cr_assert(caller.is_named, "%s", what);
    cr_expect(address_equal(&caller.address, &expected), "%s", what);
    cr_expect_eq(caller.port, port, "%s: %d", what, caller.port);
}

struct one_line {
    const char *value, *caller; // NULL: nobody is named
    int port;
};

static void expect_lines(enum forwarded_field field, const char *name, const struct one_line *line)
{
    for (; line->value; line++) {
        cr_assert(read_fields(field, name, line->value, NULL), "%s", line->value);
        if (line->caller)
            expect_caller(line->caller, line->port, line->value);
        else
            cr_expect_not(caller.is_named, "%s", line->value);
    }
}

Test(forwarded, the_last_address_that_is_no_proxy_of_ours_calls)
{
    static const struct one_line lines[] = {
        {"203.0.113.9", "203.0.113.9", 0},
        {"203.0.113.9:47011", "203.0.113.9", 47011},
        {"2001:db8:9::1", "2001:db8:9::1", 0},
        {"[2001:db8:9::1]", "2001:db8:9::1", 0},
        {"[2001:db8:9::1]:47011", "2001:db8:9::1", 47011},
        {"::ffff:203.0.113.9", "203.0.113.9", 0},
        {"10.0.0.1, 203.0.113.9", "203.0.113.9", 0},
        {"10.0.0.1,203.0.113.9 , 192.0.2.7,\t192.0.2.8", "203.0.113.9", 0},
        {"203.0.113.9, 2001:db8:1::7", "203.0.113.9", 0},
        {"192.0.2.7, 192.0.2.8", "192.0.2.7", 0}, // it calls itself
        {"unknown, 203.0.113.9", "203.0.113.9", 0},
        {"\"for, ;=<script>\x80, 203.0.113.9", "203.0.113.9", 0},
        {"203.0.113.9, unknown, 192.0.2.7", "192.0.2.7", 0},
        {"203.0.113.9, unknown", NULL, 0},
        {"203.0.113.9, 203.0.113.999", NULL, 0},
        {"fe80::1%eth0", NULL, 0},
        {"[203.0.113.9", NULL, 0},
        {"[2001:db8:9::1]x", NULL, 0},
        {"2001:db8:9::1:2001:db8:9::1:2001:db8:9::1:2001:db8:9::1:2001:db8:9::1:2001:db8:9::1", NULL, 0},
        {" , ,", NULL, 0},
        {"", NULL, 0},
        {NULL, NULL, 0},
    };
    expect_lines(FORWARDED_X_FOR, "x-forwarded-FOR", lines);
}

Test(forwarded, the_standard_s_forms_are_read)
{
    static const struct one_line lines[] = {
        {"for=203.0.113.9", "203.0.113.9", 0},
        {"For=\"203.0.113.9:47011\"", "203.0.113.9", 47011},
        {"for=\"[2001:db8:9::1]:47011\";proto=https;by=192.0.2.7", "2001:db8:9::1", 47011},
        {"proto=https; for=\"[2001:db8:9::1]\" ; host=\"a,b;c=\\\"d\"", "2001:db8:9::1", 0},
        {"for=[2001:db8:9::1]:80", "2001:db8:9::1", 80}, // without the quotes that it should have
        {"for=203.0.113.9:_hidden", "203.0.113.9", 0},
        {"for=10.0.0.1, for=203.0.113.9;proto=https, for=192.0.2.7", "203.0.113.9", 0},
        {"for=203.0.113.9,, ,", "203.0.113.9", 0},
        {"for=203.0.113.9;;", "203.0.113.9", 0},
        {"for=_gazonk, for=203.0.113.9", "203.0.113.9", 0},
        {"for=203.0.113.9, for=unknown", NULL, 0},
        {"for=203.0.113.9, for=\"_gazonk\"", NULL, 0},
        {"for=203.0.113.9, proto=https", NULL, 0},
        {"for=203.0.113.9, for=\"\\2\\0\\3.0.113.8\"", NULL, 0},
        {"fo=203.0.113.9", NULL, 0},
        {"forw=203.0.113.9", NULL, 0},
        {"", NULL, 0},
        {NULL, NULL, 0},
    };
    expect_lines(FORWARDED_STANDARD, "Forwarded", lines);
}

// Whoever called could else have left out, or closed, a quote so that what a proxy adds is not read.
Test(forwarded, what_cannot_be_read_at_the_end_is_refused)
{
    static const char *const lines[] = {
        "for=\"10.0.0.1",
        "for=\"10.0.0.1, for=203.0.113.9",
        "for=10.0.0.1;by=\"x, for=\"[2001:db8:9::1]\"",
        "for=10.0.0.1;by=\"\\, for=\"[2001:db8:9::1]\"",
        "for=10.0.0.1;by=\"\\",
        "for=10.0.0.1;for=203.0.113.9",
        "for=10.0.0.1 for=203.0.113.9",
        "for",
        "=203.0.113.9",
        "\"for\"=203.0.113.9",
        "203.0.113.9",
        "for=203.0.113.9, x",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cr_expect_not(read_fields(FORWARDED_STANDARD, "Forwarded", lines[i], NULL), "%s", lines[i]);
        cr_expect_not(caller.is_named, "%s", lines[i]);
        // A line of the proxy's own is not touched by that.
        cr_assert(read_fields(FORWARDED_STANDARD, "Forwarded", lines[i], "Forwarded", "for=203.0.113.9", NULL));
        expect_caller("203.0.113.9", 0, lines[i]);
    }
}

Test(forwarded, lines_count_in_their_order_and_those_of_another_name_not_at_all)
{
    cr_assert(read_fields(FORWARDED_X_FOR, "X-Forwarded-For", "10.0.0.1, 10.0.0.2", "Forwarded", "for=10.0.0.3",
                          "x-forwarded-for", "203.0.113.9", "X-Forwarded-For", "192.0.2.7", "Forwarded", "for=\"",
                          NULL));
    expect_caller("203.0.113.9", 0, "X-Forwarded-For");
    cr_assert(read_fields(FORWARDED_STANDARD, "Forwarded", "for=203.0.113.9", "X-Forwarded-For", "10.0.0.1",
                          "forwarded", "for=192.0.2.7", NULL));
    expect_caller("203.0.113.9", 0, "Forwarded");
    cr_assert(read_fields(FORWARDED_NONE, "X-Forwarded-For", "10.0.0.1", "Forwarded", "for=\"", NULL));
    cr_assert_not(caller.is_named);
    cr_assert(read_fields(FORWARDED_X_FOR, NULL));
    cr_assert_not(caller.is_named);
}
