// SPDX-License-Identifier: EUPL-1.2
// What is ordered by people and administrators, at each state that a job may be in.
#include "broker/base/text.h"
#include "tests/unit/pult-print/dispatch_fixture.h"

#include <criterion/criterion.h>

TestSuite(job_orders, .init = dispatch_start, .fini = dispatch_stop, .timeout = 60);

static void at_no_answer(void)
{
    dispatch_add_job(1);
}

static void at_no_link(void)
{
    dispatch_is_away = true;
    job_dispatch_link(dispatch_now, false);
    dispatch_add_job(1);
}

static void behind_another(void)
{
    dispatch_add_job(2);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
}

static void at_rest(void)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_WAIT, ROOM1, JOB_PRINTER_AWAY);
}

static void held(void)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_HOLD, "", JOB_NOT_AT_A_DESK);
}

static void sending(void)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
}

static void sent(void)
{
    sending();
    dispatch_set_state(dispatch_id(1), SPOOL_SENT, JOB_REASON_NONE);
}

static void uncertain(void)
{
    sending();
    dispatch_end_job(ROOM1, SPOOL_UNCERTAIN, JOB_HALF_PRINTED);
}

static void done(void)
{
    sending();
    dispatch_end_job(ROOM1, SPOOL_DONE, JOB_REASON_NONE);
}

static void cancelled(void)
{
    held();
    dispatch_order(PRINT_CANCEL, dispatch_id(1), "", "person neustadt/anna");
}

enum order_effect {
    EFFECT_NONE,
    EFFECT_ASKED,      // the broker is asked again, with the new target
    EFFECT_TARGET,     // it has the new target, and stays where it is
    EFFECT_OVER,       // it is cancelled
    EFFECT_AT_PRINTER, // it is to be cancelled at the printer
};

static const struct order_row {
    const char *name;
    void (*bring)(void);
    enum spool_state state;
    enum order_effect effects[3]; // by enum print_order
} order_rows[] = {
    {"asked about", at_no_answer, SPOOL_WAITING, {EFFECT_ASKED, EFFECT_OVER, EFFECT_ASKED}},
    {"without a broker", at_no_link, SPOOL_WAITING, {EFFECT_TARGET, EFFECT_OVER, EFFECT_TARGET}},
    {"behind another", behind_another, SPOOL_WAITING, {EFFECT_ASKED, EFFECT_OVER, EFFECT_ASKED}},
    {"at rest", at_rest, SPOOL_WAITING, {EFFECT_ASKED, EFFECT_OVER, EFFECT_ASKED}},
    {"held", held, SPOOL_HELD, {EFFECT_ASKED, EFFECT_OVER, EFFECT_TARGET}},
    {"sending", sending, SPOOL_SENDING, {EFFECT_NONE, EFFECT_AT_PRINTER, EFFECT_NONE}},
    {"sent", sent, SPOOL_SENT, {EFFECT_NONE, EFFECT_AT_PRINTER, EFFECT_NONE}},
    {"uncertain", uncertain, SPOOL_UNCERTAIN, {EFFECT_ASKED, EFFECT_OVER, EFFECT_TARGET}},
    {"done", done, SPOOL_DONE, {EFFECT_NONE, EFFECT_NONE, EFFECT_NONE}},
    {"cancelled", cancelled, SPOOL_CANCELLED, {EFFECT_NONE, EFFECT_NONE, EFFECT_NONE}},
};

static void expect_effect(const struct order_row *row, enum print_order order, size_t asked_before)
{
    const struct spool_job *job = spool_find(dispatch_spool, dispatch_id(1));
    enum order_effect effect = row->effects[order];
    const char *name = row->name, *word = print_order_words[order];
    bool has_target = effect == EFFECT_ASKED || effect == EFFECT_TARGET;
    bool is_asked = dispatch_asked_count == asked_before + 1 &&
                    text_equal(dispatch_last_asked()->job, dispatch_id(1)) &&
                    text_equal(dispatch_last_asked()->target, ROOM2);
    bool is_over = !job || job->state >= SPOOL_DONE;
    cr_expect_eq(is_over, effect == EFFECT_OVER || row->state >= SPOOL_DONE, "%s: %s", name, word);
    cr_expect_eq(is_asked, effect == EFFECT_ASKED, "%s: %s", name, word);
    cr_expect_eq(dispatch_worker_of(ROOM1) && dispatch_worker_of(ROOM1)->cancelled, effect == EFFECT_AT_PRINTER,
                 "%s: %s", name, word);
    if (is_over)
        return;
    cr_expect_str_eq(job->target, has_target ? ROOM2 : "", "%s: %s", name, word);
    cr_expect_eq(job->state, effect == EFFECT_ASKED ? SPOOL_WAITING : row->state, "%s: %s", name, word);
}

Test(job_orders, each_order_does_what_it_should_at_each_state)
{
    for (size_t i = 0; i < sizeof order_rows / sizeof *order_rows; i++)
        for (enum print_order order = PRINT_RELEASE; order <= PRINT_MOVE; order++) {
            order_rows[i].bring();
            const struct spool_job *job = spool_find(dispatch_spool, dispatch_id(1));
            cr_assert(job ? job->state == (int64_t)order_rows[i].state : order_rows[i].state >= SPOOL_DONE, "%s",
                      order_rows[i].name);
            size_t before = dispatch_asked_count;
            dispatch_order(order, dispatch_id(1), ROOM2, "admin neustadt/otto");
            expect_effect(&order_rows[i], order, before);
            dispatch_stop();
            dispatch_is_away = false;
            dispatch_asked_count = 0;
            dispatch_start();
        }
}
