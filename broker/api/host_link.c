// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/host_link.h"

const char *const host_reason_words[] = {"none",  "idle",       "disconnected-limit", "session-limit", "hours",
                                         "admin", "superseded", "name-reused",        "no-desktop",    "desktop-ended",
                                         NULL};
const char *const desktop_outcome_words[] = {"ready", "no-session", "no-account", "no-screen", "no-window-manager",
                                             "ended", NULL};

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
#define SESSION {.name = "session", .type = FIELD_TEXT, AT(host_message, session), .sentence = "the session"}
#define USER {.name = "user_name", .type = FIELD_TEXT, AT(host_message, user_name), .sentence = "user name at the host"}
#define REASON {.name = "reason", .type = FIELD_CHOICE, AT(host_message, reason), .choices = host_reason_words, .sentence = "why"}

static const struct field welcome_fields[] = {
    {.name = "now", .type = FIELD_NUMBER, AT(host_message, now_ms), .flags = FIELD_REQUIRED, .max = INT64_MAX, .sentence = "the broker's clock, milliseconds since 1970"},
    {.name = "otp_key", .type = FIELD_TEXT, AT(host_message, otp_key), .flags = FIELD_REQUIRED | FIELD_SECRET, .sentence = "key of the host, by which one-time passwords are verified"},
    {.name = NULL},
};

static const struct field verified_fields[] = {
    {.name = "request_id", .type = FIELD_NUMBER, AT(host_message, request_id), .flags = FIELD_REQUIRED, .max = INT64_MAX, .sentence = "of the question"},
    {.name = "valid", .type = FIELD_FLAG, AT(host_message, valid), .flags = FIELD_REQUIRED, .sentence = "the one-time password is the newest"},
    {.name = NULL},
};

static const struct field order_fields[] = {SESSION, USER, REASON, {.name = NULL}};

static const struct field message_fields[] = {
    SESSION,
    USER,
    REASON,
    {.name = "minutes", .type = FIELD_NUMBER, AT(host_message, minutes), .max = 100000, .sentence = "until it is done; 0: now"},
    {.name = "text", .type = FIELD_TEXT, AT(host_message, text), .sentence = "for people, when no reason is given"},
    {.name = NULL},
};

static const struct field session_fields[] = {
    {.name = "user_name", .type = FIELD_TEXT, AT(host_session, user_name), .sentence = "whose it is; empty: the host knows no name of the account, or not yet"},
    {.name = "session", .type = FIELD_TEXT, AT(host_session, session), .sentence = "by the one-time password that opened it; empty: not opened by Pult"},
    {.name = "fence", .type = FIELD_NUMBER, AT(host_session, fence), .max = HOST_FENCE_MAX, .sentence = "of the newest one-time password"},
    {.name = "connected", .type = FIELD_FLAG, AT(host_session, connected), .sentence = "somebody is connected to it"},
    {.name = "starting", .type = FIELD_FLAG, AT(host_session, starting), .sentence = "its window manager is not there yet"},
    {.name = "since", .type = FIELD_NUMBER, AT(host_session, since_ms), .max = INT64_MAX, .sentence = "when it began, by the host's clock"},
    {.name = "idle", .type = FIELD_NUMBER, AT(host_session, idle_s), .max = INT64_MAX, .sentence = "seconds without keyboard and mouse"},
    {.name = "display", .type = FIELD_TEXT, AT(host_session, display), .sentence = "X display"},
    {.name = "found_as", .type = FIELD_TEXT, AT(host_session, found_as), .sentence = "the only user name by which the host finds it again; empty: any of its person's"},
    {.name = "unprinted", .type = FIELD_NUMBER, AT(host_session, unprinted_ms), .max = INT64_MAX, .sentence = "since when its person's print jobs wait on the host, since no print server takes them, by the host's clock; 0: none does"},
    {.name = NULL},
};

const struct record_type host_session_type = {"host_session", session_fields, sizeof(struct host_session)};

