// SPDX-License-Identifier: EUPL-1.2
// What a caller says to a gateway: the head of a request, and then frames, whole and as they would come in cut.
#include "broker/net/request_head.h"
#include "broker/net/websocket_frame.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 64 * 1024 };

struct sum {
    size_t payload, controls;
    uint32_t bytes;
    bool broken;
};

static struct sum read_frames(const uint8_t *data, size_t size, size_t piece, bool from_client)
{
    static unsigned char room[ROOM];
    struct websocket_frame_reader reader = {.from_client = from_client};
    struct sum sum = {0};
    memcpy(room, data, size);
    for (size_t at = 0; at < size && !sum.broken;) {
        size_t some = size - at < piece ? size - at : piece;
        enum websocket_event event;
        size_t used = websocket_frame_read(&reader, room + at, some, &event);
        assert(used > 0 && used <= some);
        at += used;
        sum.broken = event == WEBSOCKET_IS_BROKEN;
        sum.controls += event == WEBSOCKET_CONTROL;
        if (event != WEBSOCKET_DATA)
            continue;
        assert(reader.data >= room && reader.data + reader.length <= room + size);
        sum.payload += reader.length;
        for (size_t i = 0; i < reader.length; i++)
            sum.bytes = sum.bytes * 31 + reader.data[i];
    }
    websocket_frame_fini(&reader);
    return sum;
}

static void compare_frames(const uint8_t *data, size_t size, bool from_client)
{
    struct sum whole = read_frames(data, size, size, from_client);
    struct sum cut = read_frames(data, size, 1, from_client);
    assert(whole.payload == cut.payload && whole.controls == cut.controls && whole.bytes == cut.bytes &&
           whole.broken == cut.broken);
    (void)whole, (void)cut;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request_head head;
    if (size > ROOM)
        return 0;
    compare_frames(data, size, true);
    compare_frames(data, size, false);
    size_t length = request_head_length((const char *)data, size);
    assert(length <= size);
    if (!length)
        return 0;
    char *bytes = malloc(length);
    assert(bytes);
    memcpy(bytes, data, length);
    if (request_head_read(&head, bytes, length) == 0) {
        assert(head.method[0] && head.path[0] == '/' && head.count <= REQUEST_FIELDS_MAX);
        for (size_t i = 0; i < head.count; i++)
            assert(strlen(head.fields[i].name) > 0 && strlen(head.fields[i].value) < length);
        request_head_lists(&head, "Connection", "upgrade");
    }
    free(bytes);
    return 0;
}
