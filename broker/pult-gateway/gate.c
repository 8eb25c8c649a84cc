// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/gate.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/net/certificate.h"
#include "broker/net/listener.h"
#include "broker/net/passed_ports.h"
#include "broker/pult-gateway/channel_plan.h"
#include "broker/pult-gateway/front_door.h"
#include "broker/pult-gateway/guest.h"
#include "broker/pult-gateway/inner_rdp.h"
#include "broker/pult-gateway/ways.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct shown_files {
    struct stat certificate, key;
};

struct gate {
    struct guest_room room;
    struct unproven_table *unproven;
    struct listener *listeners[PASSED_PORTS_MAX]; // one, or as many as were passed
    int listener_count;
    struct front_door *front_door; // NULL: there is none
    struct loop_timer *sweep;
    struct shown_files shown; // that the context was made of
};

enum {
    SWEEP_MS = 1000,
    DESCRIPTORS_SPARE = 64,
    DESCRIPTORS_OF_TUNNEL = 4, // where the RDP connection ends here, too
    HTTPS_PORT = 443,
    MIB = 1024 * 1024,
};

static const char *const port_names[] = {"port", "front-door-port", NULL};
enum { FRONT_DOOR = 1 }; // of these

// ---- what callers are shown

// False: one is not there.
static bool find_files(struct shown_files *files, const struct gateway_config *config)
{
    return stat(config->certificate, &files->certificate) == 0 && stat(config->key, &files->key) == 0;
}

static bool make_context(struct gate *gate, struct fault *why)
{
    struct certificate_pair pair = {0};
    // Before they are read, and also of files that cannot be used: the log says so once.
    if (!find_files(&gate->shown, gate->room.config))
        gate->shown = (struct shown_files){0};
    SSL_CTX *context = tls_line_context(TLS_server_method());
    SSL_CTX_set_num_tickets(context, 0); // desks do not come back with one, and making it costs as much as a dial
    SSL_CTX_set_read_ahead(context, 1);  // several records by one call; guests and tunnels read until there is nothing
    bool fine = certificate_pair_read(&pair, gate->room.config->certificate, gate->room.config->key, why) &&
                certificate_pair_use(&pair, context, why);
    certificate_pair_drop(&pair);
    if (!fine) {
        SSL_CTX_free(context);
        return false;
    }
    SSL_free(gate->room.pattern);
    SSL_CTX_free(gate->room.context);
    gate->room.context = context;
    gate->room.pattern = SSL_new(context);
    assert(gate->room.pattern);
    return true;
}

static void look_at_files(struct gate *gate)
{
    struct fault why = {0};
    struct shown_files now;
    if (!find_files(&now, gate->room.config) || (file_is_same_version(&now.certificate, &gate->shown.certificate) &&
                                                 file_is_same_version(&now.key, &gate->shown.key)))
        return;
    if (make_context(gate, &why))
        log_info("gate", "callers are shown the certificate that is in %s now", gate->room.config->certificate);
    else
        log_error("gate", "the new certificate cannot be used; still presenting the old one: %s", why.text);
}

static void sweep_gate(void *arg)
{
    struct gate *gate = arg;
    unproven_sweep(gate->unproven, clock_steady_ms());
    look_at_files(gate);
    loop_timer_start(gate->sweep, SWEEP_MS);
}

// ---- beginning and end

static void let_guest_in(void *arg, int descriptor, struct unproven *unproven, const struct passed_caller *caller)
{
    struct gate *gate = arg;
    guest_begin(&gate->room, descriptor, unproven, caller);
}

// Who really calls only proxies of the configuration may say. Without a header it is whose connection it is.
static bool may_say(void *arg, const struct sockaddr_storage *from, const struct proxy_header *header,
                    struct passed_caller *caller)
{
    const struct gate *gate = arg;
    struct address address;
    char text[ADDRESS_NETWORK_TEXT_SIZE] = "somebody";
    (void)caller;
    if (!header)
        return true;
    bool is_known = address_of_socket(&address, (const struct sockaddr *)from);
    bool may = is_known && address_networks_have(gate->room.config->proxies, &address);
    if (!may && is_known)
        address_network_print(text, &address);
    if (!may)
        log_info("gate", "%s is closed: says for whom it calls, and is none of the proxies", text);
    return may;
}

static size_t descriptors_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= DESCRIPTORS_SPARE)
        return DESCRIPTORS_SPARE;
    return (size_t)limit.rlim_cur - DESCRIPTORS_SPARE;
}

// `passed` 0: by the configuration.
static bool open_port(struct gate *gate, int passed, struct fault *why)
{
    const struct listener_config listening = {
        .loop = gate->room.loop,
        .unproven = gate->unproven,
        .open = &gate->room.open,
        .open_max = descriptors_max() / DESCRIPTORS_OF_TUNNEL,
        .listen_address = gate->room.config->address,
        .port = (int)gate->room.config->port,
        .passed = passed,
        .begin = let_guest_in,
        .admit = may_say,
        .arg = gate,
    };
    struct listener *listener = listener_new(&listening, why);
    if (listener)
        gate->listeners[gate->listener_count++] = listener;
    return listener != NULL;
}

static bool open_ports(struct gate *gate, struct fault *why)
{
    int passed[PASSED_PORTS_MAX], count;
    if (!passed_ports_take(passed, &count, why))
        return false;
    if (count)
        log_info("gate", "listening where systemd does; address and port of the configuration do not count");
    else
        return open_port(gate, 0, why);
    bool fine = true;
    for (int i = 0; i < count; i++)
        fine = open_port(gate, passed[i], why) && fine;
    return fine;
}

