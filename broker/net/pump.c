// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/pump.h"
#include "broker/base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct end {
    struct pump *pump;
    enum pump_side side;
    int descriptor;
    struct loop_watch *watch;
    char *bytes; // read here and not yet written at the other end
    size_t start, length;
    bool read_all, passed_on; // the end of this way was seen; was told to the other side
};

struct pump {
    struct end ends[2];
    struct loop_timer *linger;
    bool has_first, is_over;
    enum pump_side first;
    pump_ended *ended;
    void *arg;
};

static struct end *other(struct end *end)
{
    return &end->pump->ends[1 - (int)end->side];
}

static void begins_to_end(struct end *end)
{
    struct pump *pump = end->pump;
    if (pump->has_first)
        return;
    pump->has_first = true;
    pump->first = end->side;
    loop_timer_start(pump->linger, PUMP_LINGER_MS);
}

// `ended` may free the pump: nothing is touched after this.
static void finish_pump(struct pump *pump)
{
    if (pump->is_over)
        return;
    pump->is_over = true;
    loop_timer_stop(pump->linger);
    for (int i = 0; i < 2; i++)
        loop_watch_set(pump->ends[i].watch, false, false);
    pump->ended(pump->arg, pump->first);
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

// False when the descriptor failed.
static bool read_some(struct end *end)
{
    if (end->read_all || end->length > 0)
        return true;
    ssize_t got = read(end->descriptor, end->bytes, PUMP_BUFFER);
    if (got < 0)
        return would_block();
    end->start = 0;
    end->length = (size_t)got;
    if (got == 0) {
        end->read_all = true;
        begins_to_end(end);
    }
    return true;
}

static bool write_some(struct end *end)
{
    struct end *to = other(end);
    while (end->length > 0) {
        ssize_t put = send(to->descriptor, end->bytes + end->start, end->length, MSG_NOSIGNAL);
        if (put < 0) {
            if (!would_block())
                begins_to_end(to);
            return would_block();
        }
        end->start += (size_t)put;
        end->length -= (size_t)put;
    }
    if (end->read_all && !end->passed_on) {
        end->passed_on = true;
        shutdown(to->descriptor, SHUT_WR);
    }
    return true;
}

static void watch_again(struct pump *pump)
{
    for (int i = 0; i < 2; i++) {
        struct end *end = &pump->ends[i];
        loop_watch_set(end->watch, !end->read_all && end->length == 0, other(end)->length > 0);
    }
}

static void ready(void *arg, bool readable, bool writable)
{
    struct end *end = arg;
    struct pump *pump = end->pump;
    if (pump->is_over)
        return;
    bool fine = true;
    if (readable) {
        fine = read_some(end);
        if (!fine)
            begins_to_end(end);
        fine = fine && write_some(end);
    }
    if (writable && fine)
        fine = write_some(other(end));
    if (!fine || (pump->ends[0].passed_on && pump->ends[1].passed_on))
        finish_pump(pump);
    else
        watch_again(pump);
}

static void lingered(void *arg)
{
    finish_pump(arg);
}

static void open_end(struct pump *pump, struct loop *loop, enum pump_side side, int descriptor)
{
    struct end *end = &pump->ends[side];
    end->pump = pump;
    end->side = side;
    end->descriptor = descriptor;
    end->bytes = mem_new(1, PUMP_BUFFER);
    end->watch = loop_watch_new(loop, descriptor, ready, end);
}

struct pump *pump_new(struct loop *loop, int near_descriptor, int far_descriptor, pump_ended *ended, void *arg)
{
    struct pump *pump = mem_new(1, sizeof *pump);
    pump->ended = ended;
    pump->arg = arg;
    pump->linger = loop_timer_new(loop, lingered, pump);
    open_end(pump, loop, PUMP_NEAR, near_descriptor);
    open_end(pump, loop, PUMP_FAR, far_descriptor);
    watch_again(pump);
    return pump;
}

void pump_free(struct pump *pump)
{
    if (!pump)
        return;
    loop_timer_free(pump->linger);
    for (int i = 0; i < 2; i++) {
        loop_watch_free(pump->ends[i].watch);
        close(pump->ends[i].descriptor);
        free(pump->ends[i].bytes);
    }
    free(pump);
}

bool pump_is_ending(const struct pump *pump, enum pump_side side)
{
    return pump->has_first && pump->first == side;
}
