// SPDX-License-Identifier: EUPL-1.2
// IPP as bytes (RFC 8010 section 3), before the cups library reads them: that one goes as deep into collections as they
// go, with 32 kB for each level.
#pragma once
#include "broker/base/fault.h"

#include <stddef.h>

enum { IPP_ATTRIBUTES_MAX = 16 * 1024, IPP_DEPTH_MAX = 8 };

// Whether a message begins here that is whole and no more than that; the bytes are hostile. *end is where its
// attributes end and a document may begin. FAULT_BUSY: it is not whole yet, and could be with more bytes.
bool ipp_bounds_check(const void *bytes, size_t length, size_t *end, struct fault *why)
    __attribute__((warn_unused_result));
