// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/loop.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <uv.h>

enum {
    CLOSING_ROUNDS = 16, // closing takes one or two; who is not closed by then was forgotten
    TOLD_MAX = 256,      // descriptors at once, then it is the others' turn
};

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
    uv_poll_t watching; // for libuv all watches are one descriptor: `epoll`
    int epoll;
    size_t watches;
    bool telling;
    struct loop_watch *freed; // meanwhile
};

struct loop_timer {
    uv_timer_t uv;
    loop_work *work;
    void *arg;
};

// Not a handle of libuv, which is four times as large and takes a descriptor out of epoll and puts it in again each
// time that it is asked to look for something.
struct loop_watch {
    struct loop *loop;
    int descriptor;
    uint32_t events; // that are looked for; 0: it is not in epoll
    loop_ready *ready;
    void *arg; // of one that was freed: the next of those
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

// One that looks for nothing any more, or was freed, has nothing to be told.
static void tell_watch(struct loop_watch *watch, uint32_t events)
{
    if (!watch->events)
        return;
    if (events & EPOLLERR) { // shows itself at the next read or write of the descriptor
        loop_watch_set(watch, false, false);
        watch->ready(watch->arg, true, true);
        return;
    }
    if (events & EPOLLHUP)
        events = watch->events;
    bool readable = events & watch->events & (EPOLLIN | EPOLLRDHUP), writable = events & watch->events & EPOLLOUT;
    if (readable || writable)
        watch->ready(watch->arg, readable, writable);
}

static void tell_watches(uv_poll_t *uv, int status, int ready)
{
    (void)status, (void)ready;
    struct loop *loop = uv->data;
    struct epoll_event events[TOLD_MAX];
    int count = epoll_wait(loop->epoll, events, TOLD_MAX, 0);
    loop->telling = true;
    for (int i = 0; i < count; i++)
        tell_watch(events[i].data.ptr, events[i].events);
    loop->telling = false;
    while (loop->freed) {
        struct loop_watch *watch = loop->freed;
        loop->freed = watch->arg;
        free(watch);
    }
}

static void begin_watching(struct loop *loop)
{
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    int rc = loop->epoll < 0 ? -1 : uv_poll_init(&loop->uv, &loop->watching, loop->epoll);
    assert(rc == 0);
    (void)rc;
    loop->watching.data = loop;
    uv_poll_start(&loop->watching, UV_READABLE, tell_watches);
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
    begin_watching(loop);
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

static void run_closing_rounds(struct loop *loop)
{
    for (int i = 0; i < CLOSING_ROUNDS && uv_run(&loop->uv, UV_RUN_NOWAIT); i++)
        ;
}

// Some of those that are closing watch until they have.
void loop_free(struct loop *loop)
{
    uv_walk(&loop->uv, close_signal, NULL);
    run_closing_rounds(loop);
    assert(!loop->watches); // one was not freed
    uv_close((uv_handle_t *)&loop->watching, NULL);
    run_closing_rounds(loop);
    for (struct post *post = take_posts(loop); post;) {
        struct post *next = post->next;
        free(post);
        post = next;
    }
    int rc = uv_loop_close(&loop->uv);
    assert(rc == 0); // a timer was not freed
    (void)rc;
    close(loop->epoll);
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

struct loop_watch *loop_watch_new(struct loop *loop, int descriptor, loop_ready *ready, void *arg)
{
    struct loop_watch *watch = mem_new(1, sizeof *watch);
    int rc = ioctl(descriptor, FIONBIO, &(int){1});
    assert(rc == 0);
    (void)rc;
    watch->loop = loop;
    watch->descriptor = descriptor;
    watch->ready = ready;
    watch->arg = arg;
    loop->watches++;
    return watch;
}

void loop_watch_set(struct loop_watch *watch, bool readable, bool writable)
{
    struct epoll_event event = {.data.ptr = watch};
    event.events = (readable ? EPOLLIN | EPOLLRDHUP : 0u) | (writable ? EPOLLOUT : 0u);
    if (event.events == watch->events)
        return;
    int operation = !watch->events ? EPOLL_CTL_ADD : event.events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    int rc = epoll_ctl(watch->loop->epoll, operation, watch->descriptor, &event);
    assert(rc == 0 || operation == EPOLL_CTL_DEL);
    (void)rc;
    watch->events = event.events;
}

void loop_watch_free(struct loop_watch *watch)
{
    if (!watch)
        return;
    struct loop *loop = watch->loop;
    loop_watch_set(watch, false, false);
    loop->watches--;
    if (!loop->telling) {
        free(watch);
        return;
    }
    watch->arg = loop->freed;
    loop->freed = watch;
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
