// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/limits.h"
#include "broker/base/text.h"

#include <stdlib.h>

enum { MINUTE_MS = 60 * 1000, MINUTES_A_DAY = 24 * 60 };

// How long before it acts a limit warns: early, and shortly before; never before half of it is over, so that somebody
// who has just come, or has just touched the desktop, is not warned at once.
static const int64_t warnings_ms[] = {10LL * MINUTE_MS, 2LL * MINUTE_MS};
enum { WARNINGS = sizeof warnings_ms / sizeof *warnings_ms };

struct warned {
    char session[ID_SIZE]; // the key
    enum host_reason reason;
    size_t stage; // of `warnings_ms`, one more for the act
    int64_t at_ms;
};

struct due {
    enum host_reason reason;
    enum host_message_type act;
    int64_t limit_ms;
    int64_t left_ms; // of it; 0 or less: now; INT64_MAX: never
};

void limits_clear(struct limits *limits)
{
    shelf_clear(&limits->warned);
}

static void limit(struct due *due, enum host_reason reason, enum host_message_type act, int64_t limit_min,
                  int64_t spent_ms)
{
    int64_t limit_ms = limit_min * MINUTE_MS, left_ms = limit_ms - spent_ms;
    if (limit_min && left_ms < due->left_ms)
        *due = (struct due){reason, act, limit_ms, left_ms};
}

static void hours(struct due *due, const struct profile *profile, int week_minute)
{
    const int64_t day_ms = (int64_t)MINUTES_A_DAY * MINUTE_MS;
    if (!profile->hours[0] && !profile->days[0])
        return;
    for (int64_t left_ms = 0; left_ms <= warnings_ms[0] && left_ms < due->left_ms; left_ms += MINUTE_MS)
        if (!profile_is_open(profile, (week_minute + (int)(left_ms / MINUTE_MS)) % (7 * MINUTES_A_DAY)))
            *due = (struct due){HOST_BECAUSE_HOURS, HOST_LOG_OFF, day_ms, left_ms};
}

static struct due next_due(const struct limits_input *input, const struct profile *profile,
                           const struct session *session, const struct host_session *there)
{
    struct due due = {.left_ms = INT64_MAX};
    int64_t age_ms = input->now_ms - session->started_ms, gone_ms = input->now_ms - session->changed_ms;
    int64_t idle_ms = there->idle_s < INT64_MAX / 1000 ? there->idle_s * 1000 : INT64_MAX;
    limit(&due, HOST_BECAUSE_LONGEST, HOST_LOG_OFF, profile->session_min, age_ms);
    hours(&due, profile, input->week_minute);
    if (session->state == SESSION_DISCONNECTED && !there->connected)
        limit(&due, HOST_BECAUSE_LEFT, HOST_LOG_OFF, profile->disconnected_min, gone_ms);
    // Who has just come back to it, and typed a password at the desk, has not been idle since before.
    if (there->connected)
        limit(&due, HOST_BECAUSE_IDLE, HOST_DISCONNECT, profile->idle_min, idle_ms < gone_ms ? idle_ms : gone_ms);
    return due;
}

static size_t stage_of(const struct due *due)
{
    size_t stage = 0;
    if (due->left_ms <= 0)
        return WARNINGS + 1;
    while (stage < WARNINGS && due->left_ms <= warnings_ms[stage] && due->left_ms <= due->limit_ms / 2)
        stage++;
    return stage;
}

static struct warned *warned_of(struct limits *limits, const char *session_id)
{
    struct warned *warned = shelf_find(&limits->warned, session_id);
    if (warned)
        return warned;
    warned = mem_new(1, sizeof *warned);
    TEXT_PUT(warned->session, session_id);
    shelf_put(&limits->warned, warned);
    return warned;
}

// An act that had no effect, on a host that was away perhaps, is tried again after a minute.
static bool is_news(struct limits *limits, const struct due *due, const char *session_id, int64_t now_ms)
{
    size_t stage = stage_of(due);
    bool act = due->left_ms <= 0;
    const struct warned *before = shelf_find(&limits->warned, session_id);
    if (stage == 0) {
        if (before)
            free(shelf_take(&limits->warned, session_id));
        return false;
    }
    if (before && before->reason == due->reason && stage <= before->stage &&
        !(act && now_ms - before->at_ms >= MINUTE_MS))
        return false;
    struct warned *warned = warned_of(limits, session_id);
    warned->reason = due->reason;
    warned->stage = stage;
    warned->at_ms = now_ms;
    return true;
}

static void look_at(struct limits *limits, const struct limits_input *input, const struct session *session,
                    limits_order *order, void *arg)
{
    const struct report *report = reports_find(input->reports, session->host);
    const struct profile *profile = state_find(input->state, NOUN_PROFILE, session->profile);
    const struct host_session *there = report && report->linked ? report_session(report, session->id) : NULL;
    if (!there || !profile || session->state == SESSION_STARTING)
        return;
    struct due due = next_due(input, profile, session, there);
    if (!is_news(limits, &due, session->id, input->now_ms))
        return;
    bool act = due.left_ms <= 0;
    // Nobody sees a warning in a session that is not connected.
    if (!act && !there->connected)
        return;
    struct host_message message = {
        .type = act ? due.act : HOST_TELL,
        .reason = due.reason,
        .minutes = act ? 0 : (due.left_ms + MINUTE_MS - 1) / MINUTE_MS,
    };
    TEXT_PUT(message.session, session->id);
    order(arg, session->host, &message);
}

static void forget_gone(struct limits *limits, const struct state *state)
{
    for (size_t i = limits->warned.count; i-- > 0;) {
        const struct warned *warned = limits->warned.records[i];
        if (!state_session(state, warned->session))
            free(shelf_take(&limits->warned, warned->session));
    }
}

void limits_sweep(struct limits *limits, const struct limits_input *input, limits_order *order, void *arg)
{
    const struct shelf *sessions = state_shelf(input->state, NOUN_SESSION);
    forget_gone(limits, input->state);
    for (size_t i = 0; i < sessions->count; i++)
        look_at(limits, input, sessions->records[i], order, arg);
}
