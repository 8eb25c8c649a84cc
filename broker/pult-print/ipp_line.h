// SPDX-License-Identifier: EUPL-1.2
// The connection to one printer: HTTP by the cups library, which blocks, in one thread at a time. The library would
// connect again by itself, to whoever then answers: every connection is made here, and its certificate looked at
// before anything is said. What a printer says is hostile: bounded in bytes, and in time where nothing comes.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"

#include <cups/cups.h>

enum { PRINTER_PATH_SIZE = 300 };

// Where and who it is.
struct printer_address {
    char uri[URI_SIZE];                  // ipp: or ipps:
    char fingerprint[DIGEST_SIZE];       // SHA-256 of its certificate, for ipps; empty: whatever it shows
    char credentials[PRINTER_PATH_SIZE]; // a file with "name:password"; empty, or not there: none
};

struct ipp_line;

struct ipp_line *ipp_line_new(const struct printer_address *address);
void ipp_line_free(struct ipp_line *line); // NULL allowed
// From any thread: what waits on it fails within a second or two, and all that comes.
void ipp_line_stop(struct ipp_line *line);
// Ends the connection; the next request makes one.
void ipp_line_close(struct ipp_line *line);
bool ipp_line_goes_to(const struct ipp_line *line, const struct printer_address *address);
const char *ipp_line_uri(const struct ipp_line *line);
// Of the certificate that it has shown; empty over ipp:.
const char *ipp_line_fingerprint(const struct ipp_line *line);

// The bytes behind a request; false with why: the rest cannot be had.
typedef bool ipp_source(void *arg, void *bytes, size_t size, size_t *length, struct fault *why);
struct ipp_document {
    ipp_source *read;
    void *arg;
    uint64_t size;
};

// Asks, and takes the request with it; `document` may be NULL. NULL with
// FAULT_UNAVAILABLE: it has not heard of this.
// FAULT_DENIED: nor was it told, since it is another (certificate), or it did not take our name and password.
// FAULT_BROKEN: it may have heard, and what it did nobody knows.
// Once it has answered, the IPP status is in the answer, which the caller deletes.
ipp_t *ipp_line_ask(struct ipp_line *line, ipp_t *request, const struct ipp_document *document, struct fault *why);
