// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/tls_connection.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

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

struct tls_connector {
    struct loop *loop;
    struct lws_context *lws;
    struct tls_trust *trust;
    char *host, *peer;
    int port;
};

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    (void)user;
    struct tls_connection *end = wsi ? lws_get_opaque_user_data(wsi) : NULL;
    return end ? end->event(end, (int)reason, in, length) : 0;
}

static void log_line(int level, const char *line)
{
    (void)level;
    log_debug("lws", "%.*s", (int)strcspn(line, "\n"), line);
}

static struct lws_context *new_context(struct tls_connector *connector)
{
    static const struct lws_protocols protocols[] = {
        {.name = "http", .callback = on_event},
        {.name = "pult", .callback = on_event, .rx_buffer_size = 4096},
        {.name = NULL},
    };
    void *foreign[] = {loop_uv(connector->loop)};
    lws_set_log_level(LLL_ERR | LLL_WARN, log_line);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .foreign_loops = foreign,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .provided_client_ssl_ctx = tls_trust_context(connector->trust),
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

struct tls_connector *tls_connection_new(struct loop *loop, const char *host, int port, struct tls_trust *trust)
{
    struct tls_connector *connector = mem_new(1, sizeof *connector);
    connector->loop = loop;
    connector->trust = trust;
    connector->host = mem_dup(host);
    connector->peer = peer_name(host, port);
    connector->port = port;
    connector->lws = new_context(connector);
    assert(connector->lws); // no memory, or the package of libwebsockets' libuv part is missing
    return connector;
}

// libwebsockets closes its libuv handles in two rounds of the loop and must be destroyed once more after the last. An
// event counter is always writable, so it tells the rounds.
struct farewell {
    struct lws_context *lws;
    struct tls_trust *trust;
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
    tls_trust_free(farewell->trust);
    loop_watch_free(farewell->watch);
    close(farewell->descriptor);
    free(farewell);
}

void tls_connection_free(struct tls_connector *connector)
{
    struct farewell *farewell = mem_new(1, sizeof *farewell);
    farewell->lws = connector->lws;
    farewell->trust = connector->trust;
    farewell->rounds = FAREWELL_ROUNDS;
    farewell->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert(farewell->descriptor >= 0);
    farewell->watch = loop_watch_new(connector->loop, farewell->descriptor, farewell_round, farewell);
    loop_watch_set(farewell->watch, false, true);
    lws_context_destroy(connector->lws);
    free(connector->host);
    free(connector->peer);
    free(connector);
}

struct tls_trust *tls_connection_trust(struct tls_connector *connector)
{
    return connector->trust;
}

const char *tls_connection_peer(const struct tls_connector *connector)
{
    return connector->peer;
}

bool tls_connection_dial(struct tls_connector *connector, struct tls_connection *end, const char *method,
                         const char *path)
{
    struct lws_client_connect_info info = {
        .context = connector->lws,
        .address = connector->host,
        .port = connector->port,
        .path = path,
        .host = connector->peer,
        .method = method,
        .protocol = method ? NULL : "pult",
        .local_protocol_name = method ? "http" : "pult",
        .alpn = "http/1.1",
        // `trust` checks the name; libwebsockets' own check takes any certificate for an IPv6 address.
        .ssl_connection = LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK | LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
        .opaque_user_data = end,
        .pwsi = &end->wsi,
    };
    tls_trust_begin(connector->trust);
    if (!lws_client_connect_via_info(&info)) {
        end->wsi = NULL;
        return false;
    }
    lws_cancel_service(connector->lws); // else its own timers only start with the first byte
    return true;
}

void tls_connection_forget(struct tls_connection *end)
{
    if (end->wsi)
        lws_set_opaque_user_data(end->wsi, NULL);
    end->wsi = NULL;
}

void tls_connection_cut(struct tls_connection *end)
{
    struct lws *wsi = end->wsi;
    tls_connection_forget(end);
    if (wsi)
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

void tls_connection_blame(struct tls_connector *connector, const char *reason, char *sentence, size_t size)
{
    const char *refused = tls_trust_refused(connector->trust);
    struct text text = {0};
    if (refused[0])
        text_addf(&text, "%s: its certificate is not accepted: %s", connector->peer, refused);
    else
        text_addf(&text, "%s: %s", connector->peer, reason);
    text_cut(sentence, size, text.bytes);
    text_drop(&text);
}
