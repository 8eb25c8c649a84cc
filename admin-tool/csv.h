// SPDX-License-Identifier: EUPL-1.2
// A table from a spreadsheet (RFC 4180; separated by commas or, as German programs write it, by semicolons): the first
// row names fields of a noun, each other one is an object. UTF-8 only; the text may be hostile.
#pragma once
#include "broker/api/body.h"
#include "broker/base/fault.h"

enum { CSV_MAX = 1024 * 1024 };

// Fills the objects of a request as POST /v1/apply takes it; the caller frees it by record_free. Faults name the line,
// and nothing is left to free.
bool csv_read(struct apply_request *request, enum noun noun, const char *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
