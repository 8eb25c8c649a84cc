// SPDX-License-Identifier: EUPL-1.2
#include "tests/await.h"
#include "broker/base/clock.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

enum { SPARE_MS = 15 * 1000, LOOK_MS = 1 }; // spare: before the first wait, and for what is done after the last

// Criterion copies what it tells of a test and its suite to addresses that no double may stand at.
static double timeout_of(const void *data)
{
    double timeout_s = 0;
    if (data)
        memcpy(&timeout_s, (const char *)data + offsetof(struct criterion_test_extra_data, timeout), sizeof timeout_s);
    return timeout_s;
}

int64_t await_until_ms(void)
{
    static int64_t until_ms; // each test is a process of its own
    double timeout_s = timeout_of(criterion_current_test->data);
    if (!(timeout_s > 0))
        timeout_s = timeout_of(criterion_current_suite->data);
    cr_assert_gt((int64_t)timeout_s * 1000, SPARE_MS, "the suite has no .timeout");
    if (!until_ms)
        until_ms = clock_steady_ms() + (int64_t)timeout_s * 1000 - SPARE_MS;
    return until_ms;
}

struct awaited {
    struct loop *loop;
    struct loop_timer *look;
    bool (*is_so)(void), was_so;
};

static void look_again(void *arg)
{
    struct awaited *awaited = arg;
    awaited->was_so = awaited->is_so();
    if (awaited->was_so || clock_steady_ms() > await_until_ms())
        loop_stop(awaited->loop);
    else
        loop_timer_start(awaited->look, LOOK_MS);
}

bool await_in_loop(struct loop *loop, bool (*is_so)(void))
{
    struct awaited awaited = {.loop = loop, .is_so = is_so};
    awaited.look = loop_timer_new(loop, look_again, &awaited);
    loop_timer_start(awaited.look, 0);
    loop_run(loop);
    loop_timer_free(awaited.look);
    return awaited.was_so;
}
