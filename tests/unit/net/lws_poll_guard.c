// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/lws_poll_guard.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

static uv_loop_t loop;
static uv_poll_t handle;
static int ends[2], came, asked;

// What libuv asks of the kernel comes here first.
int epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event)
{
    static int (*ask)(int, int, int, struct epoll_event *);
    if (!ask)
        *(void **)&ask = dlsym(RTLD_NEXT, "epoll_ctl");
    asked += descriptor == ends[0]; // the test framework has others
    return ask(epoll, operation, descriptor, event);
}

static void ready(uv_poll_t *of, int status, int events)
{
    cr_assert(of == &handle && status == 0);
    came |= events;
}

static void other(uv_poll_t *of, int status, int events)
{
    (void)of, (void)status, (void)events;
}

static int turn(void)
{
    came = 0;
    uv_run(&loop, UV_RUN_NOWAIT);
    return came;
}

static void begin(void)
{
    cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    cr_assert(uv_loop_init(&loop) == 0 && uv_poll_init(&loop, &handle, ends[0]) == 0);
    uv_poll_start(&handle, UV_READABLE, ready);
    turn();
    asked = 0;
}

static void end(void)
{
    uv_close((uv_handle_t *)&handle, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert(uv_loop_close(&loop) == 0);
    close(ends[0]);
    close(ends[1]);
}

TestSuite(poll, .init = begin, .fini = end);

Test(poll, waiting_for_the_same_costs_nothing)
{
    uv_poll_start(&handle, UV_READABLE, ready);
    cr_assert_eq(turn(), 0);
    cr_assert_eq(asked, 0);
    cr_assert(write(ends[1], "x", 1) == 1);
    cr_assert_eq(turn(), UV_READABLE);
}

Test(poll, a_change_is_carried_out)
{
    uv_poll_start(&handle, UV_READABLE | UV_WRITABLE, ready);
    cr_assert_eq(turn(), UV_WRITABLE);
    uv_poll_start(&handle, UV_READABLE, ready);
    cr_assert_eq(turn(), 0);
    uv_poll_start(&handle, UV_READABLE, other);
    cr_assert(write(ends[1], "x", 1) == 1);
    cr_assert_eq(turn(), 0, "another one is told now");
    uv_poll_stop(&handle);
    uv_poll_start(&handle, UV_READABLE, ready);
    cr_assert_eq(turn(), UV_READABLE);
}

Test(poll, what_is_held_counts_in_the_end)
{
    lws_poll_hold();
    uv_poll_start(&handle, UV_READABLE | UV_WRITABLE, ready);
    uv_poll_start(&handle, UV_READABLE, ready);
    lws_poll_release();
    cr_assert_eq(turn(), 0);
    cr_assert_eq(asked, 0);
    lws_poll_hold();
    uv_poll_start(&handle, UV_READABLE, ready);
    uv_poll_start(&handle, UV_READABLE | UV_WRITABLE, ready);
    lws_poll_release();
    cr_assert_eq(turn(), UV_WRITABLE);
}

Test(poll, what_is_stopped_while_it_is_held_stays_so)
{
    cr_assert(write(ends[1], "x", 1) == 1);
    lws_poll_hold();
    uv_poll_start(&handle, UV_READABLE | UV_WRITABLE, ready);
    uv_poll_stop(&handle);
    lws_poll_release();
    cr_assert_eq(turn(), 0);
}

Test(poll, another_is_not_held)
{
    uv_poll_t second;
    cr_assert(uv_poll_init(&loop, &second, ends[1]) == 0);
    lws_poll_hold();
    uv_poll_start(&handle, UV_READABLE, ready);
    uv_poll_start(&second, UV_WRITABLE, other);
    cr_assert(uv_is_active((uv_handle_t *)&second));
    lws_poll_release();
    uv_close((uv_handle_t *)&second, NULL);
    turn();
}

Test(poll, libwebsockets_asks_here)
{
    cr_assert(lws_poll_guard_works());
}
