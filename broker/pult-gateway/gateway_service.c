// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/gateway_service.h"
#include "broker/api/record.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-gateway/door_logon.h"
#include "broker/pult-gateway/gate.h"
#include "broker/pult-gateway/guest.h"

#include <stdlib.h>
#include <string.h>

enum {
    MIB = 1024 * 1024,
    ENDS_MAX = 20000,          // that the broker has not counted yet; of more, the oldest are lost
    TELL_AGAIN_MS = 10 * 1000, // what was told and not counted
};

// A channel that has ended, until the broker has counted it.
struct told_end {
    struct told_end *next;
    int64_t number; // from 1 since the start: the broker knows by it which it has counted
    struct tunnel_end end;
};

struct gateway_service {
    struct loop *loop;
    const struct gateway_config *config;
    struct uplink *uplink;
    struct channel_office *office;
    struct tunnels *tunnels;
    struct gate *gate;
    struct tls_trust *portal_trust;
    struct told_end *first, **last; // the oldest first
    size_t count;
    int64_t run, last_number; // run: of this start of the program
    struct loop_timer *again;
    char id[ID_SIZE];
};

static bool send_message(void *arg, const void *message)
{
    const struct gateway_service *service = arg;
    return client_link_send(uplink_client(service->uplink), message);
}

// ---- what has ended

static void tell_end(struct gateway_service *service, const struct told_end *told)
{
    const struct tunnel_end *end = &told->end;
    const struct gateway_channel *channel = &end->channel;
    struct gateway_message message = {
        .type = GATEWAY_ENDED,
        .way = channel->way,
        .since_ms = channel->since_ms,
        .reason = end->reason,
        .bytes_to_host = end->bytes_to_host,
        .bytes_to_person = end->bytes_to_person,
        .run = service->run,
        .number = told->number,
    };
    TEXT_PUT(message.channel, channel->channel);
    TEXT_PUT(message.session, channel->session);
    TEXT_PUT(message.person, channel->person);
    TEXT_PUT(message.host, channel->host);
    TEXT_PUT(message.network, channel->network);
    send_message(service, &message);
}

static void drop_end(struct gateway_service *service, struct told_end **at)
{
    struct told_end *end = *at;
    *at = end->next;
    if (!*at)
        service->last = at;
    service->count--;
    free(end);
}

static void channel_ended(void *arg, const struct tunnel_end *end)
{
    struct gateway_service *service = arg;
    struct told_end *told = mem_new(1, sizeof *told);
    told->end = *end;
    told->number = ++service->last_number;
    *service->last = told;
    service->last = &told->next;
    if (++service->count > ENDS_MAX)
        drop_end(service, &service->first);
    if (service->count == 1)
        loop_timer_start(service->again, TELL_AGAIN_MS);
    tell_end(service, told);
}

static void end_is_counted(struct gateway_service *service, const char *channel)
{
    for (struct told_end **at = &service->first; *at; at = &(*at)->next)
        if (text_equal((*at)->end.channel.channel, channel)) {
            drop_end(service, at);
            return;
        }
}

static void tell_ends(void *arg)
{
    struct gateway_service *service = arg;
    for (const struct told_end *end = service->first; end; end = end->next)
        tell_end(service, end);
    if (service->first)
        loop_timer_start(service->again, TELL_AGAIN_MS);
}

// ---- the link

static struct gateway_channel *add_channel(struct gateway_service *service, struct gateway_message *message)
{
    if (message->channels.count == GATEWAY_CHANNELS_MAX) {
        send_message(service, message);
        message->channels.count = 0;
    }
    return record_add(&message->channels, &gateway_channel_type);
}

// Also of those who are no tunnels yet: the broker would else take their channels for ended.
static void tell_channels(struct gateway_service *service)
{
    struct gateway_message message = {.type = GATEWAY_CHANNELS};
    for (const struct tunnel *tunnel = tunnels_next(service->tunnels, NULL); tunnel;
         tunnel = tunnels_next(service->tunnels, tunnel))
        tunnel_describe(tunnel, add_channel(service, &message));
    for (const struct guest *guest = gate_next_with_channel(service->gate, NULL); guest;
         guest = gate_next_with_channel(service->gate, guest))
        *add_channel(service, &message) = guest->plan.channel;
    message.last = true;
    send_message(service, &message);
    free(message.channels.rows);
}

static void welcome(struct gateway_service *service, const struct gateway_message *message)
{
    log_info("link", "connected to the broker as %s%s", service->id, message->draining ? ", out of service" : "");
    gate_name(service->gate, message->name, message->port);
    gate_set(service->gate, message->draining, true);
    gate_vouch(service->gate, service->id, message->key);
    tell_ends(service); // before it hears which are left
    tell_channels(service);
}

