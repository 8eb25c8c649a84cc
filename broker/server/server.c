// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/server.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/gateway_messages.h"
#include "broker/net/certificate.h"
#include "broker/net/listener.h"
#include "broker/net/lws_poll_guard.h"
#include "broker/net/lws_spin_guard.h"
#include "broker/net/tls_policy.h"
#include "broker/server/authorities.h"
#include "broker/server/connection.h"
#include "broker/server/gateway_port.h"
#include "broker/server/tls.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    HEADERS_MAX = 65000,
    KEEPALIVE_S = 75,
    ANSWER_HEADERS_MAX = 4096,
    BODY_MS = 15000,
    OTHER_FILES = 256, // not connections of this server
    // A whole TLS record and room to spare: with libuv, libwebsockets 4.1 forgets what a third read would have to
    // fetch.
    READ_MAX = 16 * 1024 + 256,
    SWEEP_MS = 1000,
    LIBRARY_LATER_S = 2,
    SET_COOKIE_MAX = 256,
};

// ---- the answer

static bool add_header(struct lws *wsi, const char *name, const char *value, unsigned char **at, unsigned char *end)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value,
                                       (int)strlen(value), at, end) == 0;
}

static bool add_proof_headers(struct exchange *exchange, struct lws *wsi, unsigned char **at, unsigned char *end)
{
    char value[NEGOTIATE_REPLY_SIZE + 16];
    if (exchange->negotiate_reply && exchange->negotiate_reply[0])
        snprintf(value, sizeof value, "Negotiate %s", exchange->negotiate_reply);
    else if (exchange->status == 401 && exchange->wants_ticket)
        TEXT_PUT(value, "Negotiate");
    else
        return true;
    return add_header(wsi, "www-authenticate:", value, at, end);
}

static bool add_cookies(const struct page_visit *visit, struct lws *wsi, unsigned char **at, unsigned char *end)
{
    char cookie[SET_COOKIE_MAX];
    for (const char *line = visit->cookies.bytes; line && *line; line += strcspn(line, "\n") + 1) {
        snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(line, "\n"), line);
        if (!add_header(wsi, "set-cookie:", cookie, at, end))
            return false;
    }
    return true;
}

static bool add_file_name(struct lws *wsi, const char *file_name, unsigned char **at, unsigned char *end)
{
    char value[128];
    snprintf(value, sizeof value, "attachment; filename=\"%s\"", file_name);
    return add_header(wsi, "content-disposition:", value, at, end);
}

// What a browser may do with the page, and where it goes on.
static bool add_page_headers(const struct exchange *exchange, struct lws *wsi, unsigned char **at, unsigned char *end)
{
    const struct page_visit *visit = exchange->visit;
    char name[64];
    for (const struct page_field *field = page_policy(visit->kind); field->name; field++) {
        snprintf(name, sizeof name, "%s:", field->name);
        text_lower(name);
        if (!add_header(wsi, name, field->value, at, end))
            return false;
    }
    return (!visit->content_encoding || add_header(wsi, "content-encoding:", visit->content_encoding, at, end)) &&
           (visit->kind != PAGE_ASSET || add_header(wsi, "vary:", "accept-encoding", at, end)) &&
           (!visit->location || add_header(wsi, "location:", visit->location, at, end)) &&
           (!visit->file_name || add_file_name(wsi, visit->file_name, at, end)) && add_cookies(visit, wsi, at, end);
}

static const char *type_of(const struct exchange *exchange)
{
    if (exchange->visit)
        return exchange->visit->content_type ? exchange->visit->content_type : "text/html; charset=utf-8";
    if (exchange->is_text && exchange->status == 200)
        return "text/plain; version=0.0.4";
    return exchange->status >= 400 ? "application/problem+json" : "application/json";
}

