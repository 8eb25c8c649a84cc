// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/desk_state.h"
#include "broker/base/log.h"
#include "broker/base/text.h"

#include <assert.h>

static const char *const state_names[DESK_STATE_COUNT] = {
    [DESK_GREETING] = "greeting",
    [DESK_CHECKING] = "checking",
    [DESK_CHANGING] = "changing",
    [DESK_RENEWING] = "renewing",
    [DESK_WAKING] = "waking",
    [DESK_CONNECTING] = "connecting",
    [DESK_CONNECTED] = "showing",
    [DESK_RECONNECTING] = "mending",
    [DESK_CLOSING] = "closing",
    [DESK_JOBS] = "jobs",
    [DESK_SESSION_JOBS] = "session-jobs",
};

#define MAY(state) (1U << (state))
static const unsigned next_states[DESK_STATE_COUNT] = {
    [DESK_GREETING] = MAY(DESK_GREETING) | MAY(DESK_CHECKING),
    [DESK_CHECKING] = MAY(DESK_GREETING) | MAY(DESK_CHECKING) | MAY(DESK_CHANGING) | MAY(DESK_WAKING) |
                      MAY(DESK_CONNECTING) | MAY(DESK_JOBS),
    [DESK_CHANGING] = MAY(DESK_GREETING) | MAY(DESK_CHANGING) | MAY(DESK_RENEWING),
    [DESK_RENEWING] = MAY(DESK_GREETING) | MAY(DESK_CHANGING) | MAY(DESK_CHECKING),
    [DESK_WAKING] = MAY(DESK_GREETING) | MAY(DESK_CHANGING) | MAY(DESK_WAKING) | MAY(DESK_CONNECTING),
    [DESK_CONNECTING] = MAY(DESK_CONNECTING) | MAY(DESK_CONNECTED) | MAY(DESK_CLOSING) | MAY(DESK_GREETING),
    [DESK_CONNECTED] = MAY(DESK_RECONNECTING) | MAY(DESK_CLOSING) | MAY(DESK_GREETING) | MAY(DESK_SESSION_JOBS),
    [DESK_RECONNECTING] = MAY(DESK_CONNECTED) | MAY(DESK_RECONNECTING) | MAY(DESK_CLOSING) | MAY(DESK_GREETING),
    [DESK_CLOSING] = MAY(DESK_GREETING),
    [DESK_JOBS] = MAY(DESK_GREETING) | MAY(DESK_JOBS),
    [DESK_SESSION_JOBS] =
        MAY(DESK_CONNECTED) | MAY(DESK_RECONNECTING) | MAY(DESK_CLOSING) | MAY(DESK_GREETING) | MAY(DESK_SESSION_JOBS),
};

const char *desk_state_name(enum desk_state state)
{
    assert(state < DESK_STATE_COUNT);
    return state_names[state];
}

enum desk_state desk_state(const struct desk *desk)
{
    return desk->state;
}

void desk_show_face(struct desk *desk)
{
    struct desk_face face = {.state = desk->state,
                             .sentence = desk->sentence,
                             .where = desk->where,
                             .help_desk = desk->help_desk,
                             .name = desk->refused_name,
                             .own = desk_shows_jobs(desk) && desk->has_own ? &desk->own : NULL,
                             .idle = desk_shows_jobs(desk) && !desk->asks};
    desk->ports.face(desk->arg, &face);
}

void desk_forget_person(struct desk *desk)
{
    secret_drop(&desk->password);
    secret_drop(&desk->new_password);
    desk->name[0] = 0;
    desk->kdc_refused = desk->kdc_silent = desk->ticket_tried = false;
}

static void forget_jobs(struct desk *desk)
{
    own_jobs_free(&desk->own);
    desk->has_own = desk->asks = false;
}

void desk_enter(struct desk *desk, enum desk_state next, const char *sentence, const char *where)
{
    assert(next_states[desk->state] & MAY(next));
    log_debug("desk", "%s -> %s", state_names[desk->state], state_names[next]);
    if (desk->state != next)
        desk->ports.timer(desk->arg, 0);
    desk->state = next;
    desk->sentence = sentence;
    text_cut(desk->where, sizeof desk->where, where);
    if (next != DESK_GREETING)
        desk->refused_name[0] = 0;
    if (next == DESK_GREETING || next == DESK_CONNECTED)
        desk_forget_person(desk);
    if (!desk_shows_jobs(desk))
        forget_jobs(desk);
    desk_show_face(desk);
}

void desk_ask_broker(struct desk *desk, const char *authorization)
{
    unsigned attempt = ++desk->attempt;
    if (desk->order.wish == DESK_WANTS_DESKTOP)
        desk->ports.log_on(desk->arg, attempt, desk->name, &desk->password, authorization);
    else
        desk->ports.jobs(desk->arg, attempt, &desk->order, desk->name, &desk->password, authorization);
}

void desk_check_person(struct desk *desk)
{
    if (desk->has_realm)
        desk->ports.ticket(desk->arg, ++desk->attempt, desk->name, &desk->password);
    else
        desk_ask_broker(desk, NULL);
}

void desk_report_session(struct desk *desk, enum device_message_type type, enum desk_report state, const char *detail)
{
    struct device_message message = {.type = type, .fence = desk->fence, .state = state};
    TEXT_PUT(message.session, desk->session);
    TEXT_PUT(message.detail, detail);
    desk->ports.report(desk->arg, &message);
}

bool desk_has_session(const struct desk *desk)
{
    return desk->state == DESK_CONNECTING || desk->state == DESK_RECONNECTING || desk->state == DESK_CLOSING ||
           desk_shows_session(desk);
}

bool desk_shows_session(const struct desk *desk)
{
    return desk->state == DESK_CONNECTED || desk->state == DESK_SESSION_JOBS;
}

bool desk_shows_jobs(const struct desk *desk)
{
    return desk->state == DESK_JOBS || desk->state == DESK_SESSION_JOBS;
}
