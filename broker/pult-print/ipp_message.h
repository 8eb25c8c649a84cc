// SPDX-License-Identifier: EUPL-1.2
// IPP that came from outside, as the cups library reads it: from bytes that were looked at before.
#pragma once
#include <cups/ipp.h>
#include <stddef.h>

// Whole, by ipp_bounds_check; the caller deletes it. NULL: the library does not take it.
ipp_t *ipp_message_read(const void *bytes, size_t length);
