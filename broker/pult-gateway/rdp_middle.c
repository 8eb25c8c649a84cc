// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/rdp_middle.h"
#include "broker/api/types.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-gateway/flight_content.h"
#include "broker/pult-gateway/inner_rdp.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 30 * 1000, PIECE_MAX = 64 * 1024 };

enum middle_step {
    MIDDLE_LISTENS, // for what the program asks for
    MIDDLE_ASKS,    // the host
    MIDDLE_SHAKES_HANDS,
    MIDDLE_PASSES,
};

struct rdp_middle {
    struct rdp_middles *middles;
    struct rdp_middle *next, **before;
    enum middle_step step;
    struct tls_line program, host; // bare until TLS begins
    SSL_CTX *shown;
    struct loop_watch *watch; // of the program, until the bytes pass
    struct inner_rdp *inner;
    struct loop_timer *patience;
    struct websocket_pump *pump;
    struct flight_content *flight;
    size_t length;
    unsigned char request[RDP_CLIENT_REQUEST_MAX];
    char fingerprint[DIGEST_SIZE], channel[ID_SIZE];
};

struct rdp_middles {
    struct loop *loop;
    struct websocket_pool *pool;
    SSL_CTX *to_host;
    struct rdp_middle *first;
    size_t count;
    rdp_middle_failed *failed;
    void *arg;
};

// ---- the end

static void rdp_middle_free(struct rdp_middle *middle)
{
    *middle->before = middle->next;
    if (middle->next)
        middle->next->before = middle->before;
    middle->middles->count--;
    loop_watch_free(middle->watch);
    loop_timer_free(middle->patience);
    inner_rdp_free(middle->inner);
    websocket_pump_free(middle->pump);
    flight_content_free(middle->flight);
    tls_line_fini(&middle->program);
    tls_line_fini(&middle->host);
    SSL_CTX_free(middle->shown);
    free(middle);
}

static void fail_middle(struct rdp_middle *middle, enum channel_reason reason, const char *why)
{
    struct rdp_middles *middles = middle->middles;
    log_info("tunnel", "%s: %s", middle->channel, why);
    middles->failed(middles->arg, middle->channel, reason);
    rdp_middle_free(middle);
}

static void middle_is_late(void *arg)
{
    fail_middle(arg, CHANNEL_BROKEN, "the RDP program does not go on");
}

// ---- the bytes

// The host's last words are in the program's descriptor, and then its end.
static void middle_is_over(void *arg, enum websocket_pump_end end)
{
    struct rdp_middle *middle = arg;
    if (end == WEBSOCKET_PUMP_BROKEN)
        fail_middle(middle, CHANNEL_BROKEN, "the RDP program does not say what it should");
    else
        rdp_middle_free(middle);
}

static void pass_bytes(struct rdp_middle *middle)
{
    static const struct websocket_content content = {.piece_max = PIECE_MAX, .unwrap = flight_content_unwrap};
    struct websocket_pool *pool = middle->middles->pool;
    middle->step = MIDDLE_PASSES;
    loop_watch_free(take(middle->watch));
    loop_timer_free(take(middle->patience));
    tls_line_settle(&middle->program);
    middle->pump = websocket_pump_new(pool, &middle->program, WEBSOCKET_NONE, &middle->host, middle_is_over, middle);
    middle->program = middle->host = (struct tls_line){.descriptor = -1};
    websocket_pump_carry(middle->pump, &content, middle->flight, NULL);
    websocket_pump_start(middle->pump, NULL, 0);
}

// False: it is over.
static bool shake_hands_with_program(struct rdp_middle *middle)
{
    int done = tls_line_handshake(&middle->program);
    if (done == 0)
        return true;
    if (done > 0)
        pass_bytes(middle);
    else
        fail_middle(middle, CHANNEL_BROKEN, "the RDP program makes no TLS with the gateway's certificate");
    return false;
}

// ---- the negotiation

static bool say_to_program(struct rdp_middle *middle, const unsigned char *bytes, size_t length)
{
    return tls_line_write(&middle->program, bytes, length) == (ssize_t)length;
}

// False: it is over.
static bool begin_tls(struct rdp_middle *middle, const struct inner_rdp_result *result)
{
    middle->host = result->line;
    if (!say_to_program(middle, result->confirm, result->confirm_length)) {
        rdp_middle_free(middle);
        return false;
    }
    tls_line_init(&middle->program, middle->program.descriptor, middle->shown, true);
    middle->step = MIDDLE_SHAKES_HANDS;
    loop_watch_set(middle->watch, true, false);
    return true;
}

