// SPDX-License-Identifier: EUPL-1.2
// The header of the PROXY protocol, version 2 (haproxy's doc/proxy-protocol.txt, section 2.2) as bytes: before the
// first byte of a connection, whoever passes it on says who really calls. Only of those who are known to pass
// connections on is it believed; that is for the receiver to know.
#pragma once
#include "broker/base/address.h"

enum {
    PROXY_HEADER_HEAD = 16,  // its first bytes, which say how long it is
    PROXY_HEADER_MAX = 1024, // what haproxy can say of a client's certificate is in it as well
};

enum proxy_header_answer {
    PROXY_HEADER_PARTIAL, // so many bytes are needed
    PROXY_HEADER_WHOLE,   // so many bytes it has; what follows is the connection's
    PROXY_HEADER_ABSENT,  // something else begins
    PROXY_HEADER_BROKEN,
};

struct proxy_header {
    bool names_caller; // else it is the proxy itself that calls (its health checks), or it does not know who
    struct address caller;
    int port;            // the caller's
    const char *voucher; // what a gateway of ours adds (net/proxy_voucher), within the bytes; NULL: nothing
    size_t voucher_length;
};

// `size`: as the answer says. The bytes are hostile, and may be more than the header.
enum proxy_header_answer proxy_header_read(struct proxy_header *header, const unsigned char *bytes, size_t length,
                                           size_t *size);
// One that names the caller, and not whom they called; its length comes back. `voucher` fits.
size_t proxy_header_write(unsigned char bytes[PROXY_HEADER_MAX], const struct address *caller, int port,
                          const char *voucher);
