// SPDX-License-Identifier: EUPL-1.2
// What an HTTP answer of the broker means: a JSON body, or a problem document (RFC 9457) with one of our codes.
#pragma once
#include "broker/client/client.h"

// answer->status says which; fills the rest, answer->body with a new reference. answer->retry_after_s stands when the
// document has none. False when the bytes are no JSON.
bool problem_document_read(struct client_answer *answer, const char *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
