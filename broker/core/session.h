// SPDX-License-Identifier: EUPL-1.2
// The home of a session: from one table of what can happen to it comes every event about one. What desks and hosts say
// may be late, wrong or a lie: where it does not fit there is no event. What the broker itself decides must fit, or the
// program is wrong.
#pragma once
#include "broker/api/device_link.h"
#include "broker/core/state.h"

// Who changes it, and how. A limit of a profile is not among them: it gives an order to the host, and the host reports
// what became of it.
enum session_happening {
    SESSION_LOGON_STARTS,
    SESSION_LOGON_MOVES,    // it runs: found again, at the same desk or another
    SESSION_LOGON_GIVES_UP, // its host is gone, and its person waits for a desktop
    SESSION_DESK_CONNECTS,
    SESSION_DESK_DISCONNECTS,
    SESSION_DESK_ENDS,
    SESSION_HOST_CONNECTS,
    SESSION_HOST_DISCONNECTS,
    SESSION_HOST_ENDS,     // it is not there any more
    SESSION_HOST_REPLACES, // its user name or account let in somebody else there
    SESSION_START_EXPIRES, // nobody came with the lease, and it never ran
    SESSION_LEASE_EXPIRES, // nobody came with the lease, but it ran before
    SESSION_ADMIN_LOCKS,
    SESSION_ADMIN_ENDS,
    SESSION_HAPPENING_COUNT,
};

// A session that does not run yet, or no more, is in SESSION_ENDED.
bool session_may(enum session_state state, enum session_happening what);
// The state that follows; session_may must be true.
enum session_state session_next(enum session_state state, enum session_happening what);
// For what is journalled: whether it follows from the state, its fencing number does not go back, and nothing changes
// that cannot. Events about other nouns always fit.
bool session_fits(const struct state *state, const struct event *event);

// How long it has been in its state. What lies ahead was written before the clock was set back: long ago.
int64_t session_age_ms(const struct session *session, int64_t now_ms);

struct session_ages {
    int64_t now_ms;   // wall
    int64_t awake_ms; // how long the broker has listened without a break, see core/awake
};
// How long nobody has said anything else of it, of what could be heard: what was said while the broker was held may
// still be on its way.
int64_t session_silent_ms(const struct session *session, const struct session_ages *ages);

// An id that no session has, for one more of a person whose sessions are walked: the person's id, and random digits.
// One-time passwords rest on its shape, see api/otp.h.
void session_name(char id[ID_SIZE], struct session_walk theirs, uint32_t random_bits);

// Makes of a person's user name what they are called at the host of their session. At another tenant's USER@REALM, or
// USER@TENANT where it has no realm, as directories of several domains say it: by the same name as one of the owner's
// people nobody gets what is theirs. False: it is too long.
bool session_user_name(const struct state *state, const struct session *session, char user_name[USER_NAME_SIZE])
    __attribute__((warn_unused_result));
// What a logon changes; the fencing number is higher than the one before.
struct session_lease {
    const char *device, *profile;
    int64_t fence;
};

// The event of a logon: SESSION_LOGON_STARTS for a session in SESSION_ENDED, else SESSION_LOGON_MOVES. `by`: who did
// it, as events have it. Here and below session_may must be true.
void session_open(const struct session *session, const struct session_lease *lease, const char *by, int64_t now_ms,
                  struct event *event);
// The event of anything but a logon, with its usual reason.
void session_change(const struct session *session, enum session_happening what, const char *by, int64_t now_ms,
                    struct event *event);

// A desk's word, hostile. False, and no event, when there is nothing to change: unknown session, not this desk's, older
// fencing number, or already so.
bool session_report(const struct state *state, const char *session_id, const char *device_id, int64_t fence,
                    enum desk_report reported, int64_t now_ms, struct event *event);
// The first session behind `after`, an id, whose desk has not connected in time; false when there is none. Of hosts
// with an agent its reports tell.
bool session_overdue(const struct state *state, const char *after, const struct session_ages *ages, int64_t lease_ms,
                     struct event *event);
