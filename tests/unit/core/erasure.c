// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/erasure.h"
#include "broker/base/log.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

// A store that answers when the test says so.
static struct erasure *erasure;
static store_done *done;
static void *done_arg;
static char asked[ID_SIZE];
static char heard[100]; // "a+" gone, "a-" refused

static void erase_person(void *self, const char *id, store_done *answer, void *arg)
{
    (void)self;
    cr_assert_null(done, "one at a time");
    TEXT_PUT(asked, id);
    done = answer;
    done_arg = arg;
}

static void answer(enum store_outcome outcome)
{
    static const struct fault full = {.kind = FAULT_UNAVAILABLE, .text = "the disk is full"};
    store_done *to = done;
    cr_assert_not_null(to);
    done = NULL;
    to(done_arg, outcome, &full);
}

static void told(void *arg, const struct fault *why)
{
    size_t length = strlen(heard);
    snprintf(heard + length, sizeof heard - length, "%s%c", (const char *)arg, why ? '-' : '+');
}

static void open_erasure(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    erasure = erasure_new(&(struct store_port){.erase_person = erase_person}, NULL, NULL);
}

static void close_erasure(void)
{
    erasure_free(erasure);
}

TestSuite(erasure, .init = open_erasure, .fini = close_erasure);

Test(erasure, tells_each_once_when_all_that_they_wait_for_is_gone)
{
    erasure_add(erasure, "t/p-1");
    erasure_wait(erasure, told, "a");
    erasure_add(erasure, "t/p-2");
    erasure_add(erasure, "t/p-3");
    erasure_wait(erasure, told, "b");
    answer(STORE_DURABLE);
    cr_assert_str_eq(heard, "a+");
    answer(STORE_DURABLE);
    cr_assert_str_eq(heard, "a+");
    cr_assert_str_eq(asked, "t/p-3");
    answer(STORE_DURABLE);
    cr_assert_str_eq(heard, "a+b+");
    erasure_go_on(erasure);
    cr_assert_null(done, "nobody is left");
}

Test(erasure, says_that_the_disk_refuses_and_tries_again_later)
{
    erasure_add(erasure, "t/p-1");
    erasure_wait(erasure, told, "a");
    answer(STORE_REFUSED);
    cr_assert_str_eq(heard, "a-");
    cr_assert_null(done);
    erasure_go_on(erasure);
    cr_assert_str_eq(asked, "t/p-1");
    answer(STORE_DURABLE);
    cr_assert_str_eq(heard, "a-");
}

Test(erasure, a_store_that_answers_twice_ends_the_program, .signal = SIGABRT)
{
    erasure_add(erasure, "t/p-1");
    store_done *again = done;
    answer(STORE_DURABLE);
    again(done_arg, STORE_DURABLE, NULL);
}

Test(erasure, who_waits_for_nobody_would_wait_for_ever, .signal = SIGABRT)
{
    erasure_wait(erasure, told, "a");
}
