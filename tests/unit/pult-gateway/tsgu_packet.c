// SPDX-License-Identifier: EUPL-1.2
// Packets of MS-TSGU: cut anywhere, those that no honest client sends, and each of ours byte by byte.
#include "broker/pult-gateway/tsgu_packet.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 300 * 1024, KEPT = 32 };

static unsigned char bytes[ROOM], heard[ROOM], kept[KEPT];
static struct tsgu_packet_reader reader;

// One packet behind another; how long all are then.
static size_t put(size_t at, enum tsgu_type type, const void *body, size_t length)
{
    size_t whole = TSGU_HEAD_SIZE + length;
    for (size_t i = 0; i < 4; i++) {
        bytes[at + i] = i == 0 ? (unsigned char)type : 0;
        bytes[at + 4 + i] = (unsigned char)(whole >> (8 * i));
    }
    if (length)
        memcpy(bytes + at + TSGU_HEAD_SIZE, body, length);
    return at + whole;
}

static size_t put_data(size_t at, const void *data, size_t length)
{
    tsgu_packet_data_head(bytes + at, length);
    memcpy(bytes + at + TSGU_DATA_HEAD_SIZE, data, length);
    return at + TSGU_DATA_HEAD_SIZE + length;
}

struct sum {
    size_t data, packets, last_body;
    enum tsgu_type last;
    bool broken;
};

static struct sum hear(size_t length, size_t piece)
{
    struct sum sum = {0};
    reader = (struct tsgu_packet_reader){.body = kept, .room = sizeof kept};
    for (size_t at = 0; at < length && !sum.broken;) {
        size_t some = length - at < piece ? length - at : piece;
        enum tsgu_packet_event event;
        size_t used = tsgu_packet_read(&reader, bytes + at, some, &event);
        cr_assert(used > 0 && used <= some);
        at += used;
        sum.broken = event == TSGU_PACKET_IS_BROKEN;
        if (event == TSGU_PACKET_WHOLE) {
            sum.packets++;
            sum.last = reader.type;
            sum.last_body = reader.body_length;
        }
        if (event != TSGU_PACKET_DATA)
            continue;
        memcpy(heard + sum.data, reader.data, reader.length);
        sum.data += reader.length;
    }
    return sum;
}

Test(tsgu_packet, what_is_sent_is_read_however_it_is_cut)
{
    static const size_t lengths[] = {1, 2, 10, 4096, TSGU_DATA_MAX}, pieces[] = {1, 2, 3, 7, 9, 10, 11, 4096, ROOM};
    static unsigned char data[TSGU_DATA_MAX];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 31);
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            size_t length = put_data(0, data, lengths[l]);
            length = put(length, TSGU_TYPE_KEEPALIVE, NULL, 0);
            length = put_data(length, "end", 3);
            length = put(length, TSGU_TYPE_CLOSE_CHANNEL, "none", 4);
            struct sum sum = hear(length, pieces[p]);
            cr_assert_eq(sum.data, lengths[l] + 3, "%zu by %zu", lengths[l], pieces[p]);
            cr_assert_eq(memcmp(heard, data, lengths[l]), 0);
            cr_assert_eq(memcmp(heard + lengths[l], "end", 3), 0);
            cr_assert_eq(sum.packets, 2);
            cr_assert_eq(sum.last, TSGU_TYPE_CLOSE_CHANNEL);
            cr_assert_eq(sum.last_body, 4);
            cr_assert_eq(memcmp(kept, "none", 4), 0);
        }
}

Test(tsgu_packet, data_of_no_length_is_nothing)
{
    size_t length = put(0, TSGU_TYPE_DATA, "\0", 2);
    length = put_data(length, "end", 3);
    struct sum sum = hear(length, 1);
    cr_assert_eq(sum.data, 3);
    cr_assert_not(sum.broken);
}

Test(tsgu_packet, of_a_long_body_the_beginning_is_kept)
{
    static unsigned char body[TSGU_PACKET_MAX - TSGU_HEAD_SIZE] = "beginning";
    for (size_t piece = 1; piece <= sizeof body; piece += 9973) {
        size_t length = put(0, TSGU_TYPE_TUNNEL_AUTH, body, sizeof body);
        length = put(length, TSGU_TYPE_CHANNEL_CREATE, body, 12);
        struct sum sum = hear(length, piece);
        cr_assert_eq(sum.packets, 2);
        cr_assert_eq(sum.last_body, 12);
        cr_assert_eq(hear(length - TSGU_HEAD_SIZE - 12, piece).last_body, KEPT);
        cr_assert_eq(memcmp(kept, body, KEPT), 0);
    }
}

