// SPDX-License-Identifier: EUPL-1.2
// The head of an HTTP/1.1 or 1.0 request (RFC 9112) as bytes: strict, for what faces the internet. Any method and any
// field is read; whoever asks for a field by name gets it once or not at all.
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { REQUEST_HEAD_MAX = 8 * 1024, REQUEST_FIELDS_MAX = 48 };

struct request_head {
    const char *method, *path;
    bool is_http_1_0; // which knows no upgrade
    struct request_field {
        const char *name, *value;
    } fields[REQUEST_FIELDS_MAX];
    size_t count;
};

// Whether a head ends within the bytes, and where: behind its empty line. 0: not yet.
size_t request_head_length(const char *bytes, size_t length);
// Reads one that is whole, and writes NUL into it: all text of `head` is in `bytes`. 0, or what to answer.
int request_head_read(struct request_head *head, char *bytes, size_t length);
// NULL: there is none, or it is there twice.
const char *request_head_field(const struct request_head *head, const char *name);
// All lines of that name in their order, each once: the next from `at` on, which begins with 0. NULL: no more.
const char *request_head_next(const struct request_head *head, const char *name, size_t *at);
// Whether one of the words of a list ("keep-alive, Upgrade") is this one, in any case.
bool request_head_lists(const struct request_head *head, const char *name, const char *word);
