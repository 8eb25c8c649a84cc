// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/portal_passage.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/tally.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SWEEP_MS = 1000,
    SILENT_MS = 2 * 60 * 1000, // the broker itself closes sooner, if it is there
    STEPS = 3,                 // so much patience there is with who takes nothing of what they asked for
};

struct portal_passage {
    struct portal_passages *passages;
    struct portal_passage *next, **before;
    struct tls_line browser, broker; // until the bytes pass
    struct loop_watch *watch;        // of the broker's line, the same
    struct loop_timer *patience;
    struct websocket_pump *pump; // from then on
    unsigned char *said;
    size_t length;
    const char *network; // where it is counted
};

struct portal_passages {
    struct loop *loop;
    struct websocket_pool *pool; // their own: nobody in a tunnel waits for who reads no page
    struct portal_limits limits;
    struct tls_trust *broker;
    struct loop_timer *sweep;
    struct portal_passage *first;
    size_t count;
    struct tally networks;
};

static void passage_free(struct portal_passage *passage)
{
    *passage->before = passage->next;
    if (passage->next)
        passage->next->before = passage->before;
    passage->passages->count--;
    tally_remove(&passage->passages->networks, passage->network);
    loop_watch_free(passage->watch);
    loop_timer_free(passage->patience);
    websocket_pump_free(passage->pump);
    tls_line_fini(&passage->browser);
    tls_line_fini(&passage->broker);
    if (passage->said)
        explicit_bzero(passage->said, passage->length);
    free(passage->said);
    free(passage);
}

static void passage_is_late(void *arg)
{
    log_warn("gate", "the broker's portal does not answer");
    passage_free(arg);
}

static void passage_is_over(void *arg, enum websocket_pump_end end)
{
    (void)end;
    passage_free(arg);
}

static void pass_on(struct portal_passage *passage)
{
    loop_watch_free(take(passage->watch));
    loop_timer_free(take(passage->patience));
    tls_line_settle(&passage->broker);
    passage->pump = websocket_pump_new(passage->passages->pool, &passage->browser, WEBSOCKET_NONE, &passage->broker,
                                       passage_is_over, passage);
    passage->browser = passage->broker = (struct tls_line){.descriptor = -1};
    owned(bytes) unsigned char *said = take(passage->said);
    websocket_pump_start(passage->pump, said, passage->length); // wipes it, and may end the passage
}

static void broker_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct portal_passage *passage = arg;
    int done = tls_line_handshake(&passage->broker);
    if (done == 0) {
        loop_watch_set(passage->watch, true, passage->broker.wants_write);
    } else if (done < 0) {
        log_warn("gate", "no TLS with the broker's portal: %s", tls_trust_refused(passage->passages->broker));
        passage_free(passage);
    } else {
        pass_on(passage);
    }
}

// ---- who takes too long

// Before the bytes pass it has its patience for it.
static bool is_late(const struct portal_passage *passage, int64_t now_ms)
{
    struct websocket_figures figures;
    if (!passage->pump)
        return false;
    websocket_pump_figures(passage->pump, &figures);
    int64_t most_ms = figures.keeps ? STEPS * passage->passages->limits.patience_ms : SILENT_MS;
    return now_ms - figures.payload_ms > most_ms;
}

static void sweep_passages(void *arg)
{
    struct portal_passages *passages = arg;
    int64_t now_ms = clock_steady_ms();
    loop_timer_start(passages->sweep, SWEEP_MS);
    for (struct portal_passage *passage = passages->first, *next; passage; passage = next) {
        next = passage->next;
        if (is_late(passage, now_ms))
            passage_free(passage);
    }
}

// ---- all

struct portal_passages *portal_passages_new(struct loop *loop, const struct portal_limits *limits,
                                            struct tls_trust *broker)
{
    struct portal_passages *passages = mem_new(1, sizeof *passages);
    assert(limits->all > 0 && limits->network > 0 && limits->patience_ms > 0);
    passages->loop = loop;
    passages->limits = *limits;
    passages->pool = websocket_pool_new(loop, (size_t)limits->buffer_bytes, true);
    passages->broker = broker;
    passages->sweep = loop_timer_new(loop, sweep_passages, passages);
    loop_timer_start(passages->sweep, SWEEP_MS);
    return passages;
}

void portal_passages_free(struct portal_passages *passages)
{
    if (!passages)
        return;
    while (passages->first)
        passage_free(passages->first);
    tally_fini(&passages->networks);
    loop_timer_free(passages->sweep);
    websocket_pool_free(passages->pool);
    free(passages);
}

bool portal_passages_have_room(const struct portal_passages *passages, const char *network)
{
    return (int64_t)passages->count < passages->limits.all &&
           tally_count(&passages->networks, network) < passages->limits.network;
}

void portal_passages_begin(struct portal_passages *passages, const struct tls_line *browser, int broker,
                           const char *network, const char *said, size_t length)
{
    assert(portal_passages_have_room(passages, network));
    struct portal_passage *passage = mem_new(1, sizeof *passage);
    passage->passages = passages;
    passage->next = passages->first;
    passage->before = &passages->first;
    if (passage->next)
        passage->next->before = &passage->next;
    passages->first = passage;
    passages->count++;
    passage->network = tally_add(&passages->networks, network);
    passage->browser = *browser;
    tls_trust_begin(passages->broker);
    tls_line_init(&passage->broker, broker, tls_trust_context(passages->broker), false);
    tls_line_wipe(&passage->browser, true);
    tls_line_wipe(&passage->broker, true);
    passage->said = mem_copy(said, length);
    passage->length = length;
    passage->watch = loop_watch_new(passages->loop, broker, broker_ready, passage);
    passage->patience = loop_timer_new(passages->loop, passage_is_late, passage);
    loop_timer_start(passage->patience, passages->limits.patience_ms);
    loop_watch_set(passage->watch, true, true);
}
