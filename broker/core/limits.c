// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/limits.h"
#include "broker/base/text.h"
#include "broker/core/hours.h"
#include "broker/core/session.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000, MINUTES_A_DAY = 24 * 60 };

// How long before it acts a limit warns: early, and shortly before; never before half of it is over, so that somebody
// who has just come, or has just touched the desktop, is not warned at once.
static const int64_t warnings_ms[] = {10LL * MINUTE_MS, 2LL * MINUTE_MS};
enum { WARNINGS = sizeof warnings_ms / sizeof *warnings_ms };

// What is due first stands first; of several acts one is enough.
enum { SESSION_LIMIT, HOURS_LIMIT, DISCONNECTED_LIMIT, IDLE_LIMIT, LIMITS };

struct notice {
    size_t stage; // of `warnings_ms`, one more for the act; 0: nothing
    int64_t at_ms;
    int64_t not_before_ms; // of the act: who was not warned in time has the time of the last warning
};

struct warned {
    char session[ID_SIZE]; // the key
    struct notice notices[LIMITS];
};

struct due {
    enum host_reason reason;
    enum host_message_type act;
    int64_t limit_ms;
    int64_t left_ms; // of it; 0 or less: now; INT64_MAX: never
};

void limits_clear(struct limits *limits)
{
    sorted_table_clear(&limits->warned);
}

static void limit(struct due *due, int64_t limit_minutes, int64_t spent_ms)
{
    due->limit_ms = limit_minutes * MINUTE_MS;
    if (limit_minutes)
        due->left_ms = due->limit_ms - spent_ms;
}

static void hours(struct due *due, const struct profile *profile, int week_minute)
{
    due->limit_ms = (int64_t)MINUTES_A_DAY * MINUTE_MS;
    if (!profile->hours[0] && !profile->days[0])
        return;
    for (int64_t left_ms = 0; left_ms <= warnings_ms[0] && due->left_ms == INT64_MAX; left_ms += MINUTE_MS)
        if (!hours_are_open(profile, (week_minute + (int)(left_ms / MINUTE_MS)) % (7 * MINUTES_A_DAY)))
            due->left_ms = left_ms;
}

static void find_due(struct due dues[LIMITS], const struct limits_input *input, const struct profile *profile,
                     const struct session *session, const struct host_session *there)
{
    static const struct due never[LIMITS] = {
        [SESSION_LIMIT] = {HOST_BECAUSE_SESSION_LIMIT, HOST_LOG_OFF, 0, INT64_MAX},
        [HOURS_LIMIT] = {HOST_BECAUSE_HOURS, HOST_LOG_OFF, 0, INT64_MAX},
        [DISCONNECTED_LIMIT] = {HOST_BECAUSE_DISCONNECTED_LIMIT, HOST_LOG_OFF, 0, INT64_MAX},
        [IDLE_LIMIT] = {HOST_BECAUSE_IDLE, HOST_DISCONNECT, 0, INT64_MAX},
    };
    int64_t age_ms = input->now_ms - session->started_ms, gone_ms = input->now_ms - session->changed_ms;
    int64_t here_ms = session_age_ms(session, input->now_ms);
    int64_t idle_ms = there->idle_s < INT64_MAX / 1000 ? there->idle_s * 1000 : INT64_MAX;
    memcpy(dues, never, sizeof never);
    limit(&dues[SESSION_LIMIT], profile->max_minutes, age_ms);
    hours(&dues[HOURS_LIMIT], profile, input->week_minute);
    if (session->state == SESSION_DISCONNECTED && !there->connected)
        limit(&dues[DISCONNECTED_LIMIT], profile->disconnected_minutes, gone_ms);
    // Who has just come back to it, and typed a password at the desk, has not been idle since before.
    if (there->connected)
        limit(&dues[IDLE_LIMIT], profile->idle_minutes, idle_ms < here_ms ? idle_ms : here_ms);
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
    struct warned *warned = sorted_table_find(&limits->warned, session_id);
    if (warned)
        return warned;
    warned = mem_new(1, sizeof *warned);
    TEXT_PUT(warned->session, session_id);
    sorted_table_put(&limits->warned, warned);
    return warned;
}

// Nobody sees a warning in a session that is not connected, so none counts as given there. Whoever is there and was not
// warned, since the limit is a new one perhaps, is warned instead of the act. An act that had no effect, on a host that
// was away perhaps, is tried again after a minute.
static bool is_news(struct notice *notice, struct due *due, bool connected, int64_t now_ms)
{
    size_t stage = stage_of(due);
    bool act = due->left_ms <= 0;
    if (stage == 0)
        *notice = (struct notice){0};
    if (stage == 0 || (!act && !connected) || now_ms < notice->not_before_ms)
        return false;
    if (act && connected && notice->stage == 0) {
        due->left_ms = warnings_ms[WARNINGS - 1];
        *notice = (struct notice){WARNINGS, now_ms, now_ms + due->left_ms};
        return true;
    }
    if (stage <= notice->stage && !(act && now_ms - notice->at_ms >= MINUTE_MS))
        return false;
    *notice = (struct notice){stage, now_ms, 0};
    return true;
}

static void look_at(struct limits *limits, const struct limits_input *input, const struct session *session,
                    limits_order *order, void *arg)
{
    struct due dues[LIMITS];
    const struct report *report = reports_find(input->reports, session->host);
    const struct profile *profile = state_find(input->state, NOUN_PROFILE, session->profile);
    const struct host_session *there = report && report->linked ? report_session(report, session->id) : NULL;
    if (!there || !profile || session->state == SESSION_STARTING)
        return;
    find_due(dues, input, profile, session, there);
    struct warned *warned = warned_of(limits, session->id);
    for (size_t i = 0; i < LIMITS; i++) {
        if (!is_news(&warned->notices[i], &dues[i], there->connected, input->now_ms))
            continue;
        bool act = dues[i].left_ms <= 0;
        struct host_message message = {
            .type = act ? dues[i].act : HOST_MESSAGE,
            .reason = dues[i].reason,
            .minutes = act ? 0 : (dues[i].left_ms + MINUTE_MS - 1) / MINUTE_MS,
        };
        TEXT_PUT(message.session, session->id);
        order(arg, session->host, &message);
        if (act)
            return;
    }
}

static void forget_gone(struct limits *limits, const struct state *state)
{
    for (size_t i = limits->warned.count; i-- > 0;) {
        const struct warned *warned = limits->warned.records[i];
        if (!state_session(state, warned->session))
            free(sorted_table_take(&limits->warned, warned->session));
    }
}

void limits_sweep(struct limits *limits, const struct limits_input *input, limits_order *order, void *arg)
{
    const struct sorted_table *sessions = state_table(input->state, NOUN_SESSION);
    forget_gone(limits, input->state);
    for (size_t i = 0; i < sessions->count; i++)
        look_at(limits, input, sessions->records[i], order, arg);
}
