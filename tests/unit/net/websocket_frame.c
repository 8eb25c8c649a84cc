// SPDX-License-Identifier: EUPL-1.2
// Frames of WebSockets, cut anywhere, and those that no honest side sends.
#include "broker/net/websocket_frame.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 200 * 1024 };

static unsigned char bytes[ROOM], heard[ROOM];

// One frame behind another; how long all are then.
static size_t put(size_t at, enum websocket_opcode opcode, const void *payload, size_t length, bool from_client)
{
    static const unsigned char mask[WEBSOCKET_MASK_SIZE] = {0x11, 0x22, 0x33, 0x44};
    at += websocket_frame_head(bytes + at, opcode, length, from_client ? mask : NULL);
    if (length)
        memcpy(bytes + at, payload, length);
    if (from_client)
        websocket_frame_mask(bytes + at, length, mask, 0);
    return at + length;
}

// Reads them in pieces; how much payload came.
static size_t hear(struct websocket_frame_reader *reader, size_t length, size_t piece, enum websocket_event *last)
{
    size_t count = 0;
    for (size_t at = 0; at < length;) {
        size_t some = length - at < piece ? length - at : piece;
        for (size_t used = 0; used < some;) {
            used += websocket_frame_read(reader, bytes + at + used, some - used, last);
            if (*last == WEBSOCKET_IS_BROKEN)
                return count;
            if (*last != WEBSOCKET_DATA)
                continue;
            memcpy(heard + count, reader->data, reader->length);
            count += reader->length;
        }
        at += some;
    }
    return count;
}

Test(websocket_frame, what_is_sent_is_read_however_it_is_cut)
{
    static const size_t lengths[] = {0, 1, 125, 126, 65535, 65536, 100000}, pieces[] = {1, 2, 3, 7, 4096, ROOM};
    static unsigned char payload[100000];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (unsigned char)(i * 31);
    for (int from_client = 0; from_client < 2; from_client++)
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
            for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
                struct websocket_frame_reader reader = {.from_client = from_client};
                enum websocket_event last;
                size_t length = put(0, WEBSOCKET_BINARY, payload, lengths[l], from_client);
                length = put(length, WEBSOCKET_BINARY, "end", 3, from_client);
                cr_assert_eq(hear(&reader, length, pieces[p], &last), lengths[l] + 3, "%zu by %zu", lengths[l],
                             pieces[p]);
                cr_assert_eq(memcmp(heard, payload, lengths[l]), 0);
                cr_assert_eq(memcmp(heard + lengths[l], "end", 3), 0);
                websocket_frame_fini(&reader);
            }
}

Test(websocket_frame, a_ping_within_a_message_is_told_as_a_whole)
{
    struct websocket_frame_reader reader = {.from_client = true};
    enum websocket_event event;
    size_t length = put(0, WEBSOCKET_BINARY, "one", 3, true), told = 0;
    bytes[0] &= 0x7f; // more of it follows
    length = put(length, WEBSOCKET_PING, "hello", 5, true);
    length = put(length, WEBSOCKET_CONTINUED, "two", 3, true);
    for (size_t at = 0; at < length;) {
        at += websocket_frame_read(&reader, bytes + at, 1, &event);
        if (event != WEBSOCKET_CONTROL)
            continue;
        told++;
        cr_assert_eq(reader.opcode, WEBSOCKET_PING);
        cr_assert_eq(reader.length, 5);
        cr_assert_eq(memcmp(reader.data, "hello", 5), 0);
    }
    cr_assert_eq(told, 1);
    websocket_frame_fini(&reader);
}

Test(websocket_frame, nothing_is_kept_but_of_a_ping_that_comes_in_pieces)
{
    struct websocket_frame_reader reader = {.from_client = true};
    enum websocket_event event;
    size_t length = put(0, WEBSOCKET_PING, "hello", 5, true);
    cr_assert_eq(websocket_frame_read(&reader, bytes, length, &event), length);
    cr_assert_eq(event, WEBSOCKET_CONTROL);
    cr_assert_eq(memcmp(reader.data, "hello", 5), 0);
    cr_assert_null(reader.control);
    length = put(0, WEBSOCKET_PING, "again", 5, true);
    cr_assert_eq(websocket_frame_read(&reader, bytes, length - 1, &event), length - 1);
    cr_assert_eq(event, WEBSOCKET_MORE);
    cr_assert_not_null(reader.control);
    cr_assert_eq(websocket_frame_read(&reader, bytes + length - 1, 1, &event), 1);
    cr_assert_eq(event, WEBSOCKET_CONTROL);
    cr_assert_eq(memcmp(reader.data, "again", 5), 0);
    websocket_frame_fini(&reader);
    cr_assert_null(reader.control);
}

static void is_broken(const char *what, bool from_client, size_t length)
{
    struct websocket_frame_reader reader = {.from_client = from_client};
    enum websocket_event last = WEBSOCKET_MORE;
    hear(&reader, length, ROOM, &last);
    cr_expect_eq(last, WEBSOCKET_IS_BROKEN, "%s", what);
    websocket_frame_fini(&reader);
}

Test(websocket_frame, what_no_honest_side_sends_is_broken)
{
    is_broken("a client without a mask", true, put(0, WEBSOCKET_BINARY, "x", 1, false));
    is_broken("a server with a mask", false, put(0, WEBSOCKET_BINARY, "x", 1, true));
    is_broken("a message that nothing began", true, put(0, WEBSOCKET_CONTINUED, "x", 1, true));
    is_broken("a ping that is too long", true, put(0, WEBSOCKET_PING, heard, 126, true));
    is_broken("an opcode that there is not", true, put(0, (enum websocket_opcode)3, "x", 1, true));
    is_broken("text, where a stream of bytes is carried", true, put(0, WEBSOCKET_TEXT, "x", 1, true));
    is_broken("text of a server", false, put(0, WEBSOCKET_TEXT, "x", 1, false));
    size_t length = put(0, WEBSOCKET_BINARY, "x", 1, true);
    bytes[0] |= 0x40;
    is_broken("an extension that nobody agreed on", true, length);
    length = put(0, WEBSOCKET_PING, "x", 1, true);
    bytes[0] &= 0x7f;
    is_broken("a ping in pieces", true, length);
    length = put(0, WEBSOCKET_BINARY, "x", 1, true);
    bytes[0] &= 0x7f;
    length = put(length, WEBSOCKET_BINARY, "x", 1, true);
    is_broken("a message within another", true, length);
    length = put(0, WEBSOCKET_BINARY, heard, 70000, true);
    bytes[2] = 0xff;
    is_broken("a length that is no number", true, length);
}
