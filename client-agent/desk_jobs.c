// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/desk_jobs.h"
#include "broker/api/record.h"
#include "broker/base/text.h"
#include "broker/client/language.h"

#include <assert.h>

// What one person printed is not left for the next to read.
enum { KEYS_MS = 60 * 1000, ANSWER_MS = 10 * 1000 };

static const char silent_sentence[] =
    N_("The broker does not answer, so nothing can be said of your print jobs. They are kept. Try again later.");
static const char released_sentence[] = N_("Your print job is sent to this printer: %s");
static const char cancelled_sentence[] = N_("Your print job is deleted.");

void desk_jobs_await_keys(struct desk *desk)
{
    assert(desk_shows_jobs(desk));
    if (!desk->asks)
        desk->ports.timer(desk->arg, KEYS_MS);
}

static void show_jobs(struct desk *desk, const char *sentence, const char *where)
{
    desk->asks = false;
    desk_enter(desk, desk->state, sentence, where);
    desk_jobs_await_keys(desk);
}

static void take_jobs(struct desk *desk, const struct own_jobs *own)
{
    own_jobs_free(&desk->own);
    own_jobs_copy(&desk->own, own);
    desk->has_own = true;
}

static const char *order_sentence(const struct desk *desk)
{
    static const char *const sentences[] = {[DESK_WANTS_DESKTOP] = "",
                                            [DESK_WANTS_JOBS] = "",
                                            [DESK_WANTS_RELEASE] = released_sentence,
                                            [DESK_WANTS_CANCEL] = cancelled_sentence};
    assert(desk->own.problem >= 0 && desk->own.problem < OWN_PROBLEM_COUNT);
    return desk->own.problem ? own_problem_sentences[desk->own.problem] : sentences[desk->order.wish];
}

// What people call the printer of the order: without one the nearest, which comes first.
static const char *order_place(const struct desk *desk)
{
    for (size_t i = 0; i < desk->own.printers.count; i++) {
        const struct own_printer *printer = record_at(&desk->own.printers, &own_printer_type, i);
        if (!*desk->order.printer || text_equal(printer->printer, desk->order.printer))
            return printer->place;
    }
    return desk->order.printer;
}

// ---- after name and password

void desk_own_jobs(struct desk *desk, unsigned attempt, const struct own_jobs *own)
{
    bool first = desk->state == DESK_CHECKING && desk->order.wish == DESK_WANTS_JOBS;
    if (attempt != desk->attempt || !(first || (desk->state == DESK_JOBS && desk->asks)))
        return;
    desk->ticket_tried = false;
    take_jobs(desk, own);
    if (first)
        desk_enter(desk, DESK_JOBS, "", "");
    show_jobs(desk, order_sentence(desk), order_place(desk));
}

void desk_jobs_refused(struct desk *desk, enum refusal refusal)
{
    assert(desk->state == DESK_JOBS);
    const char *sentence = refusal_rows[refusal].sentence;
    if (refusal == REFUSAL_WRONG_PASSWORD || refusal_asks_for_new_password(refusal))
        desk_enter(desk, DESK_GREETING, sentence, "");
    else
        show_jobs(desk, sentence, "");
}

// ---- before the session

static void ask_in_session(struct desk *desk, enum device_message_type type)
{
    struct device_message message = {.type = type, .fence = desk->fence};
    TEXT_PUT(message.session, desk->session);
    TEXT_PUT(message.job, desk->order.job);
    TEXT_PUT(message.printer, desk->order.printer);
    if (!desk->linked) {
        show_jobs(desk, silent_sentence, "");
        return;
    }
    desk->asks = true;
    desk->ports.timer(desk->arg, ANSWER_MS);
    desk->ports.report(desk->arg, &message);
}

static void open_before_session(struct desk *desk)
{
    desk->order = (struct desk_order){.wish = DESK_WANTS_JOBS};
    desk->asks = desk->linked;
    desk_enter(desk, DESK_SESSION_JOBS, "", "");
    desk->ports.cover(desk->arg, true);
    ask_in_session(desk, DEVICE_JOBS);
}

void desk_jobs_key(struct desk *desk)
{
    if (desk->state == DESK_CONNECTED)
        open_before_session(desk);
    else if (desk->state == DESK_SESSION_JOBS)
        desk_jobs_close(desk);
}

void desk_jobs_message(struct desk *desk, const struct device_message *message)
{
    assert(message->type == DEVICE_OWN_JOBS);
    if (desk->state != DESK_SESSION_JOBS)
        return;
    take_jobs(desk, &message->own);
    show_jobs(desk, order_sentence(desk), order_place(desk));
}

// ---- both

void desk_jobs_order(struct desk *desk, const struct desk_order *order)
{
    static const enum device_message_type messages[] = {[DESK_WANTS_DESKTOP] = DEVICE_JOBS,
                                                        [DESK_WANTS_JOBS] = DEVICE_JOBS,
                                                        [DESK_WANTS_RELEASE] = DEVICE_RELEASE,
                                                        [DESK_WANTS_CANCEL] = DEVICE_CANCEL};
    if (!desk_shows_jobs(desk) || desk->asks || order->wish == DESK_WANTS_DESKTOP)
        return;
    desk->order = *order;
    if (desk->state == DESK_SESSION_JOBS) {
        ask_in_session(desk, messages[order->wish]);
        return;
    }
    desk->asks = true;
    desk->ports.timer(desk->arg, 0);
    desk_check_person(desk);
}

void desk_jobs_close(struct desk *desk)
{
    bool before_session = desk->state == DESK_SESSION_JOBS;
    assert(desk_shows_jobs(desk));
    desk_enter(desk, before_session ? DESK_CONNECTED : DESK_GREETING, "", "");
    if (before_session)
        desk->ports.cover(desk->arg, false);
}

void desk_jobs_time(struct desk *desk)
{
    if (desk->state == DESK_SESSION_JOBS && desk->asks)
        show_jobs(desk, silent_sentence, "");
    else
        desk_jobs_close(desk);
}
