// SPDX-License-Identifier: EUPL-1.2
// One job on its way to its printer, and what comes between.
#include "broker/pult-print/print_sending.h"
#include "broker/base/text.h"
#include "tests/integration/pult-print/worker_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct printed_job job;
static struct printer_address address;
static struct print_sending *sending;
static struct printer_watch *watch;
static enum sending_end end;
static bool is_over;
static void (*once_read)(void); // as soon as the printer has said what it can

static void sending_is_over(void *arg, struct sending_result *result)
{
    (void)arg;
    end = result->end;
    is_over = true;
    loop_stop(print_loop);
}

static void printer_is_read(void *arg, enum printer_state state, const char *detail)
{
    (void)arg;
    (void)detail;
    cr_assert_eq(state, PRINTER_IDLE);
    once_read();
}

static void start(void)
{
    print_start();
    snprintf(address.uri, sizeof address.uri, "ipp://127.0.0.1:%d/ipp/print", PRINT_PORT);
    watch = printer_watch_new(print_loop, &address, printer_is_read, NULL);
}

static void stop(void)
{
    print_sending_free(sending);
    printer_watch_free(watch);
    print_forget(&job);
    print_stop();
}

TestSuite(print_sending, .init = start, .fini = stop, .timeout = 200);

static void send_job(int pages)
{
    print_add(&job, pages, "");
    struct sending_order order = {.loop = print_loop,
                                  .spool = print_spool,
                                  .job = job.id,
                                  .key = job.key,
                                  .printer = "neustadt/room1",
                                  .address = &address,
                                  .watch = watch};
    sending = print_sending_start(&order, sending_is_over, NULL);
    print_sending_go(sending);
    while (!is_over)
        loop_run(print_loop);
}

static void stop_sending(void)
{
    print_sending_stop(sending);
}

// Once the visit that brings the document has begun.
static void stop_visit(void *arg)
{
    (void)arg;
    stop_sending();
}

static struct loop_timer *soon;

static void stop_soon(void)
{
    soon = loop_timer_new(print_loop, stop_visit, NULL);
    loop_timer_start(soon, 0);
}

static void leave(void)
{
    snprintf(address.uri, sizeof address.uri, "ipp://127.0.0.1:%d/ipp/print", PRINT_PORT + 1);
}

Test(print_sending, stopped_as_the_printer_answers_it_is_not_called_impossible)
{
    once_read = stop_sending;
    print_odd("raster");
    send_job(2);
    cr_expect_eq(end, SENDING_STOPPED);
    cr_expect_eq(print_papers(), 0);
}

// Making that many pages takes two minutes of processor time and more.
Test(print_sending, stopped_while_the_document_is_made_it_ends_then, .timeout = 100)
{
    once_read = stop_soon;
    print_odd("raster");
    send_job(20000);
    loop_timer_free(soon);
    cr_expect_eq(end, SENDING_STOPPED);
    cr_expect_eq(print_papers(), 0);
}

Test(print_sending, stopped_before_the_printer_has_heard_of_it_it_is_not_refused)
{
    once_read = stop_soon;
    print_odd("");
    send_job(2);
    loop_timer_free(soon);
    cr_expect_neq(end, SENDING_REFUSED, "the printer has refused nothing");
}

Test(print_sending, a_printer_that_moved_meanwhile_is_not_sent_it_where_it_was)
{
    once_read = leave;
    print_odd("");
    send_job(2);
    cr_expect_eq(end, SENDING_REFUSED, "there is nobody there");
    cr_expect_eq(print_papers(), 0);
}