static bool add_headers(struct exchange *exchange, struct lws *wsi, unsigned char **at, unsigned char *end)
{
    char retry_after[24];
    snprintf(retry_after, sizeof retry_after, "%lld", (long long)exchange->retry_after_s);
    return lws_add_http_common_headers(wsi, (unsigned)exchange->status, type_of(exchange), exchange->body.length, at,
                                       end) == 0 &&
           (exchange->visit ? add_page_headers(exchange, wsi, at, end)
                            : add_header(wsi, "cache-control:", "no-store", at, end)) &&
           (!exchange->retry_after_s || add_header(wsi, "retry-after:", retry_after, at, end)) &&
           (!exchange->etag[0] || add_header(wsi, "etag:", exchange->etag, at, end)) &&
           add_proof_headers(exchange, wsi, at, end) && lws_finalize_http_header(wsi, at, end) == 0;
}

// libwebsockets reads the next request when it was told that it may write. After a whole answer it may, and is told so
// here: a turn of the loop later, in which it waits for that, costs as much as reading a request. The connection may be
// gone then. Outside its callbacks its timers and what it has read already stand still until it is woken.
static int complete_answer(struct server *server, enum listener_kind kind, struct lws *wsi, bool in_callback)
{
    if (in_callback)
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    struct lws_pollfd writable = {.fd = lws_get_socket_fd(wsi), .events = POLLIN | POLLOUT, .revents = POLLOUT};
    lws_poll_hold();
    int ended = lws_http_transaction_completed(wsi) ? -1 : 0;
    if (!ended && !lws_partial_buffered(wsi))
        lws_service_fd(lws_get_context(wsi), &writable);
    lws_poll_release();
    if (!server->wakes)
        loop_timer_start(server->wake, 0);
    server->wakes |= 1u << kind;
    return ended;
}

static void wake_library(void *arg)
{
    struct server *server = arg;
    unsigned wakes = server->wakes;
    server->wakes = 0;
    for (enum listener_kind kind = 0; kind < LISTENER_COUNT; kind++)
        if (wakes & 1u << kind)
            lws_cancel_service(server->contexts[kind]);
}

// Headers and body in one write: one TLS record, one packet, one time that the other side wakes up.
static int send_answer(struct connection *connection, bool in_callback)
{
    struct exchange *exchange = connection->exchange;
    struct server *server = connection->server;
    enum listener_kind kind = connection->port;
    struct lws *wsi = connection->wsi;
    size_t length = exchange->body.length;
    assert(exchange->status && !exchange->request && exchange->connection == connection);
    bool close = exchange->close;
    owned(bytes) unsigned char *answer = NULL;
    size_t room = 0;
    mem_reserve(&answer, &room, LWS_PRE + ANSWER_HEADERS_MAX + length, 1);
    unsigned char *start = answer + LWS_PRE, *at = start;
    if (!add_headers(exchange, wsi, &at, start + ANSWER_HEADERS_MAX))
        return -1;
    memcpy(at, exchange->body.bytes, length);
    explicit_bzero(exchange->body.bytes, length);
    exchange_end(connection);
    connection_step(connection, false);
    int written = lws_write(wsi, start, (size_t)(at - start) + length, LWS_WRITE_HTTP_FINAL);
    explicit_bzero(at, length);
    if (written < 0 || close)
        return -1;
    return complete_answer(server, kind, wsi, in_callback);
}

// Called by the call, perhaps long after the connection broke.
static void finish_request(struct request *request, int status, struct text *answer, int64_t retry_after_s)
{
    struct exchange *exchange = request->arg;
    assert(exchange->request == request && exchange->status == 0 && status >= 200); // once
    exchange->status = status;
    exchange->retry_after_s = retry_after_s;
    exchange->negotiate_reply = take(request->negotiate_reply);
    exchange->visit = take(request->visit);
    TEXT_PUT(exchange->etag, request->etag);
    text_drop(&exchange->body);
    exchange->body = *answer;
    request_fini(request);
    free(request);
    exchange->request = NULL;
    struct connection *connection = exchange->connection;
    assert(!connection || connection->exchange == exchange);
    if (!connection)
        exchange_free(exchange);
    else if (connection->in_callback)
        lws_callback_on_writable(connection->wsi);
    else if (connection->dropped || send_answer(connection, false) != 0)
        connection_kill(connection->wsi);
}

