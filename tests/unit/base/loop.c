// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/loop.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct text trace; // a letter for each thing that happened

static void set_up(void)
{
    loop = loop_new();
    text_adds(&trace, "");
}

static void tear_down(void)
{
    loop_free(loop);
    text_drop(&trace);
}

TestSuite(loop, .init = set_up, .fini = tear_down, .timeout = 20);

static void note(void *letter)
{
    text_adds(&trace, letter);
}

static void note_and_stop(void *letter)
{
    note(letter);
    loop_stop(loop);
}

Test(loop, timers_run_in_the_order_of_their_times)
{
    struct loop_timer *late = loop_timer_new(loop, note_and_stop, "c");
    struct loop_timer *early = loop_timer_new(loop, note, "a"), *middle = loop_timer_new(loop, note, "b");
    int64_t before_ms = clock_steady_ms();
    loop_timer_start(late, 40);
    loop_timer_start(early, 0);
    loop_timer_start(middle, 20);
    loop_run(loop);
    cr_expect_str_eq(trace.bytes, "abc");
    cr_expect_geq(clock_steady_ms() - before_ms, 39);
    loop_timer_free(late), loop_timer_free(early), loop_timer_free(middle);
    loop_timer_free(NULL);
}

Test(loop, a_timer_that_is_started_again_moves)
{
    struct loop_timer *moved = loop_timer_new(loop, note_and_stop, "b"), *other = loop_timer_new(loop, note, "a");
    loop_timer_start(moved, 1);
    loop_timer_start(moved, 30);
    loop_timer_start(other, 10);
    loop_run(loop);
    cr_expect_str_eq(trace.bytes, "ab");
    loop_timer_free(moved), loop_timer_free(other);
}

Test(loop, a_timer_stopped_or_freed_does_not_run)
{
    struct loop_timer *stopped = loop_timer_new(loop, note, "x"), *freed = loop_timer_new(loop, note, "y");
    struct loop_timer *end = loop_timer_new(loop, note_and_stop, "e");
    loop_timer_start(stopped, 1), loop_timer_start(freed, 1), loop_timer_start(end, 20);
    loop_timer_stop(stopped);
    loop_timer_free(freed);
    loop_run(loop);
    cr_expect_str_eq(trace.bytes, "e");
    loop_timer_free(stopped), loop_timer_free(end);
}

static void free_itself(void *arg)
{
    loop_timer_free(*(struct loop_timer **)arg);
    note_and_stop("f");
}

Test(loop, a_timer_may_free_itself)
{
    struct loop_timer *timer;
    timer = loop_timer_new(loop, free_itself, &timer);
    loop_timer_start(timer, 0);
    loop_run(loop);
    cr_expect_str_eq(trace.bytes, "f");
}

struct pipe {
    struct loop_watch *watch;
    int ends[2];
};

static void read_one(void *arg, bool readable, bool writable)
{
    struct pipe *pipe = arg;
    char byte[2] = {0};
    cr_expect(readable && !writable);
    if (read(pipe->ends[0], byte, 1) == 1)
        note(byte);
    else
        loop_stop(loop);
}

Test(loop, a_watch_tells_bytes_and_the_end)
{
    struct pipe pipe;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pipe.ends), 0);
    pipe.watch = loop_watch_new(loop, pipe.ends[0], read_one, &pipe);
    loop_watch_set(pipe.watch, true, false);
    cr_assert_eq(write(pipe.ends[1], "ab", 2), 2);
    close(pipe.ends[1]);
    loop_run(loop);
    cr_expect_str_eq(trace.bytes, "ab");
    loop_watch_free(pipe.watch);
    close(pipe.ends[0]);
    loop_watch_free(NULL);
}

static void writable_now(void *arg, bool readable, bool writable)
{
    struct pipe *pipe = arg;
    cr_expect(writable && !readable);
    note("w");
    loop_watch_set(pipe->watch, false, false);
}

Test(loop, a_watch_is_quiet_when_nothing_is_asked_of_it)
{
    struct pipe pipe;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pipe.ends), 0);
    pipe.watch = loop_watch_new(loop, pipe.ends[0], writable_now, &pipe);
    loop_watch_set(pipe.watch, false, true);
    struct loop_timer *end = loop_timer_new(loop, note_and_stop, "e");
    loop_timer_start(end, 20);
    loop_run(loop);
    cr_expect_str_eq(trace.bytes, "we");
    loop_watch_free(pipe.watch);
    loop_timer_free(end);
    close(pipe.ends[0]), close(pipe.ends[1]);
}

