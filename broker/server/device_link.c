// SPDX-License-Identifier: EUPL-1.2
// The WebSockets of devices and of session hosts' agents: who may have one, what comes over it, what goes out.
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/device_messages.h"
#include "broker/calls/host_messages.h"
#include "broker/server/connection.h"
#include "broker/server/server.h"

#include <string.h>

// ---- beginning and end

static bool path_is(struct lws *wsi, enum method_id method)
{
    char path[32];
    return lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) > 0 &&
           text_equal(path, method_find(method, NOUN_NONE)->path);
}

static bool may_have_device_link(const struct connection *connection)
{
    const struct device *device = connection_device(connection);
    return device && !device->disabled;
}

// Asked for at every message and sweep: what a certificate stands for can change while the line is open.
static bool has_standing(const struct connection *connection)
{
    return connection->among == &connection->server->hosts ? connection_host(connection) != NULL
                                                           : may_have_device_link(connection);
}

// Before the upgrade: which kind of link it is to be, and whether the certificate is good for it.
static int link_asked(struct lws *wsi)
{
    struct connection *connection = connection_of(wsi);
    connection_settle(connection);
    if (path_is(wsi, METHOD_LINK) && may_have_device_link(connection))
        connection->among = &connection->server->devices;
    else if (path_is(wsi, METHOD_HOST_LINK) && connection_host(connection))
        connection->among = &connection->server->hosts;
    return connection->among ? 0 : -1;
}

static int link_begin(struct lws *wsi)
{
    struct connection *connection = connection_of(wsi);
    struct server *server = connection->server;
    if (!connection->among || !has_standing(connection))
        return -1;
    struct lws *older = link_table_add(connection->among, connection->common_name, wsi, &connection->link);
    if (older) {
        struct connection *replaced = lws_get_opaque_user_data(older);
        if (replaced)
            replaced->link = NULL;
        connection_kill(older);
    }
    if (connection->among == &server->hosts)
        host_linked(server->services, connection->common_name);
    return 0;
}

void device_link_end(struct connection *connection)
{
    if (!connection || !connection->link)
        return;
    struct server *server = connection->server;
    bool of_host = connection->among == &server->hosts;
    link_table_remove(connection->among, connection->link);
    connection->link = NULL;
    if (of_host)
        host_unlinked(server->services, connection->common_name);
}

// ---- what comes

static void take_device_message(struct connection *connection, json_object *object)
{
    struct fault why;
    struct link_message message;
    if (codec_read(link_message_fields, sizeof message, CODEC_ANSWER, object, &message, &why))
        device_message(connection->server->services, connection->common_name, &message);
    else
        log_warn("link", "%s: message refused: %s", connection->common_name, why.text);
}

static void take_message(struct connection *connection)
{
    struct fault why;
    struct device_link *link = connection->link;
    owned(json) json_object *object = NULL;
    bool parsed = codec_parse(&object, link->received.bytes, link->received.length, &why);
    text_drop(&link->received); // most links say nothing for hours
    if (!parsed)
        log_warn("link", "%s: message refused: %s", connection->common_name, why.text);
    else if (connection->among == &connection->server->hosts)
        host_message(connection->server->services, connection->common_name, object);
    else
        take_device_message(connection, object);
}

static int receive(struct connection *connection, struct lws *wsi, const char *bytes, size_t length)
{
    struct device_link *link = connection->link;
    size_t most = connection->among == &connection->server->hosts ? HOST_MESSAGE_MAX : LINK_MESSAGE_MAX;
    if (!link || !has_standing(connection) || link->received.length + length > most)
        return -1;
    link->heard_ms = clock_steady_ms();
    text_add(&link->received, bytes, length);
    if (lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi))
        take_message(connection);
    return 0;
}

// ---- what goes out

static int write_ping(struct connection *connection)
{
    unsigned char ping[LWS_PRE + 1];
    connection->link->ping_due = false;
    lws_callback_on_writable(connection->wsi);
    return lws_write(connection->wsi, ping + LWS_PRE, 0, LWS_WRITE_PING) < 0 ? -1 : 0;
}

static int write_next(struct connection *connection)
{
    struct device_link *link = connection->link;
    if (!link || !has_standing(connection))
        return -1;
    if (link->ping_due)
        return write_ping(connection);
    owned(bytes) char *message = link_table_take(link);
    if (!message)
        return 0;
    size_t length = strlen(message);
    owned(bytes) unsigned char *frame = mem_new(1, LWS_PRE + length);
    memcpy(frame + LWS_PRE, message, length);
    explicit_bzero(message, length);
    if (link->queued)
        lws_callback_on_writable(connection->wsi);
    int written = lws_write(connection->wsi, frame + LWS_PRE, length, LWS_WRITE_TEXT);
    explicit_bzero(frame + LWS_PRE, length);
    return written < 0 ? -1 : 0;
}

int on_link(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    (void)user;
    struct connection *connection = NULL;
    switch ((int)reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return link_asked(wsi);
    case LWS_CALLBACK_ESTABLISHED:
        return link_begin(wsi);
    case LWS_CALLBACK_RECEIVE:
        return receive(connection_of(wsi), wsi, in, length);
    case LWS_CALLBACK_RECEIVE_PONG:
        connection = connection_of(wsi);
        if (connection->link)
            connection->link->heard_ms = clock_steady_ms();
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return write_next(connection_of(wsi));
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY:
        device_link_end(lws_get_opaque_user_data(wsi));
        connection_end(wsi);
        return 0;
    default:
        return 0;
    }
}

// ---- for the broker

static void sweep(struct link_table *links, int64_t now_ms)
{
    for (size_t i = 0; i < links->table.count; i++) {
        struct device_link *link = links->table.records[i];
        if (!has_standing(connection_of(link->wsi))) {
            lws_callback_on_writable(link->wsi); // write_next ends it
        } else if (now_ms - link->heard_ms > LINK_DEAD_MS) {
            connection_kill(link->wsi);
        } else if (now_ms - link->heard_ms > LINK_PING_MS && now_ms - link->pinged_ms > LINK_PING_MS) {
            link->pinged_ms = now_ms;
            link->ping_due = true;
            lws_callback_on_writable(link->wsi);
        }
    }
}

void server_sweep_links(struct server *server)
{
    int64_t now_ms = clock_steady_ms();
    sweep(&server->devices, now_ms);
    sweep(&server->hosts, now_ms);
}

static bool device_online(void *self, const char *device_id)
{
    struct server *server = self;
    return sorted_table_find(&server->devices.table, device_id) != NULL;
}

static bool send_to_device(void *self, const char *device_id, const struct link_message *message)
{
    struct server *server = self;
    return link_table_send(&server->devices, device_id, link_message_fields, message);
}

static size_t count_devices(void *self)
{
    struct server *server = self;
    return server->devices.table.count;
}

struct link_port server_links(struct server *server)
{
    return (struct link_port){server, device_online, send_to_device, count_devices};
}

static bool host_online(void *self, const char *host_id)
{
    struct server *server = self;
    return sorted_table_find(&server->hosts.table, host_id) != NULL;
}

static bool send_to_host(void *self, const char *host_id, const struct host_message *message)
{
    struct server *server = self;
    return link_table_send(&server->hosts, host_id, host_message_fields, message);
}

struct host_link_port server_host_links(struct server *server)
{
    return (struct host_link_port){server, host_online, send_to_host};
}
