// SPDX-License-Identifier: EUPL-1.2
// Who is let in: decides on one-time passwords. No sockets, files or clocks of its own beyond timers, so that tests can
// be the broker, the disk and the time.
#pragma once
#include "broker/base/loop.h"
#include "broker/host-agent/spent.h"

struct gate;
struct gate_step; // of one question; finished exactly once

struct gate_ports {
    int64_t (*now_ms)(void *arg); // the broker's clock, as well as it is known
    // Asks the broker whether this is still the newest; gate_confirmed brings the answer. False: there is no link.
    bool (*confirm)(void *arg, int64_t number, const struct otp *otp);
    // Ends what may not be there beside this person: others' sessions when `sole`, and a session of theirs that the
    // session manager has lost. Then gate_step_done.
    void (*clear)(void *arg, const struct otp *otp, struct gate_step *step);
    // Makes it durable. Then gate_step_done.
    void (*keep)(void *arg, const struct otp *otp, struct gate_step *step);
};

struct gate_config {
    const char *host; // our id
    int64_t confirm_ms, deadline_ms, previous_ms;
};

// `rest`: where the typed password begins, 0: nowhere. `why` is for the log; a refusal's goes to nobody else.
typedef void gate_done(void *arg, bool good, size_t rest, const char *why);

// `spent` outlives the gate.
struct gate *gate_new(struct loop *loop, const struct gate_config *config, struct spent *spent,
                      const struct gate_ports *ports, void *arg);
// Questions under way get no answer; their steps are forgotten. NULL allowed.
void gate_free(struct gate *gate);

// The host's key as text; false when it is none, and the old one stays. What was made with the old one is good for
// another previous_ms.
bool gate_set_key(struct gate *gate, const char *text) __attribute__((warn_unused_result));
// Login and password are hostile. `done` comes later, once, within the deadline.
void gate_ask(struct gate *gate, const char *login, const char *password, gate_done *done, void *arg);
void gate_confirmed(struct gate *gate, int64_t number, bool good); // a number that is not known is passed over
void gate_link_down(struct gate *gate);                            // nobody waits for an answer any more
void gate_step_done(struct gate_step *step, bool fine);
