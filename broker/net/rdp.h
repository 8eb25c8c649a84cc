// SPDX-License-Identifier: EUPL-1.2
// The first two packets of an RDP connection (MS-RDPBCGR 2.2.1.1, 2.2.1.2): the request for TLS and the host's answer,
// from both sides. Only bytes; no sockets.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RDP_REQUEST_SIZE = 19, RDP_CONFIRM_MAX = 19, RDP_CLIENT_REQUEST_MAX = 259 };

enum rdp_protocol { // bits
    RDP_PROTOCOL_PLAIN = 0,
    RDP_PROTOCOL_SSL = 1,
    RDP_PROTOCOL_HYBRID = 2,    // NLA, after TLS
    RDP_PROTOCOL_HYBRID_EX = 8, // the same, and the host says whether it lets in
};

// Asks for TLS, with or without NLA after it: hosts that insist on NLA make the same TLS handshake first.
extern const unsigned char rdp_request[RDP_REQUEST_SIZE];
// The same for some of enum rdp_protocol.
void rdp_request_write(unsigned char request[RDP_REQUEST_SIZE], uint32_t protocols);

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

enum rdp_client_answer {
    RDP_CLIENT_PARTIAL, // right so far: read on until there are *wanted bytes
    RDP_CLIENT_REQUEST, // it is whole, with its *wanted bytes; *protocols is what it knows
    RDP_CLIENT_WRONG,   // that is none
};

enum { RDP_TOKEN_SIZE = 65 };
// Whom it names to be sent to, in the clear: "Cookie: msts=TOKEN" in a whole request, of letters, digits, - and _.
// False: nobody.
bool rdp_client_token(const unsigned char *request, size_t length, char token[RDP_TOKEN_SIZE]);
// A host's answer: one of enum rdp_protocol, or a failure code.
enum rdp_failure { RDP_NEEDS_TLS = 1 };
void rdp_confirm_write(unsigned char confirm[RDP_CONFIRM_MAX], enum rdp_protocol protocol);
void rdp_failure_write(unsigned char confirm[RDP_CONFIRM_MAX], enum rdp_failure failure);

// What a client asks for. `bytes` is hostile. *wanted never exceeds RDP_CLIENT_REQUEST_MAX. The name or token that
// clients put before it in the clear is passed over.
enum rdp_client_answer rdp_client_request(const unsigned char *bytes, size_t length, size_t *wanted,
                                          uint32_t *protocols);
