// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/device_link.h"

const char *const desk_report_words[] = {"none", "connected", "disconnected", "ended", "failed", NULL};

// A row a line.
// clang-format off
#define AT(member) .offset = offsetof(struct device_message, member), .size = sizeof(((struct device_message *)0)->member)
#define SESSION {.name = "session", .type = FIELD_TEXT, AT(session), .flags = FIELD_REQUIRED, .sentence = "the session"}
#define FENCE {.name = "fence", .type = FIELD_NUMBER, AT(fence), .flags = FIELD_REQUIRED, .max = INT64_MAX, .sentence = "its fencing number as the sender knows it"}
#define REASON {.name = "reason", .type = FIELD_CHOICE, AT(reason), .choices = host_reason_words, .sentence = "why, for the person"}

static const struct field moved_fields[] = {
    SESSION,
    FENCE,
    {.name = "place", .type = FIELD_TEXT, AT(place), .sentence = "where it went"},
    {.name = NULL},
};

static const struct field desk_fields[] = {
    {.name = "place", .type = FIELD_TEXT, AT(place), .flags = FIELD_REQUIRED, .sentence = "what people call this desk: site and room"},
    {.name = NULL},
};

static const struct field end_fields[] = {SESSION, FENCE, REASON, {.name = NULL}};

static const struct field password_fields[] = {
    SESSION,
    FENCE,
    {.name = "password", .type = FIELD_TEXT, AT(password), .flags = FIELD_REQUIRED | FIELD_SECRET, .sentence = "one-time password for the session; empty: it no longer belongs to this desk"},
    {.name = NULL},
};

static const struct field showing_fields[] = {
    {.name = "session", .type = FIELD_TEXT, AT(session), .sentence = "the session; empty: none"},
    {.name = "fence", .type = FIELD_NUMBER, AT(fence), .max = INT64_MAX, .sentence = "its fencing number as the desk knows it"},
    {.name = "state", .type = FIELD_CHOICE, AT(state), .choices = desk_report_words, .sentence = "disconnected while the desk mends its line to the host, none while it waits for the desktop"},
    {.name = NULL},
};

static const struct field state_fields[] = {
    SESSION,
    FENCE,
    {.name = "state", .type = FIELD_CHOICE, AT(state), .flags = FIELD_REQUIRED, .choices = desk_report_words, .sentence = "state of the session"},
    {.name = "detail", .type = FIELD_TEXT, AT(detail), .sentence = "why, for the log"},
    {.name = NULL},
};

// Of what needs no more than the session.
static const struct field bare_fields[] = {SESSION, FENCE, {.name = NULL}};

const struct link_type device_link_types[DEVICE_MESSAGE_TYPE_COUNT] = {
    [DEVICE_MOVED] = {"moved", LINK_BROKER, moved_fields, "type", NULL, "the session was opened elsewhere: show it no longer"},
    [DEVICE_END] = {"end", LINK_BROKER, end_fields, "type", NULL, "the session has ended"},
    [DEVICE_LOCK] = {"lock", LINK_BROKER, end_fields, "type", NULL, "show the session no longer; it goes on"},
    [DEVICE_DESK] = {"desk", LINK_BROKER, desk_fields, NULL, NULL, "once the link is up, and when it changes: what people call this desk"},
    [DEVICE_PASSWORD] = {"password", LINK_BROKER, password_fields, NULL, NULL, "answers \"renew\""},
    [DEVICE_DESKTOP] = {"desktop", LINK_BROKER, bare_fields, NULL, NULL, "the desktop is there: show it"},
    [DEVICE_SHOWING] = {"showing", LINK_AGENT, showing_fields, NULL, NULL, "once the link is up: what the desk shows"},
    [DEVICE_STATE] = {"state", LINK_AGENT, state_fields, NULL, NULL, "the session is now in this state"},
    [DEVICE_RENEW] = {"renew", LINK_AGENT, bare_fields, NULL, "renew", "asks for a fresh one-time password, after the line to the host broke"},
};
// clang-format on
