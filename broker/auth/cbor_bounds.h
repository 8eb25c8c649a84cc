// SPDX-License-Identifier: EUPL-1.2
// CBOR as bytes (RFC 8949), before libcbor reads it: that one makes room for as many items as an array says it has,
// whether they are there or not.
#pragma once
#include <stddef.h>

enum { CBOR_DEPTH_MAX = 4 }; // what authenticators keep to (CTAP 2.1, section 8)

// How long the one item is that begins here; the bytes are hostile. 0: it is not whole, goes deeper than that, or is of
// a kind that authenticators do not write: lengths left open, tags, simple values other than false, true, null and
// undefined.
size_t cbor_bounds_item(const unsigned char *bytes, size_t length);
