// SPDX-License-Identifier: EUPL-1.2
// Decides which one-time passwords are accepted. No sockets, files or clocks of its own beyond timers, so that tests
// can be the broker, the disk and the time.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-host/used_otps.h"

struct otp_verifier;
struct otp_verifier_step; // of one verification; finished exactly once

struct otp_verifier_ports {
    int64_t (*now_ms)(void *arg); // the broker's clock, as well as it is known
    // Asks the broker whether this is still the newest; otp_verifier_confirmed brings the answer. False: there is no
    // link.
    bool (*confirm)(void *arg, int64_t request_id, const struct otp *otp);
    // Whose desktop they come to: `admission->uid` is the account of their user name, and becomes that of their desktop
    // if it runs. NULL, or why they cannot come to one.
    const char *(*settle)(void *arg, const struct otp *otp, struct admission *admission);
    // Ends what may not run beside this person, see sessions_clear. Then otp_verifier_step_done.
    void (*clear)(void *arg, const struct otp *otp, const struct admission *admission, struct otp_verifier_step *step);
    // Makes it durable. Then otp_verifier_step_done.
    void (*keep)(void *arg, const struct otp *otp, const struct admission *admission, struct otp_verifier_step *step);
};

struct otp_verifier_config {
    const char *host; // our id
    int64_t confirm_ms, deadline_ms, previous_ms;
};

struct otp_verdict {
    bool valid;
    size_t password_offset;            // where the typed password begins, 0: nowhere
    uid_t uid;                         // whose desktop it is
    const struct admission *admission; // NULL: refused
    const char *why;                   // for the log; a refusal's goes to nobody else
};
typedef void otp_verifier_done(void *arg, const struct otp_verdict *verdict);

// `used` outlives the verifier.
struct otp_verifier *otp_verifier_new(struct loop *loop, const struct otp_verifier_config *config,
                                      struct used_otps *used, const struct otp_verifier_ports *ports, void *arg);
// Verifications under way get no answer; their steps are forgotten. NULL allowed.
void otp_verifier_free(struct otp_verifier *verifier);

// The host's key as text; false when it is none, and the old one stays. What was made with the old one is good for
// another previous_ms.
bool otp_verifier_set_key(struct otp_verifier *verifier, const char *text) __attribute__((warn_unused_result));
// User name and password are hostile; `uid` is the account of that name here. `done` comes later, once, within the
// deadline.
void otp_verifier_ask(struct otp_verifier *verifier, const char *user_name, uid_t uid, const char *password,
                      otp_verifier_done *done, void *arg);
// Whether it was made by the broker for this name here; for anything else it may be good for nothing.
bool otp_verifier_issued_for(const struct otp_verifier *verifier, const char *user_name, const char *password);
void otp_verifier_confirmed(struct otp_verifier *verifier, int64_t request_id,
                            bool valid);                    // an unknown id is ignored
void otp_verifier_link_down(struct otp_verifier *verifier); // nobody waits for an answer any more
void otp_verifier_step_done(struct otp_verifier_step *step, bool fine);
