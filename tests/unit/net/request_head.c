// SPDX-License-Identifier: EUPL-1.2
// Heads of requests, and what is refused of them.
#include "broker/net/request_head.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char bytes[REQUEST_HEAD_MAX];
static struct request_head head;

static int read_text(const char *text)
{
    size_t length = strlen(text);
    cr_assert_lt(length, sizeof bytes);
    memcpy(bytes, text, length);
    cr_assert_eq(request_head_length(bytes, length), length);
    return request_head_read(&head, bytes, length);
}

Test(request_head, is_whole_with_its_empty_line)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: gw\r\n\r\nearly";
    size_t whole = sizeof text - 1 - strlen("early");
    for (size_t length = 0; length < sizeof text; length++)
        cr_assert_eq(request_head_length(text, length), length < whole ? 0 : whole, "%zu", length);
}

Test(request_head, fields_are_found_by_name_in_any_case)
{
    cr_assert_eq(read_text("RDG_OUT_DATA /remoteDesktopGateway/ HTTP/1.1\r\nHost: gw\r\nUpgrade:  WebSocket \r\n"
                           "Connection: keep-alive, Upgrade\r\nX-Empty:\r\n\r\n"),
                 0);
    cr_assert_str_eq(head.method, "RDG_OUT_DATA");
    cr_assert_str_eq(head.path, "/remoteDesktopGateway/");
    cr_assert_str_eq(request_head_field(&head, "hOST"), "gw");
    cr_assert_str_eq(request_head_field(&head, "x-empty"), "");
    cr_assert_null(request_head_field(&head, "cookie"));
    cr_assert(request_head_lists(&head, "connection", "upgrade"));
    cr_assert(request_head_lists(&head, "upgrade", "websocket"));
    cr_assert_not(request_head_lists(&head, "connection", "grade"));
    cr_assert_not(request_head_lists(&head, "connection", "upgrades"));
}

// Checks of load balancers may be as old.
Test(request_head, of_http_1_0_is_read_as_such)
{
    cr_assert_eq(read_text("GET /healthz HTTP/1.0\r\n\r\n"), 0);
    cr_assert(head.is_http_1_0);
    cr_assert_str_eq(head.path, "/healthz");
    cr_assert_eq(read_text("GET /healthz HTTP/1.1\r\n\r\n"), 0);
    cr_assert_not(head.is_http_1_0);
}

// What stands before us may have taken the other.
Test(request_head, a_field_that_is_there_twice_is_none)
{
    cr_assert_eq(read_text("GET / HTTP/1.1\r\nAuthorization: a\r\nauthorization: a\r\n\r\n"), 0);
    cr_assert_null(request_head_field(&head, "Authorization"));
}

Test(request_head, all_lines_of_a_name_come_in_their_order)
{
    size_t at = 0;
    cr_assert_eq(read_text("GET / HTTP/1.1\r\nForwarded: a\r\nHost: gw\r\nforwarded:\r\nFORWARDED: b, c\r\n\r\n"), 0);
    cr_assert_str_eq(request_head_next(&head, "Forwarded", &at), "a");
    cr_assert_str_eq(request_head_next(&head, "Forwarded", &at), "");
    cr_assert_str_eq(request_head_next(&head, "Forwarded", &at), "b, c");
    cr_assert_null(request_head_next(&head, "Forwarded", &at));
    cr_assert_null(request_head_next(&head, "Forwarded", &at));
}

Test(request_head, what_is_no_request_is_refused)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"GET /\r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/0.9\r\n\r\n", 505},
        {"GET / HTTP/1.2\r\n\r\n", 505},
        {"GET / HTTP/2\r\n\r\n", 505},
        {"GET gw HTTP/1.1\r\n\r\n", 400},
        {"G(T / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nName : x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nName: a\rb\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nName: a\nb: c\r\n\r\n", 400},
        {"\r\n\r\n", 400},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(read_text(rows[i].text), rows[i].status, "%zu", i);
    char many[REQUEST_HEAD_MAX];
    int length = snprintf(many, sizeof many, "GET / HTTP/1.1\r\n");
    for (int i = 0; i <= REQUEST_FIELDS_MAX; i++)
        length += snprintf(many + length, sizeof many - (size_t)length, "a: b\r\n");
    snprintf(many + length, sizeof many - (size_t)length, "\r\n");
    cr_expect_eq(read_text(many), 431);
    memcpy(bytes, "GET /\0 HTTP/1.1\r\n\r\n", 19);
    cr_expect_eq(request_head_read(&head, bytes, 19), 400);
}
