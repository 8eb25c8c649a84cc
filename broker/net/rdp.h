// SPDX-License-Identifier: EUPL-1.2
// The first two packets of an RDP connection (MS-RDPBCGR 2.2.1.1, 2.2.1.2): the request for TLS and the host's answer.
// Only bytes; no sockets.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { RDP_REQUEST_SIZE = 19, RDP_CONFIRM_MAX = 19 };

// Asks for TLS, with or without NLA after it: hosts that insist on NLA make the same TLS handshake first.
extern const unsigned char rdp_request[RDP_REQUEST_SIZE];

enum rdp_answer {
    RDP_PARTIAL, // right so far: read on until there are *wanted bytes
    RDP_TLS,     // the TLS handshake follows
    RDP_PLAIN,   // the host would go on with RDP's own security
    RDP_REFUSED, // *failure holds its code
    RDP_WRONG,   // that is no RDP
};

// `bytes` is hostile. *wanted never exceeds RDP_CONFIRM_MAX.
enum rdp_answer rdp_confirm(const unsigned char *bytes, size_t length, size_t *wanted, uint32_t *failure);
// What a failure code means, in words.
const char *rdp_failure_text(uint32_t failure);
