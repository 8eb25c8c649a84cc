// SPDX-License-Identifier: EUPL-1.2
// Asks a session host whether it would take a person: TCP, the RDP negotiation, the TLS handshake, the certificate. No
// credential is ever sent. Hundreds at a time in the loop's thread; a host that says nothing holds up no other. Who
// probes many spreads them over the time there is: each costs a TLS handshake.
#pragma once
#include "broker/api/types.h"
#include "broker/base/loop.h"

enum { PROBER_DEADLINE_MS = 3000 };

enum probe_result {
    PROBE_OK,
    PROBE_UNREACHABLE,       // no connection, no answer within the deadline, or one that is no RDP
    PROBE_NO_TLS,            // RDP, but it refused TLS, would go on without, or failed at it
    PROBE_WRONG_CERTIFICATE, // anybody's machine: no password may go there
};

struct probe_report {
    enum probe_result result;
    int64_t took_ms;
    char fingerprint[DIGEST_SIZE]; // of the certificate it showed, empty without
    char detail[200];              // one line for administrators, English
};

struct prober;

typedef void probe_done(void *arg, const struct probe_report *report);

struct prober *prober_new(struct loop *loop, int64_t deadline_ms);
void prober_free(struct prober *prober); // what still runs ends without `done`

struct probe_target {
    const char *address; // a name or an IP address
    int port;
    const char *fingerprint; // the SHA-256 expected, in hexadecimal
    // Words: what the address must be in; never this machine itself, and nothing that address_is_reserved. NULL: asks
    // anybody.
    const char *networks;
    bool evenly; // no answer comes before the deadline but a good one, whatever is there
};

// All of it is copied. `done` comes once, never from within, and may start or free.
void prober_start(struct prober *prober, const struct probe_target *target, probe_done *done, void *arg);
const char *probe_result_text(enum probe_result result); // "ok", "unreachable", "no-tls", "wrong-certificate"
