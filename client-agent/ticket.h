// SPDX-License-Identifier: EUPL-1.2
// Kerberos at the desk: a short-lived ticket for the broker in memory, a token bound to the broker's TLS certificate
// (tls-server-end-point, RFC 5929), and the change of an expired password. Works in threads: a KDC may be dead.
#pragma once
#include "broker/api/refusal.h"
#include "broker/base/loop.h"
#include "broker/base/mem.h"

struct ticket;

struct ticket_config {
    const char *realm;
    const char *broker; // host name; the ticket is for HTTP/<broker>
    int64_t deadline_ms;
};

struct ticket_answer {
    enum refusal refusal;
    bool no_kdc;               // none answers within the deadline, or it knows nothing of this name or broker
    bool silent;               // the former of these
    const char *authorization; // "Negotiate <base64>" when not refused
};

typedef void ticket_got(void *arg, unsigned attempt, const struct ticket_answer *answer);
typedef void ticket_changed(void *arg, unsigned attempt, enum refusal refusal);

struct ticket *ticket_new(struct loop *loop, const struct ticket_config *config, ticket_got *got,
                          ticket_changed *changed, void *arg);
void ticket_free(struct ticket *ticket); // answers still under way do not come any more

// One at a time; a new request makes the answer to the one before vanish. A wrong name and a wrong password give the
// same answer, an account that is locked too.
void ticket_get(struct ticket *ticket, unsigned attempt, const char *name, const struct secret *password,
                const unsigned char broker_link_digest[32]);
void ticket_change(struct ticket *ticket, unsigned attempt, const char *name, const struct secret *old_password,
                   const struct secret *new_password);