static const struct field printing_fields[] = {
    {.name = "address", .type = FIELD_TEXT, AT(host_printing, address), .sentence = "of the print server; empty: there is none"},
    {.name = "port", .type = FIELD_NUMBER, AT(host_printing, port), .max = 65535, .sentence = "of the print server"},
    {.name = "server", .type = FIELD_TEXT, AT(host_printing, server), .sentence = "its id, which its certificate shows"},
    {.name = "authority", .type = FIELD_TEXT, AT(host_printing, authority), .sentence = "certificate of the CA that signed that (DER, base64)"},
    {.name = NULL},
};

const struct record_type host_printing_type = {"host_printing", printing_fields, sizeof(struct host_printing)};

static const struct field printing_message_fields[] = {
    {.name = "printing", .type = FIELD_RECORD, AT(host_message, printing), .flags = FIELD_INLINE, .record = &host_printing_type, .sentence = "where it is handed over"},
    {.name = NULL},
};

static const struct field queue_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(host_queue, name), .flags = FIELD_REQUIRED, .sentence = "of the queue"},
    {.name = "printer", .type = FIELD_TEXT, AT(host_queue, printer), .sentence = "id; empty: whichever is next to the person"},
    {.name = "description", .type = FIELD_TEXT, AT(host_queue, description), .sentence = "what people call it"},
    {.name = "location", .type = FIELD_TEXT, AT(host_queue, location), .sentence = "where it is"},
    {.name = "colour", .type = FIELD_FLAG, AT(host_queue, colour), .sentence = "it prints in colour"},
    {.name = "duplex", .type = FIELD_FLAG, AT(host_queue, duplex), .sentence = "it prints on both sides"},
    {.name = "a3", .type = FIELD_FLAG, AT(host_queue, a3), .sentence = "it has A3"},
    {.name = "tenants", .type = FIELD_LIST, AT(host_queue, tenants), .sentence = "whose people may use it; none: all of \"people\""},
    {.name = NULL},
};

const struct record_type host_queue_type = {"host_queue", queue_fields, sizeof(struct host_queue)};

static const struct field printing_person_fields[] = {
    {.name = "user_name", .type = FIELD_TEXT, AT(host_printing_person, user_name), .flags = FIELD_REQUIRED, .sentence = "user name at the host"},
    {.name = "tenant", .type = FIELD_TEXT, AT(host_printing_person, tenant), .flags = FIELD_REQUIRED, .sentence = "whose person it is"},
    {.name = NULL},
};

const struct record_type host_printing_person_type = {"host_printing_person", printing_person_fields, sizeof(struct host_printing_person)};

static const struct field queues_fields[] = {
    {.name = "queues", .type = FIELD_RECORDS, AT(host_message, queues), .flags = FIELD_REQUIRED, .max = HOST_QUEUES_MAX, .record = &host_queue_type, .sentence = "all that there shall be"},
    {.name = "people", .type = FIELD_RECORDS, AT(host_message, people), .flags = FIELD_REQUIRED, .max = HOST_PRINTING_PEOPLE_MAX, .record = &host_printing_person_type, .sentence = "who has a session there and may print"},
    {.name = NULL},
};

static const struct field report_fields[] = {
    {.name = "fence", .type = FIELD_NUMBER, AT(host_message, fence), .max = HOST_FENCE_MAX, .sentence = "the highest fencing number that was accepted"},
    {.name = "cpu", .type = FIELD_NUMBER, AT(host_message, cpu), .max = 1000, .sentence = "share of the processors in use, permille"},
    {.name = "memory", .type = FIELD_NUMBER, AT(host_message, memory), .max = 1000, .sentence = "share of the memory in use, permille"},
    {.name = "pressure", .type = FIELD_NUMBER, AT(host_message, pressure), .max = 1000, .sentence = "share of the time in which something waited, permille"},
    {.name = "started", .type = FIELD_NUMBER, AT(host_message, started_ms), .max = INT64_MAX, .sentence = "when the agent started"},
    {.name = "faults", .type = FIELD_LINES, AT(host_message, faults), .sentence = "what is wrong with the host"},
    {.name = "warnings", .type = FIELD_LINES, AT(host_message, warnings), .sentence = "what is odd there, though nobody is kept out"},
    {.name = "announces", .type = FIELD_FLAG, AT(host_message, announces), .sentence = "this agent says \"desktop\" of everybody it lets in"},
    {.name = "sessions", .type = FIELD_RECORDS, AT(host_message, sessions), .flags = FIELD_REQUIRED, .max = HOST_SESSIONS_MAX, .record = &host_session_type, .sentence = "all sessions that run there"},
    {.name = NULL},
};