struct pair_of_watches {
    struct loop_watch *watches[2];
    int ends[2];
    int told;
};

static void free_both(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct pair_of_watches *pair = arg;
    pair->told++;
    loop_watch_free(pair->watches[0]);
    loop_watch_free(pair->watches[1]);
}

Test(loop, a_watch_that_another_frees_is_not_told)
{
    struct pair_of_watches pair = {0};
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.ends), 0);
    for (int i = 0; i < 2; i++) {
        pair.watches[i] = loop_watch_new(loop, pair.ends[i], free_both, &pair);
        loop_watch_set(pair.watches[i], false, true);
    }
    struct loop_timer *end = loop_timer_new(loop, note_and_stop, "e");
    loop_timer_start(end, 20);
    loop_run(loop);
    cr_expect_eq(pair.told, 1);
    loop_timer_free(end);
    close(pair.ends[0]), close(pair.ends[1]);
}

static void note_error(void *arg, bool readable, bool writable)
{
    (void)arg;
    cr_expect(readable && writable);
    note("x");
}

// A pipe that nobody reads any more is one that fails. It is told once, whatever is made of it.
Test(loop, a_watch_tells_an_error_once_until_it_is_set_again)
{
    struct pipe pipe_;
    cr_assert_eq(pipe(pipe_.ends), 0);
    pipe_.watch = loop_watch_new(loop, pipe_.ends[1], note_error, &pipe_);
    loop_watch_set(pipe_.watch, false, true);
    close(pipe_.ends[0]);
    struct loop_timer *end = loop_timer_new(loop, note_and_stop, "e");
    loop_timer_start(end, 20);
    loop_run(loop);
    loop_watch_set(pipe_.watch, false, true);
    loop_timer_start(end, 20);
    loop_run(loop);
    cr_expect_str_eq(trace.bytes, "xexe");
    loop_watch_free(pipe_.watch);
    loop_timer_free(end);
    close(pipe_.ends[1]);
}

static int posted;

static void count(void *arg)
{
    int expected = *(int *)arg;
    cr_expect_eq(posted, expected, "posts of one thread run in their order");
    if (++posted == 1000)
        loop_stop(loop);
}

static void *post_many(void *arg)
{
    static int numbers[1000];
    (void)arg;
    for (int i = 0; i < 1000; i++) {
        numbers[i] = i;
        loop_post(loop, count, &numbers[i]);
    }
    return NULL;
}

Test(loop, posts_of_a_thread_run_in_the_loop_and_in_order)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, post_many, NULL), 0);
    loop_run(loop);
    pthread_join(thread, NULL);
    cr_expect_eq(posted, 1000);
}

static void post_another(void *arg)
{
    note("a");
    loop_post(loop, note_and_stop, arg);
}

Test(loop, a_post_may_post)
{
    loop_post(loop, post_another, "b");
    loop_run(loop);
    cr_expect_str_eq(trace.bytes, "ab");
}

Test(loop, posts_after_the_end_never_run)
{
    loop_post(loop, note_and_stop, "a");
    loop_run(loop);
    loop_post(loop, note, "x");
    cr_expect_str_eq(trace.bytes, "a");
}

Test(loop, a_signal_is_work_in_the_loop)
{
    loop_on_signal(loop, SIGUSR1, note_and_stop, "s");
    struct loop_timer *timer = loop_timer_new(loop, note, "t");
    loop_timer_start(timer, 0);
    raise(SIGUSR1);
    loop_run(loop);
    cr_expect(strchr(trace.bytes, 's'));
    loop_timer_free(timer);
}

Test(loop, a_forgotten_watch_ends_the_program, .signal = SIGABRT)
{
    loop_watch_new(loop, STDIN_FILENO, note_error, NULL);
    loop_free(loop);
}

Test(loop, a_forgotten_timer_ends_the_program, .signal = SIGABRT)
{
    loop_timer_start(loop_timer_new(loop, note, "x"), 60 * 1000);
    close(STDERR_FILENO); // the assertion's own line
    loop_free(loop);
}
