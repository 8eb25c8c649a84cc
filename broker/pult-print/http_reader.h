// SPDX-License-Identifier: EUPL-1.2
// HTTP/1.1 requests (RFC 9112) as they come, cut anywhere: the head, the body without what it is wrapped in (a length
// or chunks), the end. libwebsockets does not read chunks and never says "100 Continue", and both are what an IPP
// client sends a document of unknown length with. All of it is hostile.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEAD_MAX = 8 * 1024, HTTP_METHOD_SIZE = 16, HTTP_PATH_SIZE = 320, HTTP_TYPE_SIZE = 64 };

enum http_event {
    HTTP_MORE,   // nothing to be told yet
    HTTP_HEAD,   // what is in `head` is known
    HTTP_BODY,   // the next bytes of the body: `body`, `body_length`, within what was given
    HTTP_END,    // of the request; the next bytes are of another
    HTTP_BROKEN, // no more can be read; `status` is what to answer before the connection is closed
};

struct http_head {
    char method[HTTP_METHOD_SIZE], path[HTTP_PATH_SIZE], type[HTTP_TYPE_SIZE];
    bool has_body, is_chunked;
    uint64_t length;     // of the body unless it is chunked
    bool wants_continue; // before it sends the body
    bool closes;         // after the answer
};

enum http_place {
    HTTP_IN_HEAD,
    HTTP_IN_BODY,  // `left` bytes
    HTTP_IN_CHUNK, // the same, of a chunk
    HTTP_IN_CHUNK_END,
    HTTP_IN_CHUNK_SIZE, // a line
    HTTP_IN_TRAILER,    // a line
    HTTP_AT_END,
    HTTP_IN_RUINS,
};

struct http_reader { // begins as {0}
    enum http_place place;
    struct http_head head;
    int status;
    uint64_t left;
    const char *body;
    size_t body_length;
    size_t held, trailer; // bytes of `line`; of all trailers
    char line[HTTP_HEAD_MAX];
};

// Reads on, as far as there is something to be told. Returns how many bytes were read; call it again with the rest.
size_t http_reader_add(struct http_reader *reader, const char *bytes, size_t length, enum http_event *event);
// Between requests: nothing of the next one has come.
bool http_reader_is_idle(const struct http_reader *reader);
const char *http_status_words(int status);
