// SPDX-License-Identifier: EUPL-1.2
// A gateway's word for somebody whom it passes on to the broker, which stands in the header of that connection
// (net/proxy_header): "portal pult/gw1 17 CODE". The code is HMAC-SHA-256 (RFC 2104) of all of it and of the caller's
// address, by the key of the gateway's link. It goes in the clear, before TLS: so each has a number of its own, and
// the receiver takes none twice.
#pragma once
#include "broker/base/address.h"

#include <stdint.h>

enum proxy_way {
    PROXY_TO_PORTAL,  // for people: TLS as on the public port
    PROXY_TO_DEVICES, // for desks: TLS as on the device port, with certificates
    PROXY_WAY_COUNT,
};

enum {
    PROXY_GATEWAY_SIZE = 128, // of its id
    PROXY_CODE_BYTES = 32,
    PROXY_VOUCHER_SIZE = 256, // as text
};

struct proxy_voucher {
    enum proxy_way way;
    char gateway[PROXY_GATEWAY_SIZE];
    int64_t number;                       // of the connection, since the gateway's link came up: from 1
    unsigned char code[PROXY_CODE_BYTES]; // as read
};

// Without `code`, which is made by `key`.
void proxy_voucher_write(char text[PROXY_VOUCHER_SIZE], const struct proxy_voucher *voucher, const char *key,
                         const struct address *caller, int port);
// Hostile, and not proven yet: whose key is to be asked for stands in it. False: it is none.
bool proxy_voucher_read(struct proxy_voucher *voucher, const char *text, size_t length)
    __attribute__((warn_unused_result));
// Whether whoever has the key has said this of this caller.
bool proxy_voucher_holds(const struct proxy_voucher *voucher, const char *key, const struct address *caller, int port)
    __attribute__((warn_unused_result));
