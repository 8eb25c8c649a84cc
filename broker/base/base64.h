// SPDX-License-Identifier: EUPL-1.2
// Base64 as HTTP carries it (RFC 4648, section 4): with padding, nothing else within; and as it stands in addresses,
// cookies and tokens (section 5): other letters, no padding.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// `to` has room for strlen(text) / 4 * 3. False for anything that base64_encode would not have written.
bool base64_decode(unsigned char *to, size_t *length, const char *text) __attribute__((warn_unused_result));
// False, and `to` empty, when it does not fit with its NUL.
bool base64_encode(char *to, size_t size, const void *bytes, size_t length) __attribute__((warn_unused_result));
bool base64_encode_url(char *to, size_t size, const void *bytes, size_t length) __attribute__((warn_unused_result));
