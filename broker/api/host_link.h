// SPDX-License-Identifier: EUPL-1.2
// What the broker and a session host's agent say to each other over the host's link; rows of api/link. The agent
// reports whenever its sessions change and at least every HOST_REPORT_MS; the broker compares and acts.
#pragma once
#include "broker/api/link.h"
#include "broker/api/otp.h"

enum {
    HOST_REPORT_MS = 10 * 1000,
    HOST_SESSIONS_MAX = 1000,      // in one report
    HOST_MESSAGE_MAX = 512 * 1024, // bytes
    HOST_VERIFY_MS = 1000,         // how long an agent waits for an answer before it decides alone
    HOST_TEXT_SIZE = 400,
    HOST_WARNINGS_SIZE = 1200,
    HOST_QUEUES_MAX = 500,
    HOST_PRINTING_PEOPLE_MAX = HOST_SESSIONS_MAX,
    HOST_AUTHORITY_SIZE = 4096, // base64
};

enum host_message_type {
    // From the broker.
    HOST_WELCOME,    // once the link is up, and whenever its clock was set: now_ms, otp_key
    HOST_VERIFIED,   // answer to HOST_VERIFY: request_id, valid
    HOST_LOG_OFF,    // end `session` (or, when empty, all sessions of `user_name`), its programs in order; reason
    HOST_DISCONNECT, // cut the connection: the session goes on and is locked; reason
    HOST_MESSAGE,    // show `text`, or the sentence for `reason` and `minutes`, in `session` (empty: in all)
    HOST_PRINTING,   // where the host hands over what people print; no address: nowhere
    HOST_QUEUES,     // which printers the people on it may choose: queues, people. All of them, each time
    // From the agent.
    HOST_REPORT,  // load, faults, fence (the highest that let somebody in), sessions
    HOST_VERIFY,  // a valid one-time password was presented: request_id, session, user_name, fence. Is it still the
                  // newest?
    HOST_ENDED,   // `session` is being ended there without an order; reason
    HOST_DESKTOP, // what became of somebody who was let in: session, user_name, fence, outcome, was_running
    HOST_MESSAGE_TYPE_COUNT,
};

// Why something is done to a session or told in it; the agents of hosts and desks have the sentences, in their
// language.
enum host_reason {
    HOST_BECAUSE_NONE,               // `text` says it
    HOST_BECAUSE_IDLE,               // nobody has touched it for long
    HOST_BECAUSE_DISCONNECTED_LIMIT, // nobody has seen it for long
    HOST_BECAUSE_SESSION_LIMIT,      // it has run for as long as its profile allows
    HOST_BECAUSE_HOURS,              // the profile's hours are over
    HOST_BECAUSE_ADMIN,              // an administrator wants it
    HOST_BECAUSE_SUPERSEDED,         // the broker has no such session any more: its person has another
    HOST_BECAUSE_NAME_REUSED,        // its user name or its account at the host let in somebody else
    HOST_BECAUSE_NO_DESKTOP,         // its person was let in, and no desktop came
    HOST_BECAUSE_DESKTOP_ENDED,      // it ended as soon as it had started
    HOST_REASON_COUNT,
};
extern const char *const host_reason_words[];

// What became of somebody whom a host has let in.
enum desktop_outcome {
    DESKTOP_READY,
    DESKTOP_NO_SESSION,        // the session manager opened none
    DESKTOP_NO_ACCOUNT,        // neither, since the host does not know the person
    DESKTOP_NO_SCREEN,         // the X server did not come up
    DESKTOP_NO_WINDOW_MANAGER, // it did, and nothing appeared on it
    DESKTOP_ENDED,             // it was there for seconds
    DESKTOP_OUTCOME_COUNT,
};
extern const char *const desktop_outcome_words[];

// The print server of a host's tenant, and how it is known.
struct host_printing {
    char address[NAME_SIZE]; // name or IP address; empty: there is none
    int64_t port;
    char server[ID_SIZE];                // its id, which its certificate shows
    char authority[HOST_AUTHORITY_SIZE]; // certificate of the CA that signed that; DER in base64
};

// A queue of the host's cupsd.
struct host_queue {
    char name[ID_SIZE];    // "room1" or, of another tenant, "altstadt.room1"
    char printer[ID_SIZE]; // empty: whichever is next to the person
    char description[NAME_SIZE], location[2 * NAME_SIZE];
    bool colour, duplex, a3;
    char tenants[LIST_SIZE]; // whose people may use it; empty: all that are named
};

// Somebody who has a session there and may print.
struct host_printing_person {
    char user_name[USER_NAME_SIZE]; // at the host
    char tenant[SLUG_SIZE];
};

// A number beyond would leave none for the logon after it. Events are not so many.
#define HOST_FENCE_MAX (INT64_MAX / 2)

struct host_message {
    int64_t type;       // enum host_message_type
    int64_t request_id; // of a question; its answer repeats it
    char session[ID_SIZE];
    char user_name[USER_NAME_SIZE];
    int64_t fence;
    bool valid;
    int64_t reason;            // enum host_reason
    int64_t minutes;           // until it is done; 0: now
    char text[HOST_TEXT_SIZE]; // for people
    int64_t now_ms;            // the broker's clock; one-time passwords end by it
    char otp_key[OTP_KEY_TEXT_SIZE];
    struct host_printing printing;
    struct record_list queues, people; // of struct host_queue, struct host_printing_person
    int64_t outcome;                   // enum desktop_outcome
    bool was_running;                  // the desktop was there before, and its programs run, whatever the outcome
    // In a report. Shares in permille; "pressure" is the share of the last 10 s in which something waited for CPU,
    // memory or disk, whichever is worst (Linux PSI, "some avg10").
    int64_t cpu, memory, pressure;
    int64_t started_ms;                // when the agent started; its wall clock
    char faults[TRACE_SIZE];           // what is wrong with the host, a line each; empty: fit for new sessions
    bool announces;                    // this agent says when somebody's desktop is there
    char warnings[HOST_WARNINGS_SIZE]; // what an administrator should know of, though nobody is kept out; a line each
    struct record_list sessions;       // of struct host_session
};

struct host_session {
    char user_name[USER_NAME_SIZE];
    char session[ID_SIZE]; // by the one-time password that opened it; empty: not opened by us
    int64_t fence;         // of the newest one-time password
    bool connected;
    bool starting;    // its window manager is not there yet
    int64_t since_ms; // wall clock of the host
    int64_t idle_s;   // without keyboard and mouse
    char display[16];
    // The only user name by which its host finds it again; empty: any that its person has.
    char found_as[USER_NAME_SIZE];
    int64_t unprinted_ms; // wall clock of the host: since when its person's print jobs wait there; 0: none does
    bool told_unprinted;  // not in the message: its person was told so
    bool unrecorded;      // not in the message: the broker's journal came from a backup and never held it
};

extern const struct record_type host_session_type, host_printing_type, host_queue_type, host_printing_person_type;
extern const struct link_type host_link_types[HOST_MESSAGE_TYPE_COUNT];