Test(tsgu_packet, without_room_a_body_is_passed_over)
{
    enum tsgu_packet_event event;
    size_t length = put(0, TSGU_TYPE_CLOSE_CHANNEL, "none", 4);
    reader = (struct tsgu_packet_reader){0};
    cr_assert_eq(tsgu_packet_read(&reader, bytes, length, &event), length);
    cr_assert_eq(event, TSGU_PACKET_WHOLE);
    cr_assert_eq(reader.body_length, 0);
}

static void is_broken(const char *what, size_t length)
{
    cr_expect(hear(length, 1).broken, "%s", what);
    cr_expect(hear(length, ROOM).broken, "%s, in one piece", what);
}

Test(tsgu_packet, lengths_that_lie_break_it)
{
    size_t length = put(0, TSGU_TYPE_KEEPALIVE, NULL, 0);
    bytes[4] = TSGU_HEAD_SIZE - 1;
    is_broken("shorter than its head", length);
    bytes[4] = 0;
    is_broken("of no length", length);
    memset(bytes + 4, 0xff, 4);
    is_broken("4 GB", length);
    for (size_t i = 0; i < 4; i++)
        bytes[4 + i] = (unsigned char)((TSGU_PACKET_MAX + 1) >> (8 * i));
    is_broken("one byte too long", length);
    bytes[4]--;
    cr_expect_not(hear(length, 1).broken);
    length = put_data(0, "data", 4);
    bytes[8] = 5;
    is_broken("more data than the packet has", length);
    bytes[8] = 3;
    is_broken("less data than the packet has", length);
    bytes[8] = 4;
    cr_expect_not(hear(length, 1).broken);
    bytes[4] = TSGU_HEAD_SIZE;
    is_broken("data without its second length", length);
}

Test(tsgu_packet, a_handshake_says_versions_and_methods)
{
    static const unsigned char body[] = {1, 0, 9, 9, 0x0a, 0x01};
    struct tsgu_handshake handshake;
    for (size_t length = 0; length < sizeof body; length++)
        cr_assert_not(tsgu_packet_handshake(body, length, &handshake));
    cr_assert(tsgu_packet_handshake(body, sizeof body, &handshake));
    cr_assert_eq(handshake.major, 1);
    cr_assert_eq(handshake.minor, 0);
    cr_assert_eq(handshake.methods, 0x10a);
}

// ---- a tunnel is asked for

static unsigned char request[1024]; // its body

static size_t put_letters(size_t at, const char *letters, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        request[at++] = (unsigned char)letters[i];
        request[at++] = 0;
    }
    return at;
}

// With a NUL or without, and perhaps behind the number of a tunnel.
static size_t ask(unsigned char fields, const char *cookie, bool ends)
{
    size_t at = 8, count = strlen(cookie) + ends;
    memset(request, 0, sizeof request);
    request[0] = 0x0d;
    request[4] = fields;
    if (fields & 2)
        at += 8;
    if (!(fields & 1))
        return at;
    request[at++] = (unsigned char)(2 * count);
    request[at++] = (unsigned char)(2 * count >> 8);
    return put_letters(at, cookie, count);
}

static const char *cookie_of(size_t length)
{
    static struct tsgu_tunnel_create create;
    unsigned char *copy = malloc(length ? length : 1); // so that a read beyond the end is seen
    cr_assert_not_null(copy);
    memcpy(copy, request, length);
    memset(&create, 'x', sizeof create);
    bool whole = tsgu_packet_tunnel_create(copy, length, &create);
    free(copy);
    cr_assert(!whole || create.capabilities == 0x0d);
    return whole ? create.cookie : NULL;
}

Test(tsgu_packet, a_cookie_is_read_with_its_nul_or_without)
{
    cr_assert_str_eq(cookie_of(ask(1, "mY-to_ken", true)), "mY-to_ken");
    cr_assert_str_eq(cookie_of(ask(1, "mY-to_ken", false)), "mY-to_ken");
    cr_assert_str_eq(cookie_of(ask(3, "mY-to_ken", true)), "mY-to_ken");
    cr_assert_str_eq(cookie_of(ask(1, "", true)), "");
    cr_assert_str_eq(cookie_of(ask(1, "", false)), "");
    cr_assert_str_eq(cookie_of(ask(0, "", false)), "");
    cr_assert_str_eq(cookie_of(ask(2, "", false)), "");
}