static const struct field verify_fields[] = {
    {.name = "request_id", .type = FIELD_NUMBER, AT(host_message, request_id), .flags = FIELD_REQUIRED, .max = INT64_MAX, .sentence = "of the question; the answer repeats it"},
    {.name = "session", .type = FIELD_TEXT, AT(host_message, session), .sentence = "the session that it opens"},
    {.name = "user_name", .type = FIELD_TEXT, AT(host_message, user_name), .sentence = "user name at the host"},
    {.name = "fence", .type = FIELD_NUMBER, AT(host_message, fence), .flags = FIELD_REQUIRED, .max = HOST_FENCE_MAX, .sentence = "its fencing number"},
    {.name = NULL},
};

static const struct field ended_fields[] = {SESSION, REASON, {.name = NULL}};
static const struct field desktop_fields[] = {
    {.name = "session", .type = FIELD_TEXT, AT(host_message, session), .flags = FIELD_REQUIRED, .sentence = "the session that the one-time password opens"},
    USER,
    {.name = "fence", .type = FIELD_NUMBER, AT(host_message, fence), .flags = FIELD_REQUIRED, .max = HOST_FENCE_MAX, .sentence = "its fencing number"},
    {.name = "outcome", .type = FIELD_CHOICE, AT(host_message, outcome), .flags = FIELD_REQUIRED, .choices = desktop_outcome_words, .sentence = "ready, or why there is none"},
    {.name = "was_running", .type = FIELD_FLAG, AT(host_message, was_running), .sentence = "the desktop was there before, and its programs run, whatever the outcome"},
    {.name = NULL},
};

const struct link_type host_link_types[HOST_MESSAGE_TYPE_COUNT] = {
    [HOST_WELCOME] = {"welcome", LINK_BROKER, welcome_fields, "type", NULL, "once the link is up, and whenever the broker's clock was set"},
    [HOST_VERIFIED] = {"verified", LINK_BROKER, verified_fields, NULL, NULL, "answers \"verify\""},
    [HOST_LOG_OFF] = {"log-off", LINK_BROKER, order_fields, "type", NULL, "end the session; without one, all sessions of the user name"},
    [HOST_DISCONNECT] = {"disconnect", LINK_BROKER, order_fields, "type", NULL, "cut the connection: the session goes on and is locked"},
    [HOST_MESSAGE] = {"message", LINK_BROKER, message_fields, NULL, "message", "show the text, or the sentence for the reason; without a session, to everybody"},
    [HOST_PRINTING] = {"printing", LINK_BROKER, printing_message_fields, NULL, "printing", "hand over what people print to this print server; without an address: to none"},
    [HOST_QUEUES] = {"queues", LINK_BROKER, queues_fields, NULL, "printing", "the printers that the people there may choose, each time all of them"},
    [HOST_REPORT] = {"report", LINK_AGENT, report_fields, NULL, NULL, "how the host is and what runs there; on every change, and every 10 s"},
    [HOST_VERIFY] = {"verify", LINK_AGENT, verify_fields, "type", NULL, "a valid one-time password was presented; is it still the newest?"},
    [HOST_ENDED] = {"ended", LINK_AGENT, ended_fields, NULL, NULL, "the host ends the session without an order, for this reason"},
    [HOST_DESKTOP] = {"desktop", LINK_AGENT, desktop_fields, NULL, NULL, "what became of somebody who was let in"},
};
// clang-format on