// ---- the request

static int begin_request(struct lws *wsi, const char *path)
{
    struct connection *connection = connection_of(wsi);
    bool has_body = false;
    if (connection->exchange)
        return -1; // a second request before the first was answered
    struct exchange *exchange = mem_new(1, sizeof *exchange);
    exchange->connection = connection;
    exchange->began_ms = clock_steady_ms();
    connection->exchange = exchange;
    exchange->request = mem_new(1, sizeof *exchange->request);
    exchange->request->finish = finish_request;
    exchange->request->arg = exchange;
    connection->in_callback = true;
    connection_step(connection, false);
    if (!exchange_begin(exchange, wsi, path, &has_body))
        exchange->close = has_body && !exchange->body_comes; // what would follow is no request
    else if (!has_body)
        exchange_dispatch(exchange);
    connection->in_callback = false;
    return 0;
}

static int take_body(struct connection *connection, const char *bytes, size_t length)
{
    struct exchange *exchange = connection->exchange;
    // A deadline for the whole: libwebsockets has one from one part to the next only.
    if (exchange && clock_steady_ms() - exchange->began_ms > BODY_MS)
        return -1;
    if (!exchange || exchange->status || !exchange->request || exchange->request->body)
        return 0; // refused already: what still comes is passed over
    if (exchange->body.length + length > exchange->body_max)
        return -1;
    // All of it at once: moved, a password would stay behind.
    mem_reserve(&exchange->body.bytes, &exchange->body.capacity, exchange->body_max + 1, 1);
    text_add(&exchange->body, bytes, length);
    return 0;
}

// libwebsockets says so again, round and round, as long as there is more to read than the request: nobody but that
// client would be served. Who sends the next request before the answer is sent away.
static int body_complete(struct connection *connection)
{
    struct exchange *exchange = connection->exchange;
    if (!exchange || exchange->whole)
        return -1;
    exchange->whole = true;
    connection->in_callback = true;
    if (exchange->request && !exchange->request->body && !exchange->status)
        exchange_dispatch(exchange);
    connection->in_callback = false;
    if (exchange->status)
        lws_callback_on_writable(connection->wsi);
    return 0;
}

// A refusal waits for the end of the body: hanging up on what is still on its way would take back the answer.
static bool may_answer(const struct connection *connection)
{
    const struct exchange *exchange = connection->exchange;
    return exchange && exchange->status && (exchange->whole || !exchange->body_comes);
}

static struct server *server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

// A device that was too long in a cupboard gets through to a refusal that says so, and no further: the dates are looked
// at again with each request. Everything else about its certificate has to be right.
static bool may_be_told_why(struct lws *wsi, X509_STORE_CTX *store)
{
    const struct connection *connection = lws_get_opaque_user_data(wsi);
    return connection_is_of_machines(connection->port) && X509_STORE_CTX_get_error_depth(store) == 0 &&
           X509_STORE_CTX_get_error(store) == X509_V_ERR_CERT_HAS_EXPIRED;
}

static const char *const listener_names[] = {
    [LISTENER_PUBLIC] = "public", [LISTENER_DEVICE] = "device",   [LISTENER_ADMIN] = "admin",
    [LISTENER_PORTAL] = "portal", [LISTENER_GATEWAY] = "gateway",
};

