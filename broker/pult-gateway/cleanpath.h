// SPDX-License-Identifier: EUPL-1.2
// RDCleanPath, as the browser's RDP client (IronRDP) speaks it: one message each way before the RDP stream, in DER with
// explicit tags. The client says its token and its first RDP packet, and gets the host's answer to that and the host's
// certificate: it makes no TLS of its own. Only bytes; what comes from the client is hostile.
#pragma once
#include "broker/api/channel.h"
#include "broker/base/text.h"

enum {
    CLEANPATH_REQUEST_MAX = 4096,
    // What Windows calls what went wrong with a socket; clients have words for them.
    CLEANPATH_SOCKET_RESET = 10054,
    CLEANPATH_SOCKET_TIMED_OUT = 10060,
    CLEANPATH_SOCKET_REFUSED = 10061,
    CLEANPATH_HOST_NOT_FOUND = 11001,
};

enum cleanpath_answer {
    CLEANPATH_PARTIAL, // right so far: read on until there are *wanted bytes
    CLEANPATH_REQUEST, // it is whole, with its *wanted bytes
    CLEANPATH_WRONG,   // that is none
};

struct cleanpath_request {
    char token[CHANNEL_TOKEN_SIZE];   // empty: there is none that could be one
    const unsigned char *rdp_request; // X.224, within the bytes that were read
    size_t rdp_request_length;
};

// Where it wants to go is passed over: the broker alone says that. *wanted never exceeds CLEANPATH_REQUEST_MAX.
enum cleanpath_answer cleanpath_read(struct cleanpath_request *request, const unsigned char *bytes, size_t length,
                                     size_t *wanted);

// The host has agreed: its X.224 answer, and its certificate in DER. Its address stays within.
void cleanpath_write_response(struct text *out, const unsigned char *confirm, size_t confirm_length,
                              const unsigned char *certificate, size_t certificate_length);

struct cleanpath_failure {
    int http_status, socket_error, tls_alert; // 0: not said
    const unsigned char *confirm;             // the host's X.224 answer when that was a refusal, or NULL
    size_t confirm_length;
};
void cleanpath_write_failure(struct text *out, const struct cleanpath_failure *failure);
