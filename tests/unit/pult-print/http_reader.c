// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/http_reader.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

// What is told of these bytes, given in parts of `part`: "head POST /x; body abc; end; broken 400".
static void tell(struct text *told, const char *bytes, size_t length, size_t part)
{
    struct http_reader reader = {0};
    bool in_body = false;
    for (size_t at = 0; at <= length;) {
        enum http_event event;
        size_t some = length - at < part ? length - at : part;
        size_t taken = http_reader_add(&reader, bytes + at, some, &event);
        cr_assert_leq(taken, some);
        at += taken;
        in_body &= event == HTTP_BODY || event == HTTP_MORE;
        if (event == HTTP_HEAD)
            text_addf(told, "head %s %s%s%s; ", reader.head.method, reader.head.path,
                      reader.head.closes ? " closes" : "", reader.head.wants_continue ? " waits" : "");
        if (event == HTTP_BODY) {
            text_adds(told, in_body ? "" : "body ");
            text_add(told, reader.body, reader.body_length);
            in_body = true;
        }
        if (event == HTTP_END)
            text_adds(told, "; end; ");
        if (event == HTTP_BROKEN) {
            text_addf(told, "broken %d", reader.status);
            return;
        }
        if (event == HTTP_MORE && at == length)
            return;
    }
}

static void is_told(const char *bytes, const char *expected)
{
    size_t length = strlen(bytes);
    for (size_t part = 1; part <= length; part = part * 3 + 1) {
        struct text told = {0};
        tell(&told, bytes, length, part);
        cr_assert_str_eq(told.bytes ? told.bytes : "", expected, "in parts of %zu: %s", part, told.bytes);
        text_drop(&told);
    }
}

#define HEAD "POST /ipp/print/next-to-me HTTP/1.1\r\nHost: print\r\n"
#define READ_HEAD "head POST /ipp/print/next-to-me"

Test(http_reader, reads_bodies_of_a_length_one_request_after_the_other)
{
    is_told(HEAD "Content-Length: 3\r\n\r\nabc" HEAD "content-length:0\r\n\r\nGET / HTTP/1.0\r\n\r\n",
            READ_HEAD "; body abc; end; " READ_HEAD "; ; end; head GET / closes; ; end; ");
}

Test(http_reader, reads_bodies_in_chunks)
{
    is_told(HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n0\r\nX: y\r\n\r\n" HEAD
                 "\r\n",
            READ_HEAD "; body abc0123456789; end; " READ_HEAD "; ; end; ");
}

Test(http_reader, tells_who_waits_and_who_goes)
{
    is_told(HEAD "Expect: 100-continue\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
            READ_HEAD " closes waits; body x; end; ");
}

Test(http_reader, takes_a_whole_uri)
{
    is_told("POST ipps://print:8631/ipp/print/a/b HTTP/1.1\r\n\r\n", "head POST /ipp/print/a/b; ; end; ");
}

Test(http_reader, refuses_what_somebody_before_us_may_read_otherwise)
{
    static const struct {
        const char *bytes, *told;
    } rows[] = {
        {HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "broken 400"},
        {HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "broken 400"},
        {HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "broken 400"},
        {HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "broken 400"},
        {HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n", "broken 501"},
        {HEAD "Content-Encoding: gzip\r\n\r\n", "broken 415"},
        {HEAD "Content-Length: -1\r\n\r\n", "broken 400"},
        {HEAD "Content-Length: 0x3\r\n\r\n", "broken 400"},
        {HEAD "Content-Length: 99999999999999999999\r\n\r\n", "broken 400"},
        {HEAD "Content-Length : 3\r\n\r\n", "broken 400"},
        {HEAD " Content-Length: 3\r\n\r\n", "broken 400"},
        {HEAD "X: a\rb\r\n\r\n", "broken 400"},
        {HEAD "X: a\nb\r\n\r\n", "broken 400"},
        {HEAD "X: \x01\r\n\r\n", "broken 400"},
        {HEAD "nothing\r\n\r\n", "broken 400"},
        {HEAD "Expect: money\r\n\r\n", "broken 417"},
        {"\r\n\r\n", "broken 400"},
        {"\r\nPOST / HTTP/1.1\r\n\r\n", "broken 400"},
        {"POST /\r\n\r\n", "broken 400"},
        {"POST / HTTP/2.0\r\n\r\n", "broken 505"},
        {"POST * HTTP/1.1\r\n\r\n", "broken 400"},
        {"POST http://x HTTP/1.1\r\n\r\n", "broken 400"},
        {"PO(ST / HTTP/1.1\r\n\r\n", "broken 400"},
        {"POST  / HTTP/1.1\r\n\r\n", "broken 505"},
        {"ANEXTREMELYLONGWORD / HTTP/1.1\r\n\r\n", "broken 405"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_told(rows[i].bytes, rows[i].told);
}

Test(http_reader, refuses_chunks_that_are_none)
{
    static const char *const bodies[] = {"x\r\n",         "\r\n",      "-1\r\n", "3\nabc\r\n", "1000000000000\r\n",
                                         " 3\r\nabc\r\n", "3z\r\nabc", "3\r\r\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        char bytes[200];
        snprintf(bytes, sizeof bytes, HEAD "Transfer-Encoding: chunked\r\n\r\n%s", bodies[i]);
        is_told(bytes, READ_HEAD "; broken 400");
    }
    is_told(HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", READ_HEAD "; body abcbroken 400");
}

Test(http_reader, reads_no_head_trailer_or_line_without_end)
{
    static char bytes[3 * HTTP_HEAD_MAX];
    struct text told = {0};
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, HEAD "X: ", strlen(HEAD "X: "));
    tell(&told, bytes, sizeof bytes, 1000);
    cr_assert_str_eq(told.bytes, "broken 431");
    text_drop(&told);
    size_t length = (size_t)snprintf(bytes, sizeof bytes, HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n");
    while (length + 10 < sizeof bytes)
        length += (size_t)snprintf(bytes + length, sizeof bytes - length, "X: y\r\n");
    tell(&told, bytes, length, 1000);
    cr_assert_str_eq(told.bytes, READ_HEAD "; broken 431");
    text_drop(&told);
    length = (size_t)snprintf(bytes, sizeof bytes, HEAD "Transfer-Encoding: chunked\r\n\r\n1;");
    memset(bytes + length, 'x', 1000);
    tell(&told, bytes, length + 1000, 1000);
    cr_assert_str_eq(told.bytes, READ_HEAD "; broken 400");
    text_drop(&told);
}

Test(http_reader, does_not_forget_that_it_is_broken)
{
    enum http_event event;
    struct http_reader reader = {0};
    cr_assert(http_reader_is_idle(&reader));
    http_reader_add(&reader, "x\r\n\r\n", 5, &event);
    cr_assert_eq(event, HTTP_BROKEN);
    cr_assert_eq(http_reader_add(&reader, "GET / HTTP/1.1\r\n\r\n", 18, &event), 0);
    cr_assert_eq(event, HTTP_BROKEN);
    cr_assert_not(http_reader_is_idle(&reader));
    cr_assert_str_eq(http_status_words(431), "Request Header Fields Too Large");
    cr_assert_str_eq(http_status_words(499), "Error");
}
