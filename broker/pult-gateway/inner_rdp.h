// SPDX-License-Identifier: EUPL-1.2
// The gateway's own RDP connection to a session host, where the TLS of a session ends at the gateway: asks for TLS, and
// goes on with the certificate that the broker names and with no other.
#pragma once
#include "broker/api/channel.h"
#include "broker/base/loop.h"
#include "broker/net/rdp.h"
#include "broker/net/tls_line.h"

enum { INNER_RDP_MS = 10 * 1000 };

enum inner_rdp_outcome {
    INNER_RDP_OPEN,
    INNER_RDP_REFUSED, // by the host: its answer is in `confirm`
    INNER_RDP_NO_TLS,
    INNER_RDP_WRONG_CERTIFICATE,
    INNER_RDP_LOST, // it closed, was silent or speaks no RDP
};

// Borrowed for the call, but for `line`.
struct inner_rdp_result {
    enum inner_rdp_outcome outcome;
    enum channel_reason reason; // when it is not open: what the channel ends with
    struct tls_line line;       // when it is open: the receiver's, settled
    const unsigned char *confirm;
    size_t confirm_length;
    const unsigned char *certificate; // in DER, when it is open
    size_t certificate_length;
    const char *why; // for the log
};

struct inner_rdp;

// Comes once, never from within inner_rdp_new. The connection is over then, but for an open line.
typedef void inner_rdp_done(void *arg, const struct inner_rdp_result *result);

// For all of a program.
SSL_CTX *inner_rdp_context(void);
// `descriptor` was dialled, and is taken over. `fingerprint`: SHA-256 in hexadecimal.
struct inner_rdp *inner_rdp_new(struct loop *loop, SSL_CTX *context, int descriptor, uint32_t protocols,
                                const char *fingerprint, inner_rdp_done *done, void *arg);
void inner_rdp_free(struct inner_rdp *inner); // also from `done`; NULL allowed