static void prepare_context(struct server *server, SSL_CTX *context)
{
    server->tls[server->opening] = context;
    tls_policy_set(context);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); // most links are idle
    // Else what was decrypted last stays in its buffers, and in memory once they are released: passwords, too.
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
    ticket_keys_serve(server->ticket_keys, context, listener_names[server->opening]);
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct connection *connection = NULL;
    int taken = 0;
    if (connection_must_end(wsi, reason))
        return -1;
    switch ((int)reason) {
    case LWS_CALLBACK_OPENSSL_PERFORM_CLIENT_CERT_VERIFICATION:
        // Without this answer libwebsockets takes any certificate: `length` is OpenSSL's own verdict.
        return length || may_be_told_why(wsi, user) ? 0 : 1;
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        prepare_context(server_of(wsi), user);
        return 0;
    case LWS_CALLBACK_WSI_CREATE:
        connection_created(wsi);
        return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return text_equal(in, "websocket") ? 0 : -1;
    case LWS_CALLBACK_HTTP:
        return begin_request(wsi, in);
    case LWS_CALLBACK_HTTP_BODY:
        taken = take_body(connection_of(wsi), in, length);
        if (length)
            explicit_bzero(in, length); // a buffer of libwebsockets, which would keep a password
        return taken;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return body_complete(connection_of(wsi));
    case LWS_CALLBACK_HTTP_WRITEABLE:
        connection = connection_of(wsi);
        return may_answer(connection) ? send_answer(connection, true) : 0;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: // a WebSocket of no protocol, or of this one's name
    case LWS_CALLBACK_RAW_ADOPT:                  // CONNECT makes it a raw line, without any timeout
    case LWS_CALLBACK_RAW_RX:
        return -1;
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY:
        agent_link_end(lws_get_opaque_user_data(wsi));
        connection_end(wsi);
        return 0;
    default:
        return 0;
    }
}

// ---- start and end

// protocols[0] answers for certificates.
static const struct lws_protocols protocols[] = {
    {.name = "http", .callback = on_http},
    // What goes out is not cut up into pieces of the size of what comes in.
    {.name = "pult", .callback = on_link, .rx_buffer_size = LINK_PIECE, .tx_packet_size = READ_MAX},
    {.name = NULL},
};

static void log_lws(int level, const char *line)
{
    if (level & (LLL_ERR | LLL_WARN))
        log_warn("http", "%.*s", (int)strcspn(line, "\n"), line);
}

// Libwebsockets' own patience is for those whom we no longer watch, since they have proven something.
static unsigned library_patience_s(const struct server_config *config)
{
    return (unsigned)(config->unproven.patience_ms / 1000) + LIBRARY_LATER_S;
}

// A virtual host that gets its connections from a listener of ours.
static struct lws_vhost *vhost_new(struct lws_context *context, enum listener_kind kind,
                                   const struct server_config *config, const char *ca_file)
{
    // Else it keeps a timer for each WebSocket, all in one list that it walks. Links have their own pings.
    static const lws_retry_bo_t no_pings = {.secs_since_valid_hangup = 0};
    struct lws_context_creation_info info = {
        .vhost_name = listener_names[kind],
        .retry_and_idle_policy = &no_pings,
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .ssl_cert_filepath = config->certificate_file,
        .ssl_private_key_filepath = config->key_file,
        .ssl_ca_filepath = ca_file,
        .alpn = "http/1.1", // its HTTP/2 has a flood that ends no connection
        .keepalive_timeout = KEEPALIVE_S,
        .timeout_secs_ah_idle = library_patience_s(config),
        .options = (ca_file ? LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT : 0) |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS, // for a client that it could be, too: 150 certificates a port
    };
    return lws_create_vhost(context, &info);
}

// Directories, probes and the journal have files open, too: without a rest for them it is they who fail in a flood.
static size_t connections_max(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > INT_MAX)
        return INT_MAX;
    return files.rlim_cur > 4 * OTHER_FILES ? files.rlim_cur - OTHER_FILES : files.rlim_cur * 3 / 4;
}

// A context each: among the virtual hosts of one, libwebsockets picks by what the client asks for (SNI, Host), and with
// the host the certificates that it believes. What a device says must not lead it to the administrators' port.
static struct lws_context *context_new(struct server *server, const struct server_config *config)
{
    void *loops[1] = {loop_uv(server->services->loop)};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .foreign_loops = loops,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .max_http_header_data2 = HEADERS_MAX,
        .timeout_secs = library_patience_s(config),
        .pt_serv_buf_size = READ_MAX,
        .user = server,
    };
    return lws_create_context(&info);
}

