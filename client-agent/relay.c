// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/relay.h"
#include "broker/api/channel.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/client/gateway_dial.h"
#include "broker/net/dial.h"
#include "broker/net/pump.h"
#include "broker/net/tcp_watch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { REDIAL_MS = 1000, PROVEN_MS = 5000 };
// While a desktop is on the screen its host's kernel is asked each second, and has to have answered after two.
enum { ASK_S = 1, LOOK_MS = 300, SILENT_MS = 2000, UNANSWERED_MS = 12000 };

struct relay {
    struct loop *loop;
    char path[108], address[256];
    int port;
    int64_t dial_ms, give_up_ms;
    int listener, viewer, host; // -1: not there; viewer and host only until they are paired
    struct loop_watch *listener_watch;
    struct dial *dial;
    struct gateway_client *gateway; // NULL: none
    struct gateway_dial *through;
    char channel[CHANNEL_TOKEN_SIZE];
    struct pump *pump;
    struct loop_timer *redial, *give_up, *look;
    int far; // the pump's descriptor of the host
    struct tcp_gap gap;
    bool small_packets;
    int64_t silent_since_ms;            // 0: it is heard
    int64_t up_since_ms, give_up_at_ms; // 0: not yet
    bool was_up, host_ended, over;
    relay_told *told;
    void *arg;
};

static void dial_host(void *arg);

static void drop_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static void drop_connections(struct relay *relay)
{
    pump_free(take(relay->pump));
    dial_free(take(relay->dial));
    gateway_dial_free(take(relay->through));
    loop_timer_stop(relay->redial);
    loop_timer_stop(relay->look);
    relay->silent_since_ms = 0;
    drop_descriptor(&relay->viewer);
    drop_descriptor(&relay->host);
}

static void end_with(struct relay *relay, enum relay_event event)
{
    relay->over = true;
    loop_timer_stop(relay->give_up);
    drop_connections(relay);
    relay->told(relay->arg, event);
}

// The viewer connects anew or ends; we wait for either, but not for ever. A host that accepts and hangs up at once does
// not start the waiting time again.
static void line_ended(void *arg, enum pump_side first)
{
    struct relay *relay = arg;
    int64_t now_ms = clock_steady_ms();
    bool proven = now_ms - relay->up_since_ms >= PROVEN_MS;
    relay->host_ended = first == PUMP_FAR;
    drop_connections(relay);
    if (proven || relay->give_up_at_ms == 0)
        relay->give_up_at_ms = now_ms + relay->give_up_ms;
    int64_t left_ms = relay->give_up_at_ms - now_ms;
    loop_timer_start(relay->give_up, left_ms > 0 ? left_ms : 0);
}

static void pair_ends(struct relay *relay)
{
    if (relay->viewer < 0 || relay->host < 0)
        return;
    dial_watch_over(relay->host, ASK_S, ASK_S, UNANSWERED_MS);
    relay->pump = pump_new(relay->loop, relay->viewer, relay->host, line_ended, relay);
    relay->far = relay->host;
    relay->gap = (struct tcp_gap){0};
    loop_timer_start(relay->look, LOOK_MS);
    relay->viewer = relay->host = -1;
    relay->was_up = true;
    relay->up_since_ms = clock_steady_ms();
    loop_timer_stop(relay->give_up);
    relay->told(relay->arg, RELAY_UP);
}

static void be_silent(struct relay *relay)
{
    relay->silent_since_ms = clock_steady_ms();
    relay->told(relay->arg, RELAY_SILENT);
}

static void look_at_host(void *arg)
{
    struct relay *relay = arg;
    struct tcp_reading reading;
    int64_t now_ms = clock_steady_ms();
    loop_timer_start(relay->look, LOOK_MS);
    if (!relay->small_packets && tcp_gap_stays(&relay->gap, relay->far)) {
        log_warn("relay", "%s: large packets are lost on the way (MTU); only small ones for an hour", relay->address);
        relay->small_packets = true;
        line_ended(relay, PUMP_FAR);
        relay->told(relay->arg, RELAY_PACKETS_LOST);
        return;
    }
    if (!tcp_watch_read(relay->far, &reading))
        return;
    if (!relay->silent_since_ms && reading.silent_ms >= SILENT_MS) {
        be_silent(relay);
    } else if (relay->silent_since_ms && reading.silent_ms < now_ms - relay->silent_since_ms) {
        relay->silent_since_ms = 0;
        relay->told(relay->arg, RELAY_HEARD);
    }
}

