// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/rdp.h"

#include <ctype.h>
#include <string.h>

enum {
    TPKT_HEADER = 4,
    X224_HEADER = 7,
    CONFIRM_BARE = TPKT_HEADER + X224_HEADER, // from hosts older than the negotiation
    NEGOTIATION_SIZE = 8,
    CORRELATION_SIZE = 36,
    PROTOCOLS_AT = TPKT_HEADER + X224_HEADER + 4,
    X224_REQUEST = 0xe0,
    X224_CONFIRM = 0xd0,
    NEGOTIATION_REQUEST = 1,
    NEGOTIATION_ANSWER = 2,
    NEGOTIATION_FAILURE = 3,
    CORRELATION_FOLLOWS = 8,
};

// clang-format off
const unsigned char rdp_request[RDP_REQUEST_SIZE] = {
    3, 0, 0, RDP_REQUEST_SIZE,                   // TPKT
    14, X224_REQUEST, 0, 0, 0, 0, 0,             // X.224 connection request, class 0
    NEGOTIATION_REQUEST, 0, NEGOTIATION_SIZE, 0, // RDP_NEG_REQ
    RDP_PROTOCOL_SSL | RDP_PROTOCOL_HYBRID,      // the rest is 0
};
// clang-format on

static uint32_t little_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void rdp_request_write(unsigned char request[RDP_REQUEST_SIZE], uint32_t protocols)
{
    memcpy(request, rdp_request, RDP_REQUEST_SIZE);
    for (size_t i = 0; i < sizeof protocols; i++)
        request[PROTOCOLS_AT + i] = (unsigned char)(protocols >> (8 * i));
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
    if (value == RDP_PROTOCOL_PLAIN)
        return RDP_PLAIN;
    return value == RDP_PROTOCOL_SSL || value == RDP_PROTOCOL_HYBRID ? RDP_TLS : RDP_WRONG;
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

// Before the negotiation there may be one line: "Cookie: mstshash=anna", or where a broker before us sends it to.
static bool skip_line(const unsigned char **bytes, size_t *length)
{
    if (*length == 0 || (*bytes)[0] == NEGOTIATION_REQUEST)
        return true;
    const unsigned char *end = memmem(*bytes, *length, "\r\n", 2);
    if (!end)
        return false;
    *length -= (size_t)(end + 2 - *bytes);
    *bytes = end + 2;
    return true;
}

// What stands in a request behind its head; nothing in those of clients that are older than the negotiation.
static bool read_negotiation(const unsigned char *bytes, size_t length, uint32_t *protocols)
{
    if (!skip_line(&bytes, &length))
        return false;
    if (length == 0)
        return true;
    if (length < NEGOTIATION_SIZE || bytes[0] != NEGOTIATION_REQUEST || bytes[2] != NEGOTIATION_SIZE || bytes[3] != 0)
        return false;
    if (length != NEGOTIATION_SIZE + (bytes[1] & CORRELATION_FOLLOWS ? (size_t)CORRELATION_SIZE : 0))
        return false;
    *protocols = little_endian(bytes + 4);
    return true;
}

enum rdp_client_answer rdp_client_request(const unsigned char *bytes, size_t length, size_t *wanted,
                                          uint32_t *protocols)
{
    *protocols = RDP_PROTOCOL_PLAIN;
    *wanted = TPKT_HEADER;
    if (length < TPKT_HEADER)
        return length && bytes[0] != 3 ? RDP_CLIENT_WRONG : RDP_CLIENT_PARTIAL;
    size_t size = (size_t)(bytes[2] << 8 | bytes[3]);
    if (bytes[0] != 3 || size < TPKT_HEADER + X224_HEADER || size > RDP_CLIENT_REQUEST_MAX)
        return RDP_CLIENT_WRONG;
    *wanted = size;
    if (length < size)
        return RDP_CLIENT_PARTIAL;
    bool is_request = bytes[4] == size - TPKT_HEADER - 1 && (bytes[5] & 0xf0) == X224_REQUEST;
    if (is_request && read_negotiation(bytes + TPKT_HEADER + X224_HEADER, size - TPKT_HEADER - X224_HEADER, protocols))
        return RDP_CLIENT_REQUEST;
    return RDP_CLIENT_WRONG;
}

bool rdp_client_token(const unsigned char *request, size_t length, char token[RDP_TOKEN_SIZE])
{
    static const char cookie[] = "Cookie: msts=";
    size_t at = TPKT_HEADER + X224_HEADER + sizeof cookie - 1, count = 0;
    if (length < at || memcmp(request + at - (sizeof cookie - 1), cookie, sizeof cookie - 1) != 0)
        return false;
    for (; at < length && (isalnum(request[at]) || request[at] == '-' || request[at] == '_'); at++) {
        if (count + 1 == RDP_TOKEN_SIZE)
            return false;
        token[count++] = (char)request[at];
    }
    token[count] = 0;
    return count > 0 && at < length && request[at] == '\r';
}

static void write_confirm(unsigned char confirm[RDP_CONFIRM_MAX], unsigned char kind, uint32_t value)
{
    const unsigned char bytes[RDP_CONFIRM_MAX] = {
        3, 0, 0, RDP_CONFIRM_MAX, 14, X224_CONFIRM, [11] = kind, [13] = NEGOTIATION_SIZE, [15] = (unsigned char)value};
    memcpy(confirm, bytes, sizeof bytes);
}

void rdp_confirm_write(unsigned char confirm[RDP_CONFIRM_MAX], enum rdp_protocol protocol)
{
    write_confirm(confirm, NEGOTIATION_ANSWER, (uint32_t)protocol);
}

void rdp_failure_write(unsigned char confirm[RDP_CONFIRM_MAX], enum rdp_failure failure)
{
    write_confirm(confirm, NEGOTIATION_FAILURE, (uint32_t)failure);
}
