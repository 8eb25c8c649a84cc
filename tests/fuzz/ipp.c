// SPDX-License-Identifier: EUPL-1.2
// A request as a client sends it: HTTP, and IPP in it. However the bytes are cut, the same is read.
#include "broker/base/mem.h"
#include "broker/pult-print/http_reader.h"
#include "broker/pult-print/ipp_bounds.h"
#include "broker/pult-print/ipp_request.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// The bodies one behind the other.
static void read_http(struct text *bodies, const char *bytes, size_t length, size_t part)
{
    struct http_reader *reader = mem_new(1, sizeof *reader);
    enum http_event event = HTTP_MORE;
    for (size_t at = 0; event != HTTP_BROKEN && (at < length || event != HTTP_MORE);) {
        size_t some = length - at < part ? length - at : part;
        size_t taken = http_reader_add(reader, bytes + at, some, &event);
        assert(taken <= some);
        if (event == HTTP_BODY) {
            assert(reader->body >= bytes + at && reader->body + reader->body_length <= bytes + at + taken);
            text_add(bodies, reader->body, reader->body_length);
        }
        at += taken;
    }
    free(reader);
}

static void read_ipp(const void *bytes, size_t length)
{
    size_t end = 0;
    char target[ID_SIZE];
    struct ipp_request request;
    owned(text) struct text answer = {0};
    if (length > IPP_HEAD_MAX || !ipp_bounds_check(bytes, length, &end, NULL))
        return;
    assert(end <= length);
    enum door_status status = ipp_request_read(&request, bytes, end);
    assert(status != DOOR_OK || request.operation != ASKED_TO_PRINT || request.job_uuid[0]);
    assert(text_is_clean(request.user_name, strlen(request.user_name)) && !strchr(request.options, '\n'));
    ipp_request_answer(&request, status, "no reason", NULL, "/ipp/print/next-to-me", &answer);
    assert(answer.length > 8);
    assert(!ipp_request_target(request.job_uuid, target));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    owned(text) struct text whole = {0}, cut = {0};
    const char *bytes = (const char *)data;
    read_http(&whole, bytes, size, size ? size : 1);
    read_http(&cut, bytes, size, 7);
    assert(whole.length == cut.length && (!cut.length || memcmp(whole.bytes, cut.bytes, cut.length) == 0));
    if (whole.length)
        read_ipp(whole.bytes, whole.length);
    read_ipp(data, size);
    return 0;
}
