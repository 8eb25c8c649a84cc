// SPDX-License-Identifier: EUPL-1.2
// The inside of a desk, for the files that are its state machine: desk_session.c (logon, session, network) and
// desk_jobs.c.
#pragma once
#include "client-agent/desk.h"

struct desk {
    struct desk_ports ports;
    void *arg;
    bool has_realm;
    enum desk_state state;
    unsigned attempt;

    // What the greeter shows. The sentences are constants.
    const char *sentence;
    char where[NAME_SIZE];
    char help_desk[NAME_SIZE];

    // Only while somebody logs on, or looks at their print jobs without a session.
    char name[USER_NAME_SIZE], refused_name[USER_NAME_SIZE];
    struct secret password, new_password;
    bool kdc_refused, kdc_silent, ticket_tried;

    struct desk_order order; // what they came for
    struct own_jobs own;     // while they are shown
    bool has_own;            // they were told
    bool asks;               // while they are shown: an answer is to come

    // The session; still known after its end, when the broker says where it went.
    char session[ID_SIZE];
    int64_t fence;
    const char *closing_sentence;
    char closing_where[NAME_SIZE];

    bool linked;               // to the broker
    bool unplugged;            // the cable has no connection
    enum refusal link_refusal; // it does not let this program in; REFUSAL_NONE: it does, as far as is known
    bool wants_password;       // a fresh one-time password
    int64_t waited_ms;         // for a computer that is being switched on
};

// The only place where the state changes.
void desk_enter(struct desk *desk, enum desk_state next, const char *sentence, const char *where);
void desk_show_face(struct desk *desk);
void desk_forget_person(struct desk *desk);
void desk_check_person(struct desk *desk); // asks KDC and broker who it is, for what they came for
void desk_ask_broker(struct desk *desk, const char *authorization);
// Of the session it has.
void desk_report_session(struct desk *desk, enum device_message_type type, enum desk_report state, const char *detail);
bool desk_has_session(const struct desk *desk);
bool desk_shows_session(const struct desk *desk); // to the person, or their print jobs before it
bool desk_shows_jobs(const struct desk *desk);
