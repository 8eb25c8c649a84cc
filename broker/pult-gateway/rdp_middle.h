// SPDX-License-Identifier: EUPL-1.2
// An RDP connection that ends at the gateway on both sides: an RDP program on a descriptor, whom the gateway shows its
// own certificate, and a session host, which must show the one that the broker names. What the program says first is
// corrected in between (rdp_first_flight), so that nobody has to be asked for a password there.
#pragma once
#include "broker/api/types.h"
#include "broker/net/websocket_pump.h"
#include "broker/pult-gateway/rdp_first_flight.h"

#include <openssl/ssl.h>

// All of a program.
struct rdp_middles;

// It came to nothing: the host cannot be used, or the program speaks otherwise. Who is at the descriptor sees no more
// than its end. `channel`: of the plan. Never from within rdp_middles_begin; the descriptors are closed after it.
typedef void rdp_middle_failed(void *arg, const char *channel, enum channel_reason reason);

// Borrows the pool and the context, which is inner_rdp_context's.
struct rdp_middles *rdp_middles_new(struct loop *loop, struct websocket_pool *pool, SSL_CTX *to_host,
                                    rdp_middle_failed *failed, void *arg);
void rdp_middles_free(struct rdp_middles *middles); // all are cut; NULL allowed
size_t rdp_middles_count(const struct rdp_middles *middles);

struct rdp_middle_plan {
    const char *channel;     // for the log, and for whom is told
    int program, host;       // descriptors that do not block; taken over
    SSL_CTX *shown;          // to the program
    const char *fingerprint; // of the host's certificate: SHA-256 in hexadecimal
    const struct rdp_corrections *corrections;
};
// Borrows the plan. False: its person's name or password can be put into no packet; the descriptors are closed.
bool rdp_middles_begin(struct rdp_middles *middles, const struct rdp_middle_plan *plan)
    __attribute__((warn_unused_result));
