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
    {.name = "channel", .type = FIELD_TEXT, AT(channel), .flags = FIELD_SECRET | FIELD_SPARSE, .sentence = "token for a channel through a gateway, when it was asked for"},
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

static const struct field renew_fields[] = {
    SESSION,
    FENCE,
    {.name = "wants_channel", .type = FIELD_FLAG, AT(wants_channel), .flags = FIELD_SPARSE, .sentence = "the desk is outside: it needs a way through a gateway, too"},
    {.name = NULL},
};

// Of what needs no more than the session.
static const struct field bare_fields[] = {SESSION, FENCE, {.name = NULL}};

#define OF_JOB {.name = "job", .type = FIELD_TEXT, AT(job), .flags = FIELD_REQUIRED, .sentence = "the print job"}
#define WHY {.name = "why", .type = FIELD_CHOICE, AT(why), .choices = job_reason_words, .sentence = "why it does not come out as it should"}

static const struct field notice_fields[] = {
    SESSION,
    FENCE,
    OF_JOB,
    WHY,
    {.name = "place", .type = FIELD_TEXT, AT(place), .sentence = "what people call the printer; empty: none is known"},
    {.name = NULL},
};

static const struct field own_jobs_fields[] = {
    SESSION,
    FENCE,
    {.name = "jobs", .type = FIELD_RECORDS, AT(own.jobs), .max = OWN_JOBS_MAX, .record = &own_job_type, .sentence = "the person's print jobs that are not done, the oldest first"},
    {.name = "more", .type = FIELD_FLAG, AT(own.more), .sentence = "there are more than these"},
    {.name = "printers", .type = FIELD_RECORDS, AT(own.printers), .max = OWN_PRINTERS_MAX, .record = &own_printer_type, .sentence = "where they can be released from here, the nearest first"},
    {.name = "problem", .type = FIELD_CHOICE, AT(own.problem), .choices = own_problem_words, .sentence = "why the order before was not followed"},
    {.name = NULL},
};

static const struct field noticed_fields[] = {SESSION, FENCE, OF_JOB, WHY, {.name = NULL}};

static const struct field release_fields[] = {
    SESSION,
    FENCE,
    OF_JOB,
    {.name = "printer", .type = FIELD_ID, AT(printer), .refers = NOUN_PRINTER, .sentence = "print it there; empty: at the printer nearest to the desk"},
    {.name = NULL},
};

static const struct field cancel_fields[] = {SESSION, FENCE, OF_JOB, {.name = NULL}};

const struct link_type device_link_types[DEVICE_MESSAGE_TYPE_COUNT] = {
    [DEVICE_MOVED] = {"moved", LINK_BROKER, moved_fields, "type", NULL, "the session was opened elsewhere: show it no longer"},
    [DEVICE_END] = {"end", LINK_BROKER, end_fields, "type", NULL, "the session has ended"},
    [DEVICE_LOCK] = {"lock", LINK_BROKER, end_fields, "type", NULL, "show the session no longer; it goes on"},
    [DEVICE_DESK] = {"desk", LINK_BROKER, desk_fields, NULL, NULL, "once the link is up, and when it changes: what people call this desk"},
    [DEVICE_PASSWORD] = {"password", LINK_BROKER, password_fields, NULL, NULL, "answers \"renew\""},
    [DEVICE_DESKTOP] = {"desktop", LINK_BROKER, bare_fields, NULL, NULL, "the desktop is there: show it"},
    [DEVICE_NOTICE] = {"notice", LINK_BROKER, notice_fields, NULL, "notice", "a print job of the session's person does not come out as it should: tell them, once"},
    [DEVICE_OWN_JOBS] = {"own-jobs", LINK_BROKER, own_jobs_fields, NULL, NULL, "answers \"jobs\", \"release\" and \"cancel\""},
    [DEVICE_SHOWING] = {"showing", LINK_AGENT, showing_fields, NULL, NULL, "once the link is up: what the desk shows"},
    [DEVICE_STATE] = {"state", LINK_AGENT, state_fields, NULL, NULL, "the session is now in this state"},
    [DEVICE_RENEW] = {"renew", LINK_AGENT, renew_fields, NULL, "renew", "asks for a fresh one-time password, after the line to the host broke"},
    [DEVICE_NOTICED] = {"noticed", LINK_AGENT, noticed_fields, NULL, NULL, "the person was told"},
    [DEVICE_JOBS] = {"jobs", LINK_AGENT, bare_fields, NULL, NULL, "asks for the print jobs of the session's person, who pressed the keys for it"},
    [DEVICE_RELEASE] = {"release", LINK_AGENT, release_fields, NULL, NULL, "print this one of them"},
    [DEVICE_CANCEL] = {"cancel", LINK_AGENT, cancel_fields, NULL, NULL, "drop this one of them"},
};
// clang-format on
