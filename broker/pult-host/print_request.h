// SPDX-License-Identifier: EUPL-1.2
// What is said of a job when it is handed over: an IPP Print-Job request (RFC 8011), of the options that cupsd gives a
// backend. Never its title.
#pragma once
#include "broker/base/text.h"

struct print_request {
    const char *uri;     // where to
    const char *owner;   // who is proven to have printed it
    const char *uuid;    // "urn:uuid:..."
    const char *format;  // MIME type of the document
    const char *copies;  // a number
    const char *options; // as cupsd gives them, hostile
    int64_t now_ms;      // by the clock of this host
};

// "urn:uuid:..." among the options, which cupsd puts there; false when there is none.
enum { PRINT_UUID_SIZE = 46 };
bool print_request_uuid(char uuid[PRINT_UUID_SIZE], const char *options) __attribute__((warn_unused_result));
// The bytes that the document follows.
void print_request_write(struct text *out, const struct print_request *request);
