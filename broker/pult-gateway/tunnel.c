// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/tunnel.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/tally.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SWEEP_MS = 1000,
    PING_MS = 22 * 1000, // proxies cut what is silent for 50 or 60 s
    DEAD_MS = 50 * 1000, // a caller that answers no ping
    WORD_MS = 2 * 1000,  // from the host's end until the broker has said why it wanted that
    MINUTE_MS = 60 * 1000,
};

// Nothing in it is longer than it must be: there are thousands.
struct tunnel {
    struct tunnels *tunnels;
    struct tunnel *next, **before;
    struct websocket_pump *pump;
    const struct tunnel_content *content; // NULL: the stream as it is
    void *state;                          // of the content
    int64_t opened_ms, pinged_ms;         // steady
    int64_t since_ms, fence;              // since: wall
    int64_t idle_ms, max_ms;              // 0: no limit
    int64_t host_closed_ms;               // steady; 0: it has not, or is not waited for
    enum channel_way way;
    bool has_no_frames;           // nor pings: the kernel looks whether the caller is there
    const char *person, *network; // where they are counted
    const char *session, *host;   // in names
    char names[];                 // channel, session, host
};

struct tunnels {
    struct loop *loop;
    struct websocket_pool *pool;
    struct tunnel_limits limits;
    struct loop_timer *sweep;
    struct tunnel *first; // the newest
    size_t count, desks;  // desks: those without a name, whom only the broker knows
    struct tally persons, networks;
    tunnel_ended *ended;
    void *arg;
};

// ---- one

static void tunnel_free(struct tunnel *tunnel)
{
    *tunnel->before = tunnel->next;
    if (tunnel->next)
        tunnel->next->before = tunnel->before;
    tunnel->tunnels->count--;
    tunnel->tunnels->desks -= !tunnel->names[0];
    tally_remove(&tunnel->tunnels->persons, tunnel->person);
    tally_remove(&tunnel->tunnels->networks, tunnel->network);
    websocket_pump_free(tunnel->pump);
    if (tunnel->content)
        tunnel->content->end(tunnel->state);
    free(tunnel);
}

void tunnel_describe(const struct tunnel *tunnel, struct gateway_channel *channel)
{
    *channel = (struct gateway_channel){.fence = tunnel->fence, .way = tunnel->way, .since_ms = tunnel->since_ms};
    TEXT_PUT(channel->channel, tunnel->names);
    TEXT_PUT(channel->session, tunnel->session);
    TEXT_PUT(channel->person, tunnel->person);
    TEXT_PUT(channel->host, tunnel->host);
    TEXT_PUT(channel->network, tunnel->network);
}

static void say_farewell(struct tunnel *tunnel, enum channel_reason reason)
{
    const struct tunnel_content *content = tunnel->content;
    unsigned char packet[WEBSOCKET_SAY_MAX];
    size_t length = content && content->farewell ? content->farewell(tunnel->state, reason, packet) : 0;
    if (length)
        websocket_pump_say_last(tunnel->pump, packet, length);
    websocket_pump_say_goodbye(tunnel->pump, (uint16_t)(TUNNEL_GOODBYE + reason), channel_reason_words[reason]);
}

static void end_tunnel(struct tunnel *tunnel, enum channel_reason reason)
{
    struct tunnels *tunnels = tunnel->tunnels;
    struct tunnel_end end = {.reason = reason};
    struct websocket_figures figures;
    bool is_named = tunnel->names[0];
    websocket_pump_figures(tunnel->pump, &figures);
    tunnel_describe(tunnel, &end.channel);
    end.bytes_to_host = figures.bytes_to_bare;
    end.bytes_to_person = figures.bytes_to_web;
    if (is_named)
        log_info("tunnel", "%s from %s has ended: %s", end.channel.channel, end.channel.network,
                 channel_reason_words[reason]);
    else
        log_info("tunnel", "%s: the way of a desk has ended: %s", end.channel.network, channel_reason_words[reason]);
    say_farewell(tunnel, reason);
    tunnel_free(tunnel);
    if (is_named)
        tunnels->ended(tunnels->arg, &end);
}

