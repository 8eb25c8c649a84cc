// SPDX-License-Identifier: EUPL-1.2
// Looks after the certificate of a device or a session host: asks the broker for the next one when a third of its life
// is left, and again with growing pauses until it has it.
#pragma once
#include "broker/client/client.h"
#include "broker/client/credential.h"

// When it is to be renewed, wall clock: between a third and a quarter of its life before its end. Where in between
// depends on the certificate, so that those who were enrolled on one day do not come on one day, however often they
// start.
int64_t renewal_due_ms(const struct credential_dates *dates);
// How long to wait at most after so many attempts that failed.
int64_t renewal_pause_ms(const struct credential_dates *dates, unsigned failed);

struct renewal_ports {
    struct client *(*client)(void *arg); // to ask by; it shows the present certificate
    void (*renewed)(void *arg);          // another pair is on the disk
};

struct renewal;
// `state_dir` outlives it. Nothing is called from within.
struct renewal *renewal_new(struct loop *loop, enum noun noun, const char *state_dir, const struct renewal_ports *ports,
                            void *arg);
void renewal_free(struct renewal *renewal); // after the clients; NULL allowed