static void drain(struct gateway_service *service, bool draining)
{
    if (gate_is_draining(service->gate) != draining)
        log_info("link",
                 draining ? "out of service: nobody is let in any more, %zu tunnels go on"
                          : "in service again; there are %zu tunnels",
                 tunnels_count(service->tunnels));
    gate_set(service->gate, draining, true);
}

static void link_message(void *arg, const void *of_link)
{
    struct gateway_service *service = arg;
    const struct gateway_message *message = of_link;
    switch ((enum gateway_message_type)message->type) {
    case GATEWAY_WELCOME:
        welcome(service, message);
        return;
    case GATEWAY_OPENED:
        channel_office_hear(service->office, message);
        return;
    case GATEWAY_CLOSE:
        gate_close(service->gate, message->channel, (enum channel_reason)message->reason);
        return;
    case GATEWAY_DRAIN:
        gate_name(service->gate, message->name, message->port);
        drain(service, message->draining);
        return;
    case GATEWAY_COUNTED:
        end_is_counted(service, message->channel);
        return;
    case GATEWAY_NOTICE:
        tunnels_notice(service->tunnels, message->channel, message->text);
        return;
    case GATEWAY_OPEN:
    case GATEWAY_CHANNELS:
    case GATEWAY_ENDED:
    case GATEWAY_MESSAGE_TYPE_COUNT:
        return; // only we say these
    }
}

static void link_down(void *arg)
{
    struct gateway_service *service = arg;
    gate_set(service->gate, gate_is_draining(service->gate), false);
    channel_office_link_down(service->office);
    log_warn("link", "broker unreachable; nobody new gets in, %zu tunnels go on", tunnels_count(service->tunnels));
}

static void link_refused(void *arg, enum refusal refusal, const char *detail)
{
    (void)arg;
    log_error("link", "%s (%s)", refusal_rows[refusal].sentence, detail);
}

// ---- who comes to the front door

static struct door_logon *open_door_logon(void *arg, door_logon_done *done, void *done_arg)
{
    const struct gateway_service *service = arg;
    return door_logon_new(service->loop, service->uplink, done, done_arg);
}

static const struct door_port door_port = {open_door_logon, door_logon_ask, door_logon_free};

// ---- putting it together

static bool open_gate(struct gateway_service *service, struct fault *why)
{
    const struct gateway_config *config = service->config;
    const struct tunnel_limits limits = {config->tunnels, config->person_tunnels, config->network_tunnels,
                                         config->buffer_mib * MIB};
    service->tunnels = tunnels_new(service->loop, &limits, channel_ended, service);
    service->office = channel_office_new(service->loop, send_message, channel_ended, service);
    service->gate =
        gate_new(service->loop, config, service->tunnels, service->office, &door_port, channel_ended, service, why);
    return service->gate != NULL;
}

// The broker shows the same certificate to those whom gateways pass on.
static bool open_portal_way(struct gateway_service *service, struct fault *why)
{
    const struct gateway_config *config = service->config;
    const struct tls_trust_config trust = {.host = config->broker, .ca_file = config->broker_ca};
    service->portal_trust = tls_trust_new(&trust, why);
    if (service->portal_trust)
        gate_serve_portal(service->gate, service->portal_trust);
    return service->portal_trust != NULL;
}

static bool connect_broker(struct gateway_service *service, const struct uplink_config *uplink, struct fault *why)
{
    static const struct websocket_events events = {.down = link_down, .message = link_message, .refused = link_refused};
    service->uplink = uplink_new(service->loop, uplink, &events, service, why);
    return service->uplink != NULL;
}

struct gateway_service *gateway_service_new(struct loop *loop, const struct gateway_config *config,
                                            const struct uplink_config *uplink, struct fault *why)
{
    struct gateway_service *service = mem_new(1, sizeof *service);
    service->loop = loop;
    service->config = config;
    service->last = &service->first;
    arc4random_buf(&service->run, sizeof service->run);
    service->run &= INT64_MAX;
    service->again = loop_timer_new(loop, tell_ends, service);
    enrol_id(service->id, NOUN_GATEWAY, config->state_dir);
    if (!*service->id)
        fault_set(why, FAULT_ABSENT, "this gateway is not enrolled; run pult-gateway --enrol");
    if (*service->id && open_gate(service, why) && open_portal_way(service, why) &&
        connect_broker(service, uplink, why))
        return service;
    gateway_service_free(service);
    return NULL;
}

void gateway_service_free(struct gateway_service *service)
{
    if (!service)
        return;
    gate_free(service->gate);
    tunnels_free(service->tunnels);
    channel_office_free(service->office);
    uplink_free(service->uplink);
    tls_trust_free(service->portal_trust);
    loop_timer_free(service->again);
    while (service->first)
        drop_end(service, &service->first);
    free(service);
}