static void pump_is_over(void *arg, enum websocket_pump_end end)
{
    static const enum channel_reason reasons[] = {[WEBSOCKET_PUMP_WEB] = CHANNEL_CLIENT_CLOSED,
                                                  [WEBSOCKET_PUMP_BARE] = CHANNEL_HOST_CLOSED,
                                                  [WEBSOCKET_PUMP_BROKEN] = CHANNEL_BROKEN};
    struct tunnel *tunnel = arg;
    // The host may be ahead of the broker, for whom it closes: a page has nobody else from whom it hears why.
    if (end == WEBSOCKET_PUMP_BARE && tunnel->way == CHANNEL_BROWSER)
        tunnel->host_closed_ms = clock_steady_ms();
    else
        end_tunnel(tunnel, reasons[end]);
}

// ---- all

static enum channel_reason look_at(const struct tunnel *tunnel, const struct websocket_figures *figures, int64_t now_ms)
{
    if (tunnel->host_closed_ms)
        return now_ms - tunnel->host_closed_ms > WORD_MS ? CHANNEL_HOST_CLOSED : CHANNEL_REASON_NONE;
    if (!tunnel->has_no_frames && now_ms - figures->web_heard_ms > DEAD_MS)
        return CHANNEL_CLIENT_CLOSED;
    if (tunnel->max_ms && now_ms - tunnel->opened_ms > tunnel->max_ms)
        return CHANNEL_TOO_LONG;
    if (tunnel->idle_ms && now_ms - figures->payload_ms > tunnel->idle_ms)
        return CHANNEL_IDLE;
    return CHANNEL_REASON_NONE;
}

// First as the way's own programs are asked: FreeRDP 3.10 answers a WebSocket's ping by a longer frame than there may
// be. May end the tunnel.
static void ask_for_an_answer(struct tunnel *tunnel, int64_t heard_ms, int64_t now_ms)
{
    unsigned char packet[WEBSOCKET_SAY_MAX];
    const struct tunnel_content *content = tunnel->content;
    bool is_first = tunnel->pinged_ms <= heard_ms;
    size_t length = is_first && content && content->keepalive ? content->keepalive(tunnel->state, packet) : 0;
    tunnel->pinged_ms = now_ms;
    if (length)
        websocket_pump_say(tunnel->pump, packet, length);
    else
        websocket_pump_ping(tunnel->pump);
}

static void sweep_tunnels(void *arg)
{
    struct tunnels *tunnels = arg;
    int64_t now_ms = clock_steady_ms();
    loop_timer_start(tunnels->sweep, SWEEP_MS);
    for (struct tunnel *tunnel = tunnels->first, *next; tunnel; tunnel = next) {
        struct websocket_figures figures;
        next = tunnel->next;
        websocket_pump_figures(tunnel->pump, &figures);
        enum channel_reason reason = look_at(tunnel, &figures, now_ms);
        if (reason != CHANNEL_REASON_NONE) {
            end_tunnel(tunnel, reason);
        } else if (!tunnel->has_no_frames && now_ms - figures.web_heard_ms > PING_MS &&
                   now_ms - tunnel->pinged_ms > PING_MS) {
            ask_for_an_answer(tunnel, figures.web_heard_ms, now_ms);
        }
    }
}

struct tunnels *tunnels_new(struct loop *loop, const struct tunnel_limits *limits, tunnel_ended *ended, void *arg)
{
    struct tunnels *tunnels = mem_new(1, sizeof *tunnels);
    assert(limits->all > 0 && limits->person > 0 && limits->network > 0);
    tunnels->loop = loop;
    tunnels->limits = *limits;
    tunnels->ended = ended;
    tunnels->arg = arg;
    tunnels->pool = websocket_pool_new(loop, (size_t)limits->buffer_bytes, false);
    tunnels->sweep = loop_timer_new(loop, sweep_tunnels, tunnels);
    loop_timer_start(tunnels->sweep, SWEEP_MS);
    return tunnels;
}

void tunnels_free(struct tunnels *tunnels)
{
    if (!tunnels)
        return;
    while (tunnels->first)
        tunnel_free(tunnels->first);
    tally_fini(&tunnels->persons);
    tally_fini(&tunnels->networks);
    loop_timer_free(tunnels->sweep);
    websocket_pool_free(tunnels->pool);
    free(tunnels);
}

size_t tunnels_count(const struct tunnels *tunnels)
{
    return tunnels->count;
}

struct websocket_pool *tunnels_pool(const struct tunnels *tunnels)
{
    return tunnels->pool;
}

