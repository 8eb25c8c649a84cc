// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/rdp.h"

#include <stdbool.h>

enum {
    TPKT_HEADER = 4,
    CONFIRM_BARE = TPKT_HEADER + 7, // from hosts older than the negotiation
    NEGOTIATION_SIZE = 8,
    X224_CONFIRM = 0xd0,
    NEGOTIATION_ANSWER = 2,
    NEGOTIATION_FAILURE = 3,
    PROTOCOL_RDP = 0,
    PROTOCOL_SSL = 1,
    PROTOCOL_HYBRID = 2,
};

// clang-format off
const unsigned char rdp_request[RDP_REQUEST_SIZE] = {
    3, 0, 0, RDP_REQUEST_SIZE,                                 // TPKT
    14, 0xe0, 0, 0, 0, 0, 0,                                   // X.224 connection request, class 0
    1, 0, NEGOTIATION_SIZE, 0, PROTOCOL_SSL | PROTOCOL_HYBRID, // RDP_NEG_REQ; the rest is 0
};
// clang-format on

static uint32_t little_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

// Each length says the same as the others or it is no confirm.
static bool frame_is_right(const unsigned char *bytes, size_t length)
{
    bool tpkt = bytes[0] == 3 && bytes[2] == 0 && bytes[3] == length;
    return tpkt && bytes[4] == length - TPKT_HEADER - 1 && (bytes[5] & 0xf0) == X224_CONFIRM;
}

static enum rdp_answer negotiated(const unsigned char *bytes, uint32_t *failure)
{
    uint32_t value = little_endian(bytes + 4);
    if (bytes[2] != NEGOTIATION_SIZE || bytes[3] != 0)
        return RDP_WRONG;
    if (bytes[0] == NEGOTIATION_FAILURE) {
        *failure = value;
        return RDP_REFUSED;
    }
    if (bytes[0] != NEGOTIATION_ANSWER)
        return RDP_WRONG;
    if (value == PROTOCOL_RDP)
        return RDP_PLAIN;
    return value == PROTOCOL_SSL || value == PROTOCOL_HYBRID ? RDP_TLS : RDP_WRONG;
}

enum rdp_answer rdp_confirm(const unsigned char *bytes, size_t length, size_t *wanted, uint32_t *failure)
{
    *failure = 0;
    *wanted = TPKT_HEADER;
    if (length < TPKT_HEADER)
        return length && bytes[0] != 3 ? RDP_WRONG : RDP_PARTIAL;
    *wanted = bytes[3];
    if (bytes[0] != 3 || bytes[2] != 0 || (bytes[3] != CONFIRM_BARE && bytes[3] != RDP_CONFIRM_MAX)) {
        *wanted = length < RDP_CONFIRM_MAX ? length : RDP_CONFIRM_MAX;
        return RDP_WRONG;
    }
    if (length < *wanted)
        return RDP_PARTIAL;
    if (!frame_is_right(bytes, *wanted))
        return RDP_WRONG;
    return *wanted == CONFIRM_BARE ? RDP_PLAIN : negotiated(bytes + CONFIRM_BARE, failure);
}

const char *rdp_failure_text(uint32_t failure)
{
    static const char *const texts[] = {
        "it gave no reason",
        "it insists on TLS, which was asked for",
        "it allows only RDP's own security, no TLS",
        "it has no certificate for TLS",
        "its flags are inconsistent",
        "it insists on NLA, which was asked for",
        "it insists on TLS with a client certificate",
    };
    return failure < sizeof texts / sizeof *texts ? texts[failure] : "its reason is unknown";
}