Test(tsgu_packet, a_cookie_that_is_none_of_ours_is_none)
{
    char longest[TSGU_COOKIE_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[TSGU_COOKIE_MAX + 1] = 0;
    cr_assert_str_eq(cookie_of(ask(1, longest, true)), "");
    cr_assert_str_eq(cookie_of(ask(1, longest, false)), "");
    longest[TSGU_COOKIE_MAX] = 0;
    cr_assert_str_eq(cookie_of(ask(1, longest, true)), longest);
    cr_assert_str_eq(cookie_of(ask(1, "two words", true)), "");
    cr_assert_str_eq(cookie_of(ask(1, "line\n", true)), "");
    size_t length = ask(1, "abc", false);
    request[11] = 1; // its first letter is none of ASCII
    cr_assert_str_eq(cookie_of(length), "");
    ask(1, "abc", false);
    request[12] = request[13] = 0; // a NUL within
    cr_assert_str_eq(cookie_of(length), "");
    ask(1, "abc", false);
    request[8]--; // half a letter
    cr_assert_str_eq(cookie_of(length), "");
}

Test(tsgu_packet, a_cookie_that_ends_too_soon_is_none)
{
    size_t whole = ask(3, "token", true);
    for (size_t length = 0; length < whole; length++) {
        const char *cookie = cookie_of(length);
        cr_assert(length < 18 ? !cookie : cookie && !cookie[0], "%zu", length);
    }
}

// ---- what we say

static void is_packet(const char *what, size_t length, const unsigned char *expected, size_t size)
{
    cr_expect_eq(length, size, "%s: %zu", what, length);
    cr_expect_eq(memcmp(bytes, expected, size), 0, "%s", what);
}
#define IS_PACKET(length, ...)                                                                                         \
    is_packet(#length, (length), (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__}))

Test(tsgu_packet, our_answers_are_these_bytes)
{
    IS_PACKET(tsgu_packet_handshake_response(bytes, TSGU_ERROR_NONE), 2, 0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
              2, 0);
    IS_PACKET(tsgu_packet_tunnel_response(bytes, TSGU_ERROR_NONE), 5, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0,
              0, 1, 0, 0, 0, 10, 0, 0, 0);
    IS_PACKET(tsgu_packet_tunnel_auth_response(bytes, TSGU_NO_CLIPBOARD | TSGU_NO_DRIVES, 300), 7, 0, 0, 0, 24, 0, 0, 0,
              0, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 44, 1, 0, 0);
    IS_PACKET(tsgu_packet_channel_response(bytes, TSGU_ERROR_NONE), 9, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1,
              0, 0, 0);
    IS_PACKET(tsgu_packet_close(bytes, TSGU_ERROR_NONE), 0x10, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0);
    IS_PACKET(tsgu_packet_keepalive(bytes), 0xd, 0, 0, 0, 8, 0, 0, 0);
    IS_PACKET(tsgu_packet_close_response(bytes), 0x11, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0);
    tsgu_packet_data_head(bytes, 258);
    IS_PACKET((size_t)TSGU_DATA_HEAD_SIZE, 10, 0, 0, 0, 12, 1, 0, 0, 2, 1);
}

// A client of FreeRDP goes on after an error without the upper bits.
Test(tsgu_packet, our_refusals_have_the_bit_of_failure)
{
    IS_PACKET(tsgu_packet_handshake_response(bytes, TSGU_ERROR_METHOD), 2, 0, 0, 0, 18, 0, 0, 0, 0xf9, 0x59, 7, 0x80, 1,
              0, 0, 0, 2, 0);
    IS_PACKET(tsgu_packet_tunnel_response(bytes, TSGU_ERROR_COOKIE_DENIED), 5, 0, 0, 0, 18, 0, 0, 0, 0, 0, 0xf8, 0x59,
              7, 0x80, 0, 0, 0, 0);
    IS_PACKET(tsgu_packet_channel_response(bytes, TSGU_ERROR_CONNECT_FAILED), 9, 0, 0, 0, 16, 0, 0, 0, 0xdd, 0x59, 7,
              0x80, 0, 0, 0, 0);
    IS_PACKET(tsgu_packet_close(bytes, TSGU_ERROR_TIMEOUT), 0x10, 0, 0, 0, 12, 0, 0, 0, 0xf6, 0x59, 7, 0x80);
}

Test(tsgu_packet, a_message_is_utf_16_with_its_nul)
{
    static const char text[] = "Ü€😀";
    memset(bytes, 'x', 64);
    IS_PACKET(tsgu_packet_message(bytes, text), 11, 0, 0, 0, 20, 0, 0, 0, 10, 0, 0xdc, 0, 0xac, 0x20, 0x3d, 0xd8, 0,
              0xde, 0, 0);
    cr_assert_leq(20, TSGU_MESSAGE_SIZE(sizeof text - 1));
    IS_PACKET(tsgu_packet_message(bytes, ""), 11, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0);
}
