// SPDX-License-Identifier: EUPL-1.2
// Who is at the other end of a connection that jobs come by: a session host, by TLS with a certificate each side, or a
// program of this machine.
#pragma once
#include "broker/net/tls_line.h"
#include "broker/pult-print/intake.h"

// Shows the certificate of the first file, takes those that the second one's signed. NULL with why.
SSL_CTX *door_context_new(const char *credential_file, const char *authority_file, struct fault *why);

// Whose certificate it is; false: no session host's, or it has expired meanwhile.
bool door_peer_host(const struct tls_line *line, struct intake_origin *origin, struct fault *why)
    __attribute__((warn_unused_result));
// The user of this machine at the other end, as the kernel says; -1: nobody knows.
int64_t door_peer_uid(int descriptor);
