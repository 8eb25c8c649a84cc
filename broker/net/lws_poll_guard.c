// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/lws_poll_guard.h"

#include <assert.h>
#include <dlfcn.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

typedef int poll_start(uv_poll_t *handle, int events, uv_poll_cb ready);
typedef int poll_stop(uv_poll_t *handle);

static bool holds;
static struct {
    uv_poll_t *handle; // NULL: none
    int events;
    uv_poll_cb ready;
} held;

static bool waits_for(const uv_poll_t *handle, int events, uv_poll_cb ready)
{
    unsigned mask = (events & UV_READABLE ? POLLIN : 0u) | (events & UV_WRITABLE ? POLLOUT : 0u);
    bool is_plain = !(events & ~(UV_READABLE | UV_WRITABLE));
    return is_plain && uv_is_active((const uv_handle_t *)handle) && handle->io_watcher.pevents == mask &&
           handle->poll_cb == ready;
}

// What a program defines comes before what its libraries do.
int uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb ready)
{
    static poll_start *start;
    if (holds && (!held.handle || held.handle == handle)) {
        held.handle = handle;
        held.events = events;
        held.ready = ready;
        return 0;
    }
    if (waits_for(handle, events, ready))
        return 0;
    if (!start)
        *(void **)&start = dlsym(RTLD_NEXT, "uv_poll_start");
    return start(handle, events, ready);
}

int uv_poll_stop(uv_poll_t *handle)
{
    static poll_stop *stop;
    if (held.handle == handle)
        held.handle = NULL;
    if (!stop)
        *(void **)&stop = dlsym(RTLD_NEXT, "uv_poll_stop");
    return stop(handle);
}

void lws_poll_hold(void)
{
    assert(!holds && !held.handle);
    holds = true;
}

void lws_poll_release(void)
{
    assert(holds);
    uv_poll_t *handle = held.handle;
    holds = false;
    held.handle = NULL;
    if (handle && !uv_is_closing((uv_handle_t *)handle))
        uv_poll_start(handle, held.events, held.ready);
}

bool lws_poll_guard_works(void)
{
    return dlsym(RTLD_DEFAULT, "uv_poll_start") == (void *)(uintptr_t)uv_poll_start &&
           dlsym(RTLD_DEFAULT, "uv_poll_stop") == (void *)(uintptr_t)uv_poll_stop;
}
