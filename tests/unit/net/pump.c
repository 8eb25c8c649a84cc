// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/pump.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Two socket pairs with the pump in the middle: what is written to `near` comes out of `far`.
static struct loop *loop;
static struct pump *pump;
static int near, far;
static int ended;
static enum pump_side first;

static void pump_is_over(void *arg, enum pump_side side)
{
    (void)arg;
    ended++;
    first = side;
}

static void make_pair(int pair[2])
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
}

static void open_pump(void)
{
    int here[2], there[2];
    make_pair(here);
    make_pair(there);
    loop = loop_new();
    pump = pump_new(loop, here[1], there[1], pump_is_over, NULL);
    near = here[0];
    far = there[0];
    ended = 0;
}

static void close_pump(void)
{
    pump_free(pump);
    close(near);
    close(far);
    loop_free(loop);
}

TestSuite(pump, .init = open_pump, .fini = close_pump);

static void stop(void *arg)
{
    loop_stop(arg);
}

static void run_ms(int64_t wait_ms)
{
    struct loop_timer *timer = loop_timer_new(loop, stop, loop);
    loop_timer_start(timer, wait_ms);
    loop_run(loop);
    loop_timer_free(timer);
}

static void expect_bytes(int descriptor, const char *expected)
{
    char bytes[100];
    ssize_t got = read(descriptor, bytes, sizeof bytes);
    cr_assert_eq(got, (ssize_t)strlen(expected));
    cr_assert_arr_eq(bytes, expected, (size_t)got);
}

Test(pump, passes_bytes_both_ways)
{
    cr_assert_eq(write(near, "hin", 3), 3);
    cr_assert_eq(write(far, "zurueck", 7), 7);
    run_ms(20);
    expect_bytes(far, "hin");
    expect_bytes(near, "zurueck");
    cr_assert_eq(ended, 0);
}

// Writes until nothing more is taken.
static size_t fill(int descriptor)
{
    static const char block[16 * 1024];
    size_t total = 0;
    for (int quiet = 0; quiet < 3;) {
        ssize_t put = write(descriptor, block, sizeof block);
        total += put > 0 ? (size_t)put : 0;
        quiet = put > 0 ? 0 : quiet + 1;
        if (put <= 0)
            run_ms(10);
    }
    return total;
}

static size_t drain(int descriptor, size_t wanted)
{
    static char block[16 * 1024];
    size_t total = 0;
    for (int quiet = 0; total < wanted && quiet < 20;) {
        ssize_t got = read(descriptor, block, sizeof block);
        total += got > 0 ? (size_t)got : 0;
        quiet = got > 0 ? 0 : quiet + 1;
        if (got <= 0)
            run_ms(5);
    }
    return total;
}

Test(pump, slows_down_who_writes_faster_than_the_other_reads)
{
    size_t taken = fill(near);
    cr_assert_lt(taken, 2 * 1024 * 1024, "%zu bytes were taken with nobody reading", taken);
    cr_assert_eq(drain(far, taken), taken);
    cr_assert_eq(write(near, "mehr", 4), 4);
    run_ms(20);
    expect_bytes(far, "mehr");
}

Test(pump, keeps_the_other_way_open_while_one_is_full)
{
    fill(near);
    cr_assert_eq(write(far, "zurueck", 7), 7);
    run_ms(20);
    expect_bytes(near, "zurueck");
}

Test(pump, passes_on_the_end_of_one_way_and_goes_on_with_the_other)
{
    char byte;
    cr_assert_eq(write(near, "letztes", 7), 7);
    shutdown(near, SHUT_WR);
    run_ms(20);
    expect_bytes(far, "letztes");
    cr_assert_eq(read(far, &byte, 1), 0, "the end was not passed on");
    cr_assert_eq(write(far, "antwort", 7), 7);
    run_ms(20);
    expect_bytes(near, "antwort");
    cr_assert_eq(ended, 0);
}

Test(pump, ends_once_when_both_ways_are_over)
{
    shutdown(far, SHUT_WR);
    run_ms(20);
    shutdown(near, SHUT_WR);
    run_ms(20);
    cr_assert_eq(ended, 1);
    cr_assert_eq(first, PUMP_FAR);
}

Test(pump, does_not_wait_for_ever_for_the_second_end)
{
    shutdown(near, SHUT_WR);
    run_ms(PUMP_LINGER_MS + 200);
    cr_assert_eq(ended, 1);
    cr_assert_eq(first, PUMP_NEAR);
}

Test(pump, ends_when_one_side_is_gone_with_bytes_on_the_way)
{
    fill(near);
    close(far);
    run_ms(50);
    cr_assert_eq(ended, 1);
    cr_assert_eq(first, PUMP_FAR);
    far = dup(near);
}

Test(pump, delivers_what_was_written_before_the_end)
{
    size_t taken = fill(near);
    shutdown(near, SHUT_WR);
    cr_assert_eq(drain(far, taken), taken);
}
