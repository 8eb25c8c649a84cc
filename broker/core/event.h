// SPDX-License-Identifier: EUPL-1.2
// What happened: the only thing that changes the state, and what the journal keeps. An event carries the noun's whole
// record as it is afterwards (of what is removed only the id), so applying it is putting a record into its table. What
// is told of sessions is enough for accounts: who used what, on which host, where, from when to when.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"
#include "broker/base/text.h"

enum event_type {
    EVENT_SET,     // an administrator set a noun: "host.set"
    EVENT_REMOVED, // an administrator removed it: "host.removed"
    EVENT_HOST_DRAINED,
    EVENT_HOST_UNDRAINED,
    EVENT_HOST_ENROL_TOKEN_ISSUED,
    EVENT_HOST_ENROLLED,
    EVENT_HOST_RENEWED,         // its agent showed its new certificate
    EVENT_HOST_IDENTITY_SHARED, // used at two places at once
    EVENT_HOST_ASSIGNED,        // a desktop is its person's from now on
    EVENT_HOST_RELEASED,        // and nobody's any more
    EVENT_ASSIGNMENT_BOUND,     // a person's assignment is theirs from their first logon on, by whatever name
    EVENT_DEVICE_ENROL_TOKEN_ISSUED,
    EVENT_DEVICE_ENROLLED,
    EVENT_DEVICE_RENEWED,
    EVENT_DEVICE_IDENTITY_SHARED,
    EVENT_PRINTER_DRAINED,
    EVENT_PRINTER_UNDRAINED,
    EVENT_PRINTER_READ, // it was asked what it is and can
    EVENT_PRINT_SERVER_ENROL_TOKEN_ISSUED,
    EVENT_PRINT_SERVER_ENROLLED,
    EVENT_PRINT_SERVER_RENEWED,
    EVENT_PRINT_SERVER_IDENTITY_SHARED,
    EVENT_GATEWAY_DRAINED,
    EVENT_GATEWAY_UNDRAINED,
    EVENT_GATEWAY_ENROL_TOKEN_ISSUED,
    EVENT_GATEWAY_ENROLLED,
    EVENT_GATEWAY_RENEWED,
    EVENT_GATEWAY_IDENTITY_SHARED,
    EVENT_PERSON_FIRST_LOGON, // first logon of a person
    EVENT_PERSON_ERASED,      // and their name is forgotten; only the id, which means nobody any more, is left of them
    EVENT_FACTOR_ENROLLED,
    EVENT_FACTOR_USED,  // it was right; why: from where
    EVENT_FACTOR_ENDED, // taken away, used up, its time over, or its person erased
    EVENT_SESSION_STARTED,
    EVENT_SESSION_MOVED, // found again, at this or another desk; from: where it was opened before
    EVENT_SESSION_CONNECTED,
    EVENT_SESSION_DISCONNECTED,
    EVENT_SESSION_ENDED,
    EVENT_JOB_PRINTED,    // it is out: what it came to; and its print server has accounted for so many
    EVENT_CHANNEL_OPENED, // somebody came in from outside
    EVENT_CHANNEL_CLOSED, // what that came to; and its gateway has accounted for so many
    EVENT_GRANT_REQUESTED,
    EVENT_GRANT_APPROVED, // by one side; since: both have
    EVENT_GRANT_REVOKED,  // by one side, or the district
    EVENT_GRANT_ENDED,    // its time was over
    // Told for the audit trail, they change nothing.
    EVENT_SESSION_LOCKED,   // by an administrator
    EVENT_PORTAL_LOGGED_ON, // at the portal; why: who, from which network, by which browser
    EVENT_PORTAL_REFUSED,   // somebody was not; why: the same, of whose name it was
    EVENT_ADMIN_LOGGED_ON,
    EVENT_ADMIN_TOKEN_REVOKED,      // why: whose
    EVENT_ADMIN_FIRST_TOKEN_ISSUED, // by root, for whoever is let in by it
    EVENT_ADMIN_UNLOCKED,           // somebody may try a password again; why: their id, when they are known
    EVENT_JOURNAL_RESTORED,         // the journal came from a backup; why: what it lacks
    EVENT_JOURNAL_DISK_LOW,         // why: how much is left
    EVENT_JOURNAL_BACKED_UP,        // why: for whom
    EVENT_TYPE_COUNT,
};

enum { EVENT_VERSION = 1 };

// How long the payload of an event is needed: store/README.md says why.
enum event_keep {
    EVENT_KEEP_JOURNAL,  // as long as the event itself
    EVENT_KEEP_SESSIONS, // accounts are made from it
    EVENT_KEEP_AUDIT,    // to find misuse, and to explain where sessions went
    EVENT_KEEP_REPLACED, // as long as that, after it was replaced or removed: it may name a person
};

struct event {
    uint64_t seq;
    int64_t at_ms;
    enum event_type type;
    enum noun noun;       // NOUN_NONE: told only
    char by[ACTOR_SIZE];  // "device neustadt/desk1", "admin neustadt/anna", "broker"
    char why[TRACE_SIZE]; // lines; may be empty
    char from[ID_SIZE];   // of a session that moved: its device until then; empty otherwise
    union record record;
};

// True for the events after which the record is gone.
bool event_removes(const struct event *event);
// Of those some tell the record as it was last, the others its id alone.
bool event_has_id_only(const struct event *event);
// "session.started"
void event_name(const struct event *event, char name[NAME_SIZE]);
// Compact JSON, without seq and time, which stand beside it in the journal.
void event_print(const struct event *event, struct text *out);
// Of a printed one, without reading all of it. EVENT_KEEP_JOURNAL for what is none of ours.
enum event_keep event_keep(const char *payload, size_t length);
// FAULT_BROKEN when it is none of ours, or of a version that this program does not know.
bool event_read(struct event *event, const char *payload, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