// Who is in the tunnel sees that it ends.
static void middle_has_failed(void *arg, const char *channel, enum channel_reason reason)
{
    struct gate *gate = arg;
    tunnels_close(gate->room.tunnels, channel, reason);
}

static bool open_front_door(struct gate *gate, struct fault *why)
{
    if (!gate->room.config->front_door_port)
        return true;
    gate->front_door =
        front_door_new(&gate->room, gate->unproven, FRONT_DOOR, descriptors_max() / DESCRIPTORS_OF_TUNNEL, why);
    return gate->front_door != NULL;
}

struct gate *gate_new(struct loop *loop, const struct gateway_config *config, struct tunnels *tunnels,
                      struct channel_office *office, const struct door_port *door, tunnel_ended *ended, void *arg,
                      struct fault *why)
{
    struct gate *gate = mem_new(1, sizeof *gate);
    const struct unproven_limits limits = {
        .all = config->unproven,
        .port = config->unproven,
        .network = config->network_unproven,
        .handshakes = config->unproven,
        .patience_ms = config->patience_s * 1000,
    };
    gate->room.loop = loop;
    gate->room.config = config;
    gate->room.tunnels = tunnels;
    gate->room.office = office;
    gate->room.door = door;
    gate->room.ended = ended;
    gate->room.arg = arg;
    gate->room.asks = ways_take;
    gate->room.failed = channel_plan_failed;
    gate->room.resolver = resolver_new(loop);
    gate->room.inner_context = inner_rdp_context();
    gate->room.middles =
        rdp_middles_new(loop, tunnels_pool(tunnels), gate->room.inner_context, middle_has_failed, gate);
    gate->unproven = unproven_table_new(&limits, port_names);
    gate->sweep = loop_timer_new(loop, sweep_gate, gate);
    if (make_context(gate, why) && open_ports(gate, why) && open_front_door(gate, why)) {
        loop_timer_start(gate->sweep, SWEEP_MS);
        return gate;
    }
    gate_free(gate);
    return NULL;
}

void gate_free(struct gate *gate)
{
    if (!gate)
        return;
    for (int i = 0; i < gate->listener_count; i++)
        listener_free(gate->listeners[i]);
    while (gate->room.guests)
        guest_end(gate->room.guests);
    front_door_free(gate->front_door);
    rdp_middles_free(gate->room.middles);
    portal_passages_free(gate->room.passages);
    loop_timer_free(gate->sweep);
    unproven_table_free(gate->unproven);
    resolver_free(gate->room.resolver);
    SSL_free(gate->room.pattern);
    SSL_CTX_free(gate->room.context);
    SSL_CTX_free(gate->room.inner_context);
    explicit_bzero(gate->room.key, sizeof gate->room.key);
    free(gate);
}

void gate_serve_portal(struct gate *gate, struct tls_trust *broker)
{
    const struct gateway_config *config = gate->room.config;
    const struct portal_limits limits = {config->tunnels, config->network_tunnels, config->buffer_mib * MIB,
                                         config->patience_s * 1000};
    assert(!gate->room.passages);
    gate->room.passages = portal_passages_new(gate->room.loop, &limits, broker);
}

void gate_close(struct gate *gate, const char *channel, enum channel_reason reason)
{
    if (tunnels_close(gate->room.tunnels, channel, reason))
        return;
    for (struct guest *guest = gate->room.guests; guest; guest = guest->next)
        if (guest_has_channel(guest) && text_equal(guest->plan.channel.channel, channel)) {
            guest_give_up(guest, reason, 403, "channel-refused");
            return;
        }
}

static void give_up_channels(struct gate *gate)
{
    for (struct guest *guest = gate->room.guests; guest; guest = guest->next)
        if (guest_has_channel(guest))
            guest_give_up(guest, CHANNEL_GATEWAY_DOWN, 503, "the broker does not answer; try again");
}

void gate_set(struct gate *gate, bool draining, bool linked)
{
    gate->room.draining = draining;
    gate->room.linked = linked;
    if (linked)
        return;
    explicit_bzero(gate->room.key, sizeof gate->room.key);
    give_up_channels(gate);
}

void gate_name(struct gate *gate, const char *name, int64_t port)
{
    static_assert((int)GUEST_ORIGIN_SIZE >= (int)NAME_SIZE + (int)sizeof "https://:65535", "it fits");
    char *origin = gate->room.origin;
    if (!name[0])
        origin[0] = 0;
    else if (port == HTTPS_PORT) // which browsers leave out
        snprintf(origin, sizeof gate->room.origin, "https://%s", name);
    else
        snprintf(origin, sizeof gate->room.origin, "https://%s:%d", name, (int)port);
}

void gate_vouch(struct gate *gate, const char *id, const char *key)
{
    TEXT_PUT(gate->room.id, id);
    TEXT_PUT(gate->room.key, key);
    gate->room.last_number = 0;
}

bool gate_is_draining(const struct gate *gate)
{
    return gate->room.draining;
}

const struct guest *gate_next_with_channel(const struct gate *gate, const struct guest *guest)
{
    const struct guest *next = guest ? guest->next : gate->room.guests;
    while (next && !guest_has_channel(next))
        next = next->next;
    return next;
}
