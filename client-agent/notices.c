// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/notices.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// A greeter that ended meanwhile draws nothing.
enum { DRAWING_MS = 5000 };
enum notice_state { NOTICE_WAITS, NOTICE_DRAWN, NOTICE_SHOWN, NOTICE_TOLD };

struct session_notice {
    enum notice_state state;
    struct device_message message;
};

struct notices {
    struct notices_ports ports;
    void *arg;
    struct loop_timer *timer;
    bool in_front;
    struct session_notice all[NOTICES_MAX]; // in the order they came
    size_t count;
    int64_t number; // of what is drawn
};

static struct session_notice *find_in(struct notices *notices, enum notice_state state)
{
    for (size_t i = 0; i < notices->count; i++)
        if (notices->all[i].state == state)
            return &notices->all[i];
    return NULL;
}

static void drop_notice(struct notices *notices, struct session_notice *notice)
{
    size_t at = (size_t)(notice - notices->all);
    assert(at < notices->count);
    notices->count--;
    memmove(notice, notice + 1, (notices->count - at) * sizeof *notice);
}

static void draw_next(struct notices *notices)
{
    struct session_notice *next = find_in(notices, NOTICE_WAITS);
    if (!notices->in_front || !next || find_in(notices, NOTICE_DRAWN) || find_in(notices, NOTICE_SHOWN))
        return;
    next->state = NOTICE_DRAWN;
    loop_timer_start(notices->timer, DRAWING_MS);
    notices->ports.draw(notices->arg, ++notices->number, job_reason_sentences[next->message.why], next->message.place);
}

static void end_shown(struct notices *notices)
{
    struct session_notice *shown = find_in(notices, NOTICE_SHOWN);
    if (!shown)
        return;
    loop_timer_stop(notices->timer);
    shown->state = NOTICE_TOLD;
    notices->ports.hide(notices->arg);
}

static void time_is_over(void *arg)
{
    struct notices *notices = arg;
    struct session_notice *drawn = find_in(notices, NOTICE_DRAWN);
    if (drawn)
        drop_notice(notices, drawn);
    end_shown(notices);
    draw_next(notices);
}

struct notices *notices_new(struct loop *loop, const struct notices_ports *ports, void *arg)
{
    struct notices *notices = mem_new(1, sizeof *notices);
    assert(ports->draw && ports->show && ports->hide && ports->told);
    notices->ports = *ports;
    notices->arg = arg;
    notices->timer = loop_timer_new(loop, time_is_over, notices);
    return notices;
}

void notices_free(struct notices *notices)
{
    if (!notices)
        return;
    loop_timer_free(notices->timer);
    free(notices);
}

static struct session_notice *find_known(struct notices *notices, const struct device_message *notice)
{
    for (size_t i = 0; i < notices->count; i++)
        if (text_equal(notices->all[i].message.job, notice->job) && notices->all[i].message.why == notice->why)
            return &notices->all[i];
    return NULL;
}

static void report_told(const struct notices *notices, const struct session_notice *notice)
{
    struct device_message noticed = {
        .type = DEVICE_NOTICED, .fence = notice->message.fence, .why = notice->message.why};
    TEXT_PUT(noticed.session, notice->message.session);
    TEXT_PUT(noticed.job, notice->message.job);
    notices->ports.told(notices->arg, &noticed);
}

// Ten jobs for one printer are one sentence.
static void tell_with(struct notices *notices, const struct session_notice *shown, struct session_notice *other)
{
    if (other->state != NOTICE_WAITS || other->message.why != shown->message.why ||
        !text_equal(other->message.place, shown->message.place))
        return;
    other->state = NOTICE_TOLD;
    report_told(notices, other);
}

void notices_add(struct notices *notices, const struct device_message *notice)
{
    assert(notice->why >= 0 && notice->why < JOB_REASON_COUNT);
    if (!*job_reason_sentences[notice->why])
        return;
    const struct session_notice *known = find_known(notices, notice), *shown = find_in(notices, NOTICE_SHOWN);
    if (known) {
        if (known->state == NOTICE_SHOWN || known->state == NOTICE_TOLD)
            report_told(notices, known); // the broker did not hear it
        return;
    }
    struct session_notice *oldest = notices->count == NOTICES_MAX ? find_in(notices, NOTICE_TOLD) : NULL;
    if (oldest)
        drop_notice(notices, oldest);
    if (notices->count == NOTICES_MAX)
        return; // more than anybody reads; the broker says it again
    struct session_notice *added = &notices->all[notices->count++];
    *added = (struct session_notice){.state = NOTICE_WAITS, .message = *notice};
    if (shown)
        tell_with(notices, shown, added);
    draw_next(notices);
}

void notices_in_front(struct notices *notices, bool session)
{
    struct session_notice *drawn = find_in(notices, NOTICE_DRAWN);
    notices->in_front = session;
    if (!session)
        end_shown(notices);
    if (!session && drawn)
        drawn->state = NOTICE_WAITS;
    draw_next(notices);
}

void notices_drawn(struct notices *notices, int64_t number, const struct notice_picture *picture)
{
    struct session_notice *drawn = find_in(notices, NOTICE_DRAWN);
    if (!drawn || number != notices->number)
        return;
    if (!notices->ports.show(notices->arg, picture)) {
        drop_notice(notices, drawn);
        draw_next(notices);
        return;
    }
    drawn->state = NOTICE_SHOWN;
    loop_timer_start(notices->timer, NOTICE_SHOWN_MS);
    log_info("print", "%s: told of %s: %s", drawn->message.session, drawn->message.job,
             job_reason_words[drawn->message.why]);
    report_told(notices, drawn);
    for (size_t i = 0; i < notices->count; i++)
        tell_with(notices, drawn, &notices->all[i]);
}

void notices_clicked(struct notices *notices)
{
    end_shown(notices);
    draw_next(notices);
}

void notices_forget(struct notices *notices)
{
    end_shown(notices);
    loop_timer_stop(notices->timer);
    notices->count = 0;
    notices->in_front = false;
}
