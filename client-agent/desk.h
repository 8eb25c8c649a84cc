// SPDX-License-Identifier: EUPL-1.2
// What a desk does, without doing it: a state machine between the greeter, the directory, the broker and the viewer.
// It owns no socket, process or clock; all it needs are the callbacks below.
#pragma once
#include "broker/api/device_link.h"
#include "broker/api/method.h"
#include "broker/api/refusal.h"
#include "client-agent/session_view.h"

enum desk_state {
    DESK_GREETING,     // waits for a name and a password
    DESK_CHECKING,     // the KDC or the broker is looking at them
    DESK_CHANGING,     // the password has expired; the person chooses a new one
    DESK_RENEWING,     // the new password is on its way
    DESK_WAKING,       // the person's computer is being switched on; asked for again and again
    DESK_CONNECTING,   // the session is being opened
    DESK_CONNECTED,    // the person works
    DESK_RECONNECTING, // the line to the host broke; being mended
    DESK_CLOSING,      // the session is being closed here
    DESK_JOBS,         // the person looks at their print jobs, after name and password
    DESK_SESSION_JOBS, // the same before their session, which goes on
    DESK_STATE_COUNT,
};

const char *desk_state_name(enum desk_state state);

// What the person came for.
enum desk_wish { DESK_WANTS_DESKTOP, DESK_WANTS_JOBS, DESK_WANTS_RELEASE, DESK_WANTS_CANCEL };

struct desk_order {
    enum desk_wish wish;
    char job[JOB_NAME_SIZE]; // of a release or a cancel
    char printer[ID_SIZE];   // of a release; empty: the nearest
};

// What the greeter shows. `sentence` is English, the gettext key; a %s in it stands for `where`.
struct desk_face {
    enum desk_state state;
    const char *sentence, *where;
    const char *help_desk;      // "" when none is known
    const char *name;           // stands in the form already: this person was refused a moment ago; "" otherwise
    const struct own_jobs *own; // the person's print jobs, to be shown; NULL: none are
    bool idle;                  // nobody is asked for them now
};

// Answers come later, by the calls at the end of this header; never from within. `attempt` is handed back with the
// answer: one that nobody waits for any more is told by it.
struct desk_ports {
    void (*ticket)(void *arg, unsigned attempt, const char *name, const struct secret *password);
    // `authorization`: of the ticket, or NULL: by name and password.
    void (*log_on)(void *arg, unsigned attempt, const char *name, const struct secret *password,
                   const char *authorization);
    void (*jobs)(void *arg, unsigned attempt, const struct desk_order *order, const char *name,
                 const struct secret *password, const char *authorization);
    void (*change)(void *arg, unsigned attempt, bool at_kdc, const char *name, const struct secret *old_password,
                   const struct secret *new_password);
    void (*open)(void *arg, const struct logon_answer *answer, const struct secret *password);
    void (*resume)(void *arg, const char *one_time_password); // after VIEW_WAITS
    void (*announce)(void *arg);                              // the desktop is there
    void (*close)(void *arg);                                 // VIEW_ENDED follows
    void (*cover)(void *arg, bool by_greeter);                // what is before the person, while the session goes on
    void (*notice)(void *arg, const struct device_message *message); // to be told over the session
    void (*face)(void *arg, const struct desk_face *face);
    void (*mark)(void *arg); // the greeter shows for a while that it is the real one
    void (*report)(void *arg, const struct device_message *message);
    // desk_time follows, once. Takes the place of the one before; 0: of none.
    void (*timer)(void *arg, int64_t wait_ms);
};

struct desk;

struct desk *desk_new(const struct desk_ports *ports, void *arg, bool has_realm, const char *help_desk);
void desk_free(struct desk *desk);
enum desk_state desk_state(const struct desk *desk);

// From the greeter.
void desk_log_on(struct desk *desk, enum desk_wish wish, const char *name, const struct secret *password);
void desk_jobs_order(struct desk *desk, const struct desk_order *order); // while they are shown
void desk_new_password(struct desk *desk, const struct secret *password);
void desk_cancel(struct desk *desk);
void desk_greeter_up(struct desk *desk); // it was started (again), or has something else to show beside our face
void desk_attention(struct desk *desk);  // the keys that lock the desk were pressed at the greeter
void desk_jobs_key(struct desk *desk);   // the keys for the print jobs were pressed, in the session or at the greeter

// Answers of the ports.
struct desk_ticket {
    enum refusal refusal;      // REFUSAL_NONE: see `authorization`
    bool no_kdc;               // none for this name: the broker gets the password instead
    bool silent;               // no_kdc, because it does not answer
    const char *authorization; // "Negotiate ..."
};
void desk_ticket(struct desk *desk, unsigned attempt, const struct desk_ticket *ticket);
// `answer` is NULL unless `refusal` is REFUSAL_NONE. `help_desk` may be empty. `retry_after_s`: 0 when not said.
void desk_answer(struct desk *desk, unsigned attempt, enum refusal refusal, const struct logon_answer *answer,
                 const char *help_desk, int64_t retry_after_s);
// Of the jobs, when they are not refused: that comes as the answer to a logon does.
void desk_own_jobs(struct desk *desk, unsigned attempt, const struct own_jobs *own);
void desk_changed(struct desk *desk, unsigned attempt, enum refusal refusal);
void desk_view(struct desk *desk, enum session_view_event event, enum session_view_end end);
void desk_time(struct desk *desk);

// From the network: the cable has a connection or none, somebody types at the greeter, the broker does not answer them
// or does again.
void desk_carrier(struct desk *desk, bool is_there);
void desk_typing(struct desk *desk);
void desk_link_silent(struct desk *desk, bool is_silent);

// From the broker.
void desk_link_up(struct desk *desk);
void desk_link_down(struct desk *desk);
void desk_link_refused(struct desk *desk, enum refusal refusal); // of the wrong version, or a second one
void desk_link_message(struct desk *desk, const struct device_message *message);
