// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/wire.h"
#include "broker/base/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    HEADERS_MAX = 80 * 1024, // a Negotiate header of Active Directory can have 64 KiB
    CONNECT_S = 5,           // an address, then the next one of the name
    FAREWELL_ROUNDS = 5,
};

struct wire {
    struct loop *loop;
    struct lws_context *lws;
    struct trust *trust;
    char *host, *peer;
    int port;
};

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    (void)user;
    struct wire_end *end = wsi ? lws_get_opaque_user_data(wsi) : NULL;
    return end ? end->event(end, (int)reason, in, length) : 0;
}

static void log_line(int level, const char *line)
{
    (void)level;
    log_debug("lws", "%.*s", (int)strcspn(line, "\n"), line);
}

static struct lws_context *new_context(struct wire *wire)
{
    static const struct lws_protocols protocols[] = {
        {.name = "http", .callback = on_event},
        {.name = "pult", .callback = on_event, .rx_buffer_size = 4096},
        {.name = NULL},
    };
    void *foreign[] = {loop_uv(wire->loop)};
    lws_set_log_level(LLL_ERR | LLL_WARN, log_line);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .foreign_loops = foreign,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .provided_client_ssl_ctx = trust_context(wire->trust),
        .pt_serv_buf_size = HEADERS_MAX,
        .fd_limit_per_thread = 64,
        .timeout_secs = 3600, // the deadlines are the callers'
        .connect_timeout_secs = CONNECT_S,
        .http_proxy_address = "", // the broker is in the house; the variable http_proxy is not for it
    };
    return lws_create_context(&info);
}

static char *peer_name(const char *host, int port)
{
    struct text text = {0};
    bool ipv6 = strchr(host, ':');
    text_addf(&text, "%s%s%s", ipv6 ? "[" : "", host, ipv6 ? "]" : "");
    if (port != 443)
        text_addf(&text, ":%d", port);
    return text.bytes;
}

struct wire *wire_new(struct loop *loop, const struct client_config *config, struct fault *why)
{
    struct trust *trust = trust_new(config->host, config->ca_file, config->certificate_file, config->key_file, why);
    if (!trust)
        return NULL;
    struct wire *wire = mem_new(1, sizeof *wire);
    wire->loop = loop;
    wire->trust = trust;
    wire->host = mem_dup(config->host);
    wire->peer = peer_name(config->host, config->port);
    wire->port = config->port;
    wire->lws = new_context(wire);
    assert(wire->lws); // no memory, or the package of libwebsockets' libuv part is missing
    return wire;
}

// libwebsockets closes its libuv handles in two rounds of the loop and must be destroyed once more after the last. An
// event counter is always writable, so it tells the rounds.
struct farewell {
    struct lws_context *lws;
    struct trust *trust;
    int descriptor;
    struct loop_watch *watch;
    int rounds;
};

static void farewell_round(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct farewell *farewell = arg;
    if (--farewell->rounds)
        return;
    lws_context_destroy(farewell->lws);
    trust_free(farewell->trust);
    loop_watch_free(farewell->watch);
    close(farewell->descriptor);
    free(farewell);
}

void wire_free(struct wire *wire)
{
    struct farewell *farewell = mem_new(1, sizeof *farewell);
    farewell->lws = wire->lws;
    farewell->trust = wire->trust;
    farewell->rounds = FAREWELL_ROUNDS;
    farewell->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert(farewell->descriptor >= 0);
    farewell->watch = loop_watch_new(wire->loop, farewell->descriptor, farewell_round, farewell);
    loop_watch_set(farewell->watch, false, true);
    lws_context_destroy(wire->lws);
    free(wire->host);
    free(wire->peer);
    free(wire);
}

struct trust *wire_trust(struct wire *wire)
{
    return wire->trust;
}

const char *wire_peer(const struct wire *wire)
{
    return wire->peer;
}

bool wire_dial(struct wire *wire, struct wire_end *end, const char *method, const char *path)
{
    struct lws_client_connect_info info = {
        .context = wire->lws,
        .address = wire->host,
        .port = wire->port,
        .path = path,
        .host = wire->peer,
        .method = method,
        .protocol = method ? NULL : "pult",
        .local_protocol_name = method ? "http" : "pult",
        .alpn = "http/1.1",
        // `trust` checks the name; libwebsockets' own check takes any certificate for an IPv6 address.
        .ssl_connection = LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK | LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
        .opaque_user_data = end,
        .pwsi = &end->wsi,
    };
    trust_begin(wire->trust);
    if (!lws_client_connect_via_info(&info)) {
        end->wsi = NULL;
        return false;
    }
    lws_cancel_service(wire->lws); // else its own timers only start with the first byte
    return true;
}

void wire_forget(struct wire_end *end)
{
    if (end->wsi)
        lws_set_opaque_user_data(end->wsi, NULL);
    end->wsi = NULL;
}

void wire_cut(struct wire_end *end)
{
    struct lws *wsi = end->wsi;
    wire_forget(end);
    if (wsi)
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

void wire_blame(struct wire *wire, const char *reason, char *sentence, size_t size)
{
    const char *refused = trust_refused(wire->trust);
    struct text text = {0};
    if (refused[0])
        text_addf(&text, "%s: its certificate is not accepted: %s", wire->peer, refused);
    else
        text_addf(&text, "%s: %s", wire->peer, reason);
    text_cut(sentence, size, text.bytes);
    text_drop(&text);
}
