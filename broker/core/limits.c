// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/limits.h"
#include "broker/base/text.h"

#include <stdlib.h>

enum { MINUTE_MS = 60 * 1000, MINUTES_A_DAY = 24 * 60, NEVER = INT32_MAX };

// How many minutes before it acts a limit warns: early, and shortly before.
static const int64_t warnings[] = {10, 2};

struct warned {
    char session[ID_SIZE]; // the key
    enum host_reason reason;
    size_t stage; // of `warnings`, one more for the act
    int64_t at_ms;
};

struct due {
    enum host_reason reason;
    enum host_message_type act;
    int64_t minutes; // until then, 0 or less: now; NEVER
};

void limits_clear(struct limits *limits)
{
    shelf_clear(&limits->warned);
}

// Rounded up: a warning of two minutes comes two minutes before, not one.
static int64_t minutes_left(int64_t limit_min, int64_t spent_ms)
{
    return limit_min ? limit_min - spent_ms / MINUTE_MS : NEVER;
}

static void sooner(struct due *due, enum host_reason reason, enum host_message_type act, int64_t minutes)
{
    if (minutes < due->minutes)
        *due = (struct due){reason, act, minutes};
}

static int64_t minutes_until_closed(const struct profile *profile, int week_minute)
{
    if (!profile->hours[0] && !profile->days[0])
        return NEVER;
    for (int minutes = 0; minutes <= (int)warnings[0]; minutes++)
        if (!profile_is_open(profile, (week_minute + minutes) % (7 * MINUTES_A_DAY)))
            return minutes;
    return NEVER;
}

static struct due next_due(const struct limits_input *input, const struct profile *profile,
                           const struct session *session, const struct host_session *there)
{
    struct due due = {.minutes = NEVER};
    int64_t age_ms = input->now_ms - session->started_ms, gone_ms = input->now_ms - session->changed_ms;
    int64_t idle_ms = there->idle_s < INT64_MAX / 1000 ? there->idle_s * 1000 : INT64_MAX;
    sooner(&due, HOST_BECAUSE_LONGEST, HOST_LOG_OFF, minutes_left(profile->session_min, age_ms));
    sooner(&due, HOST_BECAUSE_HOURS, HOST_LOG_OFF, minutes_until_closed(profile, input->week_minute));
    if (session->state == SESSION_DISCONNECTED && !there->connected)
        sooner(&due, HOST_BECAUSE_LEFT, HOST_LOG_OFF, minutes_left(profile->disconnected_min, gone_ms));
    // Who has just come back to it, and typed a password at the desk, has not been idle since before.
    if (there->connected)
        sooner(&due, HOST_BECAUSE_IDLE, HOST_DISCONNECT,
               minutes_left(profile->idle_min, idle_ms < gone_ms ? idle_ms : gone_ms));
    return due;
}

static size_t stage_of(const struct due *due)
{
    size_t stage = 0, count = sizeof warnings / sizeof *warnings;
    while (stage < count && due->minutes <= warnings[stage])
        stage++;
    return due->minutes <= 0 ? count + 1 : stage;
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
    bool act = due->minutes <= 0;
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
    // Nobody sees a warning in a session that is not connected.
    if (due.minutes > 0 && !there->connected)
        return;
    struct host_message message = {
        .type = due.minutes > 0 ? HOST_TELL : due.act,
        .reason = due.reason,
        .minutes = due.minutes > 0 ? due.minutes : 0,
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
