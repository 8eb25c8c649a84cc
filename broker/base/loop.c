// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/loop.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <uv.h>

enum { CLOSING_ROUNDS = 16 }; // closing takes one or two; who is not closed by then was forgotten

struct post {
    struct post *next;
    loop_work *work;
    void *arg;
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    pthread_mutex_t lock; // guards the posts
    struct post *first, **last;
};

struct loop_timer {
    uv_timer_t uv;
    loop_work *work;
    void *arg;
};

struct loop_watch {
    uv_poll_t uv;
    loop_ready *ready;
    void *arg;
};

struct signal_watch {
    uv_signal_t uv;
    loop_work *work;
    void *arg;
};

static struct post *take_posts(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct post *first = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->lock);
    return first;
}

static void run_posts(uv_async_t *wake)
{
    struct loop *loop = wake->data;
    for (struct post *post = take_posts(loop); post;) {
        struct post *next = post->next;
        post->work(post->arg);
        free(post);
        post = next;
    }
}

struct loop *loop_new(void)
{
    struct loop *loop = mem_new(1, sizeof *loop);
    int rc = uv_loop_init(&loop->uv);
    assert(rc == 0);
    rc = uv_async_init(&loop->uv, &loop->wake, run_posts);
    assert(rc == 0);
    (void)rc;
    loop->wake.data = loop;
    loop->last = &loop->first;
    pthread_mutex_init(&loop->lock, NULL);
    return loop;
}

static void free_handle(uv_handle_t *handle)
{
    if (handle->type != UV_ASYNC)
        free(handle->data);
}

static void close_signal(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle) && (handle->type == UV_SIGNAL || handle->type == UV_ASYNC))
        uv_close(handle, free_handle);
}

void loop_free(struct loop *loop)
{
    uv_walk(&loop->uv, close_signal, NULL);
    for (int i = 0; i < CLOSING_ROUNDS && uv_run(&loop->uv, UV_RUN_NOWAIT); i++)
        ;
    for (struct post *post = take_posts(loop); post;) {
        struct post *next = post->next;
        free(post);
        post = next;
    }
    int rc = uv_loop_close(&loop->uv);
    assert(rc == 0); // a timer or watch was not freed
    (void)rc;
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

void *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

struct watched {
    int *descriptors;
    size_t count, capacity;
};

static void note_watched(uv_handle_t *handle, void *arg)
{
    struct watched *watched = arg;
    int descriptor;
    if (handle->type != UV_POLL || uv_fileno(handle, &descriptor) != 0)
        return;
    mem_reserve(&watched->descriptors, &watched->capacity, watched->count + 1, sizeof descriptor);
    watched->descriptors[watched->count++] = descriptor;
}

size_t loop_watched(struct loop *loop, int **descriptors)
{
    struct watched watched = {0};
    uv_walk(&loop->uv, note_watched, &watched);
    *descriptors = watched.descriptors;
    return watched.count;
}

static void timer_due(uv_timer_t *uv)
{
    struct loop_timer *timer = uv->data;
    timer->work(timer->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_work *work, void *arg)
{
    struct loop_timer *timer = mem_new(1, sizeof *timer);
    timer->work = work;
    timer->arg = arg;
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    return timer;
}

void loop_timer_start(struct loop_timer *timer, int64_t wait_ms)
{
    assert(wait_ms >= 0);
    uv_update_time(timer->uv.loop);
    uv_timer_start(&timer->uv, timer_due, (uint64_t)wait_ms, 0);
}

void loop_timer_stop(struct loop_timer *timer)
{
    uv_timer_stop(&timer->uv);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer)
        uv_close((uv_handle_t *)&timer->uv, free_handle);
}

static void watch_ready(uv_poll_t *uv, int status, int events)
{
    struct loop_watch *watch = uv->data;
    // An error shows itself at the next read or write of the descriptor.
    watch->ready(watch->arg, status < 0 || (events & (UV_READABLE | UV_DISCONNECT)),
                 status < 0 || (events & UV_WRITABLE));
}

struct loop_watch *loop_watch_new(struct loop *loop, int descriptor, loop_ready *ready, void *arg)
{
    struct loop_watch *watch = mem_new(1, sizeof *watch);
    watch->ready = ready;
    watch->arg = arg;
    int rc = uv_poll_init(&loop->uv, &watch->uv, descriptor);
    assert(rc == 0);
    (void)rc;
    watch->uv.data = watch;
    return watch;
}

void loop_watch_set(struct loop_watch *watch, bool readable, bool writable)
{
    int events = (readable ? UV_READABLE | UV_DISCONNECT : 0) | (writable ? UV_WRITABLE : 0);
    if (events)
        uv_poll_start(&watch->uv, events, watch_ready);
    else
        uv_poll_stop(&watch->uv);
}

void loop_watch_free(struct loop_watch *watch)
{
    if (watch)
        uv_close((uv_handle_t *)&watch->uv, free_handle);
}

void loop_post(struct loop *loop, loop_work *work, void *arg)
{
    struct post *post = mem_new(1, sizeof *post);
    post->work = work;
    post->arg = arg;
    pthread_mutex_lock(&loop->lock);
    *loop->last = post;
    loop->last = &post->next;
    pthread_mutex_unlock(&loop->lock);
    uv_async_send(&loop->wake);
}

static void signal_came(uv_signal_t *uv, int number)
{
    (void)number;
    struct signal_watch *watch = uv->data;
    watch->work(watch->arg);
}

void loop_on_signal(struct loop *loop, int signal_number, loop_work *work, void *arg)
{
    struct signal_watch *watch = mem_new(1, sizeof *watch);
    watch->work = work;
    watch->arg = arg;
    uv_signal_init(&loop->uv, &watch->uv);
    watch->uv.data = watch;
    uv_signal_start(&watch->uv, signal_came, signal_number);
}