static void host_has_answered(void *arg, const struct inner_rdp_result *result)
{
    struct rdp_middle *middle = arg;
    if (result->outcome != INNER_RDP_OPEN)
        fail_middle(middle, result->reason, result->why);
    else if (begin_tls(middle, result))
        inner_rdp_free(take(middle->inner));
}

// It hears the host's own answer to what it asked for: programs compare the two.
static void ask_host(struct rdp_middle *middle, uint32_t protocols)
{
    static const uint32_t passed_on = RDP_PROTOCOL_SSL | RDP_PROTOCOL_HYBRID | RDP_PROTOCOL_HYBRID_EX;
    if (!(protocols & RDP_PROTOCOL_SSL)) {
        fail_middle(middle, CHANNEL_BROKEN, "the RDP program knows no TLS");
        return;
    }
    middle->step = MIDDLE_ASKS;
    loop_watch_set(middle->watch, false, false);
    middle->inner = inner_rdp_new(middle->middles->loop, middle->middles->to_host, middle->host.descriptor,
                                  protocols & passed_on, middle->fingerprint, host_has_answered, middle);
    middle->host.descriptor = -1;
}

// No more is read than the request: what follows is of TLS.
static void hear_request(struct rdp_middle *middle)
{
    for (;;) {
        size_t wanted;
        uint32_t protocols;
        enum rdp_client_answer answer = rdp_client_request(middle->request, middle->length, &wanted, &protocols);
        if (answer == RDP_CLIENT_WRONG) {
            fail_middle(middle, CHANNEL_BROKEN, "what the RDP program asks for is no RDP");
            return;
        }
        if (answer == RDP_CLIENT_REQUEST) {
            ask_host(middle, protocols);
            return;
        }
        ssize_t got = tls_line_read(&middle->program, middle->request + middle->length, wanted - middle->length);
        if (got < 0)
            rdp_middle_free(middle);
        if (got <= 0)
            return;
        middle->length += (size_t)got;
    }
}

static void program_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct rdp_middle *middle = arg;
    if (middle->step == MIDDLE_LISTENS)
        hear_request(middle);
    else if (middle->step == MIDDLE_SHAKES_HANDS && shake_hands_with_program(middle))
        loop_watch_set(middle->watch, true, middle->program.wants_write);
}

// ---- all

struct rdp_middles *rdp_middles_new(struct loop *loop, struct websocket_pool *pool, SSL_CTX *to_host,
                                    rdp_middle_failed *failed, void *arg)
{
    struct rdp_middles *middles = mem_new(1, sizeof *middles);
    middles->loop = loop;
    middles->pool = pool;
    middles->to_host = to_host;
    middles->failed = failed;
    middles->arg = arg;
    return middles;
}

void rdp_middles_free(struct rdp_middles *middles)
{
    if (!middles)
        return;
    while (middles->first)
        rdp_middle_free(middles->first);
    free(middles);
}

size_t rdp_middles_count(const struct rdp_middles *middles)
{
    return middles->count;
}

bool rdp_middles_begin(struct rdp_middles *middles, const struct rdp_middle_plan *plan)
{
    struct rdp_first_flight *flight = rdp_first_flight_new(plan->corrections);
    if (!flight) {
        log_warn("tunnel", "%s: the name or the password fits no RDP packet", plan->channel);
        close(plan->program);
        close(plan->host);
        return false;
    }
    struct rdp_middle *middle = mem_new(1, sizeof *middle);
    middle->middles = middles;
    middles->count++;
    middle->next = middles->first;
    middle->before = &middles->first;
    if (middle->next)
        middle->next->before = &middle->next;
    middles->first = middle;
    middle->flight = flight_content_new(flight);
    SSL_CTX_up_ref(plan->shown);
    middle->shown = plan->shown;
    TEXT_PUT(middle->channel, plan->channel);
    TEXT_PUT(middle->fingerprint, plan->fingerprint);
    tls_line_init(&middle->program, plan->program, NULL, false);
    tls_line_init(&middle->host, plan->host, NULL, false);
    middle->watch = loop_watch_new(middles->loop, plan->program, program_ready, middle);
    middle->patience = loop_timer_new(middles->loop, middle_is_late, middle);
    loop_watch_set(middle->watch, true, false);
    loop_timer_start(middle->patience, PATIENCE_MS);
    return true;
}
