// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/host_link.h"

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)

static const char *const types[] = {"welcome", "confirmed", "log-off", "disconnect", "tell", "report", "confirm", NULL};

const char *const host_reason_words[] = {"none", "idle", "left", "longest", "hours", "admin", "lost", NULL};

const struct field host_message_fields[] = {
    {.name = "type", .type = FIELD_CHOICE, AT(host_message, type), .flags = FIELD_REQUIRED, .choices = types, .sentence = "kind of message"},
    {.name = "number", .type = FIELD_NUMBER, AT(host_message, number), .max = INT64_MAX, .sentence = "of a question; its answer repeats it"},
    {.name = "session", .type = FIELD_TEXT, AT(host_message, session), .sentence = "the session"},
    {.name = "user_name", .type = FIELD_TEXT, AT(host_message, user_name), .sentence = "log-on name at the host"},
    {.name = "fence", .type = FIELD_NUMBER, AT(host_message, fence), .max = HOST_FENCE_MAX, .sentence = "fencing number"},
    {.name = "good", .type = FIELD_FLAG, AT(host_message, good), .sentence = "the one-time password asked about is the newest"},
    {.name = "reason", .type = FIELD_CHOICE, AT(host_message, reason), .choices = host_reason_words, .sentence = "why"},
    {.name = "minutes", .type = FIELD_NUMBER, AT(host_message, minutes), .max = 100000, .sentence = "until it is done; 0: now"},
    {.name = "text", .type = FIELD_TEXT, AT(host_message, text), .sentence = "for people"},
    {.name = "now", .type = FIELD_NUMBER, AT(host_message, now_ms), .max = INT64_MAX, .sentence = "the broker's clock, milliseconds since 1970"},
    {.name = "otp_key", .type = FIELD_TEXT, AT(host_message, otp_key), .flags = FIELD_SECRET, .sentence = "key of the host, by which one-time passwords are verified"},
    {.name = "cpu", .type = FIELD_NUMBER, AT(host_message, cpu), .max = 1000, .sentence = "share of the processors in use, permille"},
    {.name = "memory", .type = FIELD_NUMBER, AT(host_message, memory), .max = 1000, .sentence = "share of the memory in use, permille"},
    {.name = "pressure", .type = FIELD_NUMBER, AT(host_message, pressure), .max = 1000, .sentence = "share of the time in which something waited, permille"},
    {.name = "started", .type = FIELD_NUMBER, AT(host_message, started_ms), .max = INT64_MAX, .sentence = "when the agent started"},
    {.name = "version", .type = FIELD_TEXT, AT(host_message, version), .sentence = "of the agent"},
    {.name = "faults", .type = FIELD_LINES, AT(host_message, faults), .sentence = "what is wrong with the host"},
    {.name = NULL},
};

const struct field host_session_fields[] = {
    {.name = "user_name", .type = FIELD_TEXT, AT(host_session, user_name), .flags = FIELD_REQUIRED, .sentence = "whose it is"},
    {.name = "session", .type = FIELD_TEXT, AT(host_session, session), .sentence = "by the one-time password that opened it"},
    {.name = "fence", .type = FIELD_NUMBER, AT(host_session, fence), .max = HOST_FENCE_MAX, .sentence = "of the newest one-time password"},
    {.name = "connected", .type = FIELD_FLAG, AT(host_session, connected), .sentence = "somebody sees it"},
    {.name = "since", .type = FIELD_NUMBER, AT(host_session, since_ms), .max = INT64_MAX, .sentence = "when it began"},
    {.name = "idle", .type = FIELD_NUMBER, AT(host_session, idle_s), .max = INT64_MAX, .sentence = "seconds without keyboard and mouse"},
    {.name = "display", .type = FIELD_TEXT, AT(host_session, display), .sentence = "X display"},
    {.name = NULL},
};
// clang-format on
