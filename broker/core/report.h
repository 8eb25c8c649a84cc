// SPDX-License-Identifier: EUPL-1.2
// What the agents of session hosts said last: soft state, never in the journal, there again within seconds of a start.
#pragma once
#include "broker/api/host_link.h"
#include "broker/base/sorted_table.h"
#include "broker/core/awake.h"
#include "broker/core/port.h"

enum {
    REPORT_STALE_MS = 25 * 1000,    // an agent that says nothing for so long is as good as gone
    REPORT_PATIENCE_MS = 10 * 1000, // an agent that has just fallen silent
    REPORT_START_MS = 15 * 1000,    // after the broker's start, and after it was held, agents have so long to come
    REPORT_SHUT_OUT_MS = 60 * 1000, // who is not let in after so long a silence may begin anew elsewhere

    REPORT_FAILING_MS = 10 * 60 * 1000, // so long it counts that somebody got no desktop
    REPORT_FAILING_PEOPLE = 3,          // of so many different people it is the host's fault
    REPORT_FAILURES_MAX = 32,           // remembered of a host
};

// Somebody whom the host has let in and who got no desktop.
struct desktop_failure {
    char person[ID_SIZE]; // "": none
    int64_t outcome;      // enum desktop_outcome
    int64_t at_ms;        // steady
};

struct report {
    char host[ID_SIZE];     // the key
    bool linked;            // its agent's link is up
    size_t surplus_shown;   // desktops there that somebody works at, though the journal does not know them
    int64_t changed_ms;     // steady: when `linked` last changed
    int64_t heard_ms;       // steady: when the last report came; 0: none yet
    struct host_message as; // load, faults, version
    struct host_session *sessions;
    size_t session_count;
    int64_t failures; // permille, more than doubled by each logon that failed, halved every minute
    int64_t failed_ms;
    struct desktop_failure no_desktop[REPORT_FAILURES_MAX]; // one a person
    int64_t desktop_ms;                                     // steady: when a new desktop last came; 0: none did
    char printing[DIGEST_SIZE];                             // what it was told of printing; empty: nothing yet
};

struct reports {
    struct sorted_table table; // struct report
    struct awake awake;
    struct sorted_table shut_out; // struct shut_out: sessions
};

void reports_clear(struct reports *reports);
const struct report *reports_find(const struct reports *reports, const char *host_id); // NULL: never heard of
void reports_link(struct reports *reports, const char *host_id, bool up, int64_t now_ms);
// Takes `sessions` over. What has a fencing number above `last_seq`, the journal's last event, is unrecorded from then
// on: the journal came from a backup.
void reports_take(struct reports *reports, const char *host_id, const struct host_message *as,
                  struct host_session *sessions, size_t count, int64_t last_seq, int64_t now_ms);
// The person of this session was told that their print jobs wait there.
void reports_told_unprinted(struct reports *reports, const char *host_id, const char *session_id);
// Some host reported that it has this session, which is unrecorded.
bool reports_unrecorded(const struct reports *reports, const char *session_id);
// A logon there failed: the desk of this session was not let in.
void reports_failed(struct reports *reports, const char *host_id, const char *session_id, int64_t now_ms);
// Silence alone ends no session. But one whose person was not let in either, after a minute of silence, is out of
// reach: they may begin anew elsewhere. Until the agent is heard again.
bool reports_shut_out(const struct reports *reports, const char *session_id);
// What became of somebody whom it has let in; `is_new`: to a desktop that was not there before.
void reports_desktop(struct reports *reports, const char *host_id, const char *person_id, enum desktop_outcome outcome,
                     bool is_new, int64_t now_ms);
void reports_forget(struct reports *reports, const char *host_id);
// How many desktops there somebody works at, though the journal does not know them. True: more than before.
bool reports_surplus(struct reports *reports, const char *host_id, size_t shown);

// What a host is told of printing, by its digest, "" for nothing: true when that is news to it.
bool reports_printing(struct reports *reports, const char *host_id, const char *digest);

// Its agent's link is up and has brought a report lately.
bool report_is_fresh(const struct reports *reports, const char *host_id, int64_t now_ms);
// How a host with an agent is, given what the probe saw (HOST_OK or HOST_UNKNOWN); *detail receives one line. While the
// probe is answered an agent's silence means no more than that the host gets no new sessions.
enum host_health report_health(const struct reports *reports, const char *host_id, enum host_health probed,
                               int64_t now_ms, const char **detail);
// Several people got no desktop there lately, and nobody got a new one since.
bool report_is_failing(const struct report *report, int64_t now_ms);
// How many people got no desktop there lately; *last receives the last time, NULL when there was none.
int64_t report_without_desktop(const struct report *report, int64_t now_ms, const struct desktop_failure **last);
// That this person got no desktop there lately; NULL: nothing is known of that.
const struct desktop_failure *report_failure_of(const struct report *report, const char *person_id, int64_t now_ms);
// How much fuller it is than its sessions alone tell, in permille: 0 without load, 1000 counts every session twice.
int64_t report_load_penalty(const struct reports *reports, const char *host_id, int64_t now_ms);
// The highest fencing number that the host has let somebody in with; 0: none, or not known.
int64_t report_fence(const struct reports *reports, const char *host_id);
// The session as its host last reported it; NULL when it did not.
const struct host_session *report_session(const struct report *report, const char *session_id);