bool tunnels_have_room(const struct tunnels *tunnels, const char *person, const char *network, struct fault *why)
{
    int64_t of_person = person[0] ? tally_count(&tunnels->persons, person) : 0;
    int64_t of_network = tally_count(&tunnels->networks, network);
    if (!person[0] && (int64_t)tunnels->desks >= tunnels->limits.all - tunnels->limits.all / 2)
        return fault_set(why, FAULT_BUSY, "half of all (tunnels) are desks that speak to the broker already");
    if ((int64_t)tunnels->count >= tunnels->limits.all)
        return fault_set(why, FAULT_BUSY, "there are %zu tunnels already (tunnels)", tunnels->count);
    if (of_network >= tunnels->limits.network)
        return fault_set(why, FAULT_BUSY, "there are %lld from %s already (network-tunnels)", (long long)of_network,
                         network);
    return of_person < tunnels->limits.person ||
           fault_set(why, FAULT_BUSY, "there are %lld of %s already (person-tunnels)", (long long)of_person, person);
}

static struct tunnel *tunnel_named(const struct gateway_channel *channel)
{
    size_t channel_size = strlen(channel->channel) + 1, session_size = strlen(channel->session) + 1,
           host_size = strlen(channel->host) + 1;
    struct tunnel *tunnel = mem_new(1, sizeof *tunnel + channel_size + session_size + host_size);
    memcpy(tunnel->names, channel->channel, channel_size);
    tunnel->session = memcpy(tunnel->names + channel_size, channel->session, session_size);
    tunnel->host = memcpy(tunnel->names + channel_size + session_size, channel->host, host_size);
    return tunnel;
}

void tunnels_open(struct tunnels *tunnels, const struct tunnel_plan *plan)
{
    struct tunnel *tunnel = tunnel_named(&plan->channel);
    tunnel->tunnels = tunnels;
    tunnel->opened_ms = clock_steady_ms();
    tunnel->since_ms = plan->channel.since_ms;
    tunnel->fence = plan->channel.fence;
    tunnel->way = (enum channel_way)plan->channel.way;
    tunnel->idle_ms = plan->idle_minutes * MINUTE_MS;
    tunnel->max_ms = plan->max_minutes * MINUTE_MS;
    tunnel->person = tally_add(&tunnels->persons, plan->channel.person);
    tunnel->network = tally_add(&tunnels->networks, plan->channel.network);
    tunnel->next = tunnels->first;
    tunnel->before = &tunnels->first;
    if (tunnel->next)
        tunnel->next->before = &tunnel->next;
    tunnels->first = tunnel;
    tunnels->count++;
    tunnels->desks += !tunnel->names[0];
    tunnel->has_no_frames = plan->has_no_frames;
    tunnel->pump =
        websocket_pump_new(tunnels->pool, &plan->caller, plan->has_no_frames ? WEBSOCKET_NONE : WEBSOCKET_SERVER,
                           &plan->far, pump_is_over, tunnel);
    tunnel->content = plan->content;
    tunnel->state = plan->state;
    if (plan->content)
        websocket_pump_carry(tunnel->pump, &plan->content->frames, plan->state, plan->frames);
    websocket_pump_start(tunnel->pump, plan->early, plan->early_length);
}

static struct tunnel *find_tunnel(const struct tunnels *tunnels, const char *channel)
{
    struct tunnel *tunnel = tunnels->first;
    while (tunnel && !text_equal(tunnel->names, channel))
        tunnel = tunnel->next;
    return tunnel;
}

bool tunnels_close(struct tunnels *tunnels, const char *channel, enum channel_reason reason)
{
    struct tunnel *tunnel = find_tunnel(tunnels, channel);
    if (tunnel)
        end_tunnel(tunnel, reason);
    return tunnel;
}

void tunnels_notice(struct tunnels *tunnels, const char *channel, const char *text)
{
    unsigned char packet[WEBSOCKET_SAY_MAX];
    struct tunnel *tunnel = find_tunnel(tunnels, channel);
    const struct tunnel_content *content = tunnel ? tunnel->content : NULL;
    assert(strlen(text) < HOST_TEXT_SIZE);
    size_t length = content && content->notice ? content->notice(tunnel->state, text, packet) : 0;
    if (length)
        websocket_pump_say(tunnel->pump, packet, length);
}

struct tunnel *tunnels_next(const struct tunnels *tunnels, const struct tunnel *tunnel)
{
    struct tunnel *next = tunnel ? tunnel->next : tunnels->first;
    while (next && !next->names[0])
        next = next->next;
    return next;
}
