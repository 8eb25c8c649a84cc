// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/portal_passage.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 10 * 1000 };

struct portal_passage {
    struct portal_passages *passages;
    struct portal_passage *next, **before;
    struct tls_line browser, broker; // until the bytes pass
    struct loop_watch *watch;        // of the broker's line, the same
    struct loop_timer *patience;
    struct websocket_pump *pump; // from then on
    unsigned char *said;
    size_t length;
};

struct portal_passages {
    struct loop *loop;
    struct websocket_pool *pool;
    struct tls_trust *broker;
    struct portal_passage *first;
    size_t count;
};

static void passage_free(struct portal_passage *passage)
{
    *passage->before = passage->next;
    if (passage->next)
        passage->next->before = passage->before;
    passage->passages->count--;
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
    websocket_pump_start(passage->pump, passage->said, passage->length); // may end it
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

struct portal_passages *portal_passages_new(struct loop *loop, struct websocket_pool *pool, struct tls_trust *broker)
{
    struct portal_passages *passages = mem_new(1, sizeof *passages);
    passages->loop = loop;
    passages->pool = pool;
    passages->broker = broker;
    return passages;
}

void portal_passages_free(struct portal_passages *passages)
{
    while (passages && passages->first)
        passage_free(passages->first);
    free(passages);
}

size_t portal_passages_count(const struct portal_passages *passages)
{
    return passages->count;
}

// OpenSSL keeps what it decrypted last: a form with a password may be among it, on either side.
static void forget_plaintext(const struct tls_line *line)
{
    SSL_set_options(line->tls, SSL_OP_CLEANSE_PLAINTEXT);
}

void portal_passages_begin(struct portal_passages *passages, const struct tls_line *browser, int broker,
                           const char *said, size_t length)
{
    struct portal_passage *passage = mem_new(1, sizeof *passage);
    passage->passages = passages;
    passage->next = passages->first;
    passage->before = &passages->first;
    if (passage->next)
        passage->next->before = &passage->next;
    passages->first = passage;
    passages->count++;
    passage->browser = *browser;
    tls_trust_begin(passages->broker);
    tls_line_init(&passage->broker, broker, tls_trust_context(passages->broker), false);
    forget_plaintext(&passage->browser);
    forget_plaintext(&passage->broker);
    passage->said = mem_copy(said, length);
    passage->length = length;
    passage->watch = loop_watch_new(passages->loop, broker, broker_ready, passage);
    passage->patience = loop_timer_new(passages->loop, passage_is_late, passage);
    loop_timer_start(passage->patience, PATIENCE_MS);
    loop_watch_set(passage->watch, true, true);
}