void relay_presume_silent(struct relay *relay)
{
    if (relay->pump && !relay->silent_since_ms)
        be_silent(relay);
}

static void host_dialled(void *arg, int descriptor, const struct fault *why)
{
    struct relay *relay = arg;
    dial_free(take(relay->dial));
    gateway_dial_free(take(relay->through));
    relay->host = descriptor;
    if (descriptor >= 0 && relay->viewer < 0) {
        relay->told(relay->arg, RELAY_REACHED);
        return;
    }
    if (descriptor >= 0) {
        pair_ends(relay);
        return;
    }
    log_warn("relay", "%s: %s", relay->address, why->text);
    // A gateway wants another token each time.
    if (relay->was_up && !relay->gateway)
        loop_timer_start(relay->redial, REDIAL_MS);
    else
        end_with(relay, RELAY_UNREACHABLE);
}

static void dial_host(void *arg)
{
    struct relay *relay = arg;
    if (relay->gateway) {
        relay->through =
            gateway_dial_new(relay->gateway, GATEWAY_TO_HOST, relay->channel, relay->dial_ms, host_dialled, relay);
        explicit_bzero(relay->channel, sizeof relay->channel);
        return;
    }
    relay->dial = dial_new(relay->loop, NULL, relay->address, relay->port, relay->dial_ms, host_dialled, relay);
    if (relay->small_packets)
        dial_use_small_packets(relay->dial);
}

static void gave_up(void *arg)
{
    end_with(arg, RELAY_GIVEN_UP);
}

static void rdp_client_connects(void *arg, bool readable, bool writable)
{
    struct relay *relay = arg;
    (void)readable;
    (void)writable;
    int descriptor = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0 || relay->over) {
        drop_descriptor(&descriptor);
        return;
    }
    // A viewer has one line: a new one means that it has given up the old.
    if (relay->pump)
        line_ended(relay, PUMP_NEAR);
    drop_descriptor(&relay->viewer);
    relay->viewer = descriptor;
    if (relay->was_up && !relay->dial && !relay->through && relay->host < 0) {
        loop_timer_stop(relay->redial);
        dial_host(relay);
        relay->told(relay->arg, RELAY_MENDING);
    } else {
        pair_ends(relay);
    }
}

static bool listen_for_viewer(struct relay *relay, uid_t viewer, struct fault *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    TEXT_PUT(address.sun_path, relay->path);
    unlink(relay->path);
    relay->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool fine = relay->listener >= 0 && bind(relay->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                chmod(relay->path, 0600) == 0 && chown(relay->path, viewer, (gid_t)-1) == 0 &&
                listen(relay->listener, 4) == 0;
    return fine || fault_set(why, FAULT_UNAVAILABLE, "%.100s: %s", relay->path, strerror(errno));
}

struct relay *relay_new(struct loop *loop, const struct relay_config *config, relay_told *told, void *arg,
                        struct fault *why)
{
    struct relay *relay = mem_new(1, sizeof *relay);
    relay->loop = loop;
    relay->port = config->port;
    relay->dial_ms = config->dial_ms;
    relay->give_up_ms = config->give_up_ms;
    relay->was_up = config->was_up;
    relay->small_packets = config->small_packets;
    relay->gateway = config->gateway;
    TEXT_PUT(relay->channel, config->channel ? config->channel : "");
    relay->listener = relay->viewer = relay->host = -1;
    relay->told = told;
    relay->arg = arg;
    relay->redial = loop_timer_new(loop, dial_host, relay);
    relay->give_up = loop_timer_new(loop, gave_up, relay);
    relay->look = loop_timer_new(loop, look_at_host, relay);
    TEXT_PUT(relay->path, config->socket_path);
    TEXT_PUT(relay->address, config->address);
    if (!listen_for_viewer(relay, config->viewer, why)) {
        relay_free(relay);
        return NULL;
    }
    relay->listener_watch = loop_watch_new(loop, relay->listener, rdp_client_connects, relay);
    loop_watch_set(relay->listener_watch, true, false);
    if (relay->was_up)
        loop_timer_start(relay->give_up, relay->give_up_ms);
    dial_host(relay);
    return relay;
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    drop_connections(relay);
    loop_watch_free(relay->listener_watch);
    drop_descriptor(&relay->listener);
    unlink(relay->path);
    loop_timer_free(relay->redial);
    loop_timer_free(relay->give_up);
    loop_timer_free(relay->look);
    free(relay);
}

bool relay_host_ended(const struct relay *relay)
{
    return relay->pump ? pump_is_ending(relay->pump, PUMP_FAR) : relay->host_ended;
}