static void enter(void *arg, int descriptor, struct unproven *unproven, const struct passed_caller *caller)
{
    const struct port_entry *entry = arg;
    if (caller)
        entry = &entry->server->entries[caller->wish];
    connection_begin(entry->server, entry->kind, entry->vhost, descriptor, unproven, caller);
}

// What is shown and believed there.
static bool prepare_entry(struct server *server, enum listener_kind kind, const struct server_config *config,
                          const char *ca_file, struct fault *why)
{
    struct lws_context *context = server->contexts[kind] = context_new(server, config);
    if (!context)
        return fault_set(why, FAULT_UNAVAILABLE, "cannot start libwebsockets (is libwebsockets-evlib-uv installed?)");
    server->opening = kind;
    struct lws_vhost *vhost = vhost_new(context, kind, config, ca_file);
    if (!vhost)
        return fault_set(why, FAULT_INVALID, "cannot use certificate %s with key %s%s%s", config->certificate_file,
                         config->key_file, ca_file ? " and CA " : "", ca_file ? ca_file : "");
    server->entries[kind] = (struct port_entry){server, kind, vhost};
    return true;
}

static bool listen_on(struct server *server, enum listener_kind kind, const struct server_config *config, int port,
                      const char *ca_file, struct fault *why)
{
    if (!prepare_entry(server, kind, config, ca_file, why))
        return false;
    const struct listener_config listening = {
        .loop = server->services->loop,
        .unproven = server->unproven,
        .unproven_port = (int)kind,
        .open = &server->open,
        .open_max = server->open_max,
        .listen_address = config->address,
        .port = port,
        .begin = enter,
        .admit = kind == LISTENER_GATEWAY ? gateway_port_admits : NULL,
        .arg = &server->entries[kind],
    };
    server->listeners[kind] = listener_new(&listening, why);
    return server->listeners[kind] != NULL;
}

// By one port for both, desks and people.
static bool listen_to_gateways(struct server *server, const struct server_config *config, struct fault *why)
{
    return (!server->services->portal || prepare_entry(server, LISTENER_PORTAL, config, NULL, why)) &&
           listen_on(server, LISTENER_GATEWAY, config, config->gateway_port, config->device_ca_file, why);
}

static bool read_admin_authorities(struct authorities *authorities, const struct server_config *config,
                                   struct fault *why)
{
    const char *path = config->admin_ca_file;
    struct fault reason = {0};
    // What a device holds must never open this port.
    if (certificate_file_holds(path, config->device_ca_file))
        return fault_set(why, FAULT_INVALID, "admin-ca: %s is not readable, or is the CA of the devices", path);
    return authorities_read(authorities, path, &reason) || fault_set(why, reason.kind, "admin-ca: %s", reason.text);
}

static bool listen_for_administrators(struct server *server, const struct server_config *config, struct fault *why)
{
    owned(authorities) struct authorities authorities = {0};
    return read_admin_authorities(&authorities, config, why) &&
           listen_on(server, LISTENER_ADMIN, config, config->admin_port, config->admin_ca_file, why);
}

// As the configuration calls them.
static const char *const port_names[] = {
    [LISTENER_PUBLIC] = "port",        [LISTENER_DEVICE] = "device-port",   [LISTENER_ADMIN] = "admin-port",
    [LISTENER_PORTAL] = "portal-port", [LISTENER_GATEWAY] = "gateway-port", NULL,
};

// What may not go on ends within a second or two.
static void sweep_server(void *arg)
{
    struct server *server = arg;
    unproven_sweep(server->unproven, clock_steady_ms());
    gateway_sweep(server->services);
    loop_timer_start(server->sweep, SWEEP_MS);
}

