// SPDX-License-Identifier: EUPL-1.2
// What a problem document (RFC 9457) says when it is one of the broker's.
#pragma once
#include "broker/api/codec.h"
#include "broker/api/refusal.h"

struct problem_document {
    enum refusal refusal;
    char detail[320];        // what the broker says beyond the refusal, English
    char detail_format[200]; // what that was made from, for language_detail; "" without
    char help_desk[128];
    int64_t retry_after_s; // 0 without
};

// `body` may be NULL, or none of ours, a proxy's for example: then `status` (HTTP) says what it can.
void problem_document_read(struct problem_document *problem, int status, json_object *body);