static bool open_listeners(struct server *server, const struct server_config *config, struct fault *why)
{
    assert(lws_spin_guard_works() && lws_poll_guard_works());
    lws_set_log_level(LLL_ERR | LLL_WARN, log_lws);
    server->open_max = connections_max();
    server->unproven = unproven_table_new(&config->unproven, port_names);
    server->sweep = loop_timer_new(server->services->loop, sweep_server, server);
    server->wake = loop_timer_new(server->services->loop, wake_library, server);
    loop_timer_start(server->sweep, SWEEP_MS);
    return listen_on(server, LISTENER_PUBLIC, config, config->port, NULL, why) &&
           listen_on(server, LISTENER_DEVICE, config, config->device_port, config->device_ca_file, why) &&
           (!config->gateway_port || listen_to_gateways(server, config, why)) &&
           (!config->admin_ca_file[0] || listen_for_administrators(server, config, why));
}

struct server *server_new(struct services *services, const struct server_config *config, struct fault *why)
{
    struct server *server = mem_new(1, sizeof *server);
    server->services = services;
    server->ticket_keys = config->ticket_keys;
    if (!open_listeners(server, config, why)) {
        server_free(server);
        return NULL;
    }
    return server;
}

// ---- renewal

static bool use_pair(struct server *server, const struct certificate_pair *pair, struct fault *why)
{
    for (enum listener_kind kind = 0; kind < LISTENER_COUNT; kind++)
        if (server->tls[kind] && !certificate_pair_use(pair, server->tls[kind], why))
            return false;
    return true;
}

// All is read before any of it is used. Tickets of before are resumed no more: their owners did not see what is shown
// now.
bool server_renew(struct server *server, const struct server_config *config, struct fault *why)
{
    SSL_CTX *of_admins = server->tls[LISTENER_ADMIN], *outside = server->tls[LISTENER_GATEWAY];
    struct certificate_pair pair = {0};
    owned(authorities) struct authorities admins = {0}, devices = {0}, others = {0};
    bool renewed = certificate_pair_read(&pair, config->certificate_file, config->key_file, why) &&
                   (!of_admins || read_admin_authorities(&admins, config, why)) &&
                   authorities_read(&devices, config->device_ca_file, why) &&
                   (!outside || authorities_read(&others, config->device_ca_file, why)) && use_pair(server, &pair, why);
    certificate_pair_drop(&pair);
    if (!renewed)
        return false;
    authorities_use(server->tls[LISTENER_DEVICE], &devices);
    if (of_admins)
        authorities_use(of_admins, &admins);
    if (outside)
        authorities_use(outside, &others);
    for (enum listener_kind kind = 0; kind < LISTENER_COUNT; kind++)
        if (server->tls[kind])
            ticket_keys_serve(server->ticket_keys, server->tls[kind], listener_names[kind]);
    return true;
}

static void get_figures(void *self, enum listener_kind kind, struct listener_figures *figures)
{
    const struct server *server = self;
    struct unproven_figures now;
    unproven_figures(server->unproven, (int)kind, clock_steady_ms(), &now);
    *figures = (struct listener_figures){now.unproven,       now.dropped_full,  now.dropped_late,
                                         now.flood_since_ms, now.flood_dropped, ""};
    TEXT_PUT(figures->network, now.network);
}

struct listener_port server_listeners(struct server *server)
{
    return (struct listener_port){server, get_figures};
}

void server_release(struct server *server)
{
    if (!server->closing || server->open)
        return;
    unproven_table_free(server->unproven);
    sorted_table_clear(&server->callers);
    link_table_clear(&server->links);
    free(server);
}

// libwebsockets ends its connections when the loop runs for the last time: the last of them releases the server.
void server_free(struct server *server)
{
    if (!server)
        return;
    loop_timer_free(server->sweep);
    loop_timer_free(server->wake);
    server->wakes = UINT_MAX; // nobody wakes it any more
    for (enum listener_kind kind = 0; kind < LISTENER_COUNT; kind++) {
        listener_free(server->listeners[kind]);
        if (server->contexts[kind])
            lws_context_destroy(server->contexts[kind]);
    }
    server->closing = true;
    server_release(server);
}
