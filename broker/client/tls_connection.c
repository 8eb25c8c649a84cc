// SPDX-License-Identifier: EUPL-1.2
// libwebsockets 4.1 looks names up by itself, which blocks, tries their addresses one after the other and cannot be
// given a connection that stands. So it is told to connect to a socket of ours that never answers (`waiting_room`), and
// what it waits with is replaced by what was dialled: the next it hears is that it is connected. No packet is sent for
// that, and nothing ever comes out of the waiting room.
#include "broker/client/tls_connection.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/client/gateway_dial.h"
#include "broker/net/dial.h"

#include <assert.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    HEADERS_MAX = 80 * 1024, // a Negotiate header of Active Directory can have 64 KiB
    DIAL_MS = 5000,          // all addresses of the name
    UNANSWERED_MS = 12000,
    WATCH_MS = 500,
    WATCHED_MS = 30 * 1000, // a link that is older has its pings
    SHAKEN_MS = 3000,       // a handshake that takes longer is tried again with small packets
    FAST_MS = 2000,         // which say something only when theirs does not take as long
    SETTLE_MS = 1000,       // and a broker that was only slow answers the first one as well
    FAREWELL_ROUNDS = 5,
};

struct tls_connector {
    struct loop *loop;
    struct lws_context *lws;
    struct tls_trust *trust;
    char *host, *peer;
    int port;
    struct resolver *resolver;
    struct gateway_client *gateway; // NULL: none
    int64_t small_until_ms;
    struct tls_connection witness; // a handshake that was late: does it stay so when one with small packets does not?
    struct loop_timer *verdict;    // on the witness
    bool small_was_fast;
    int waiting_room;           // a listener whose queue is full
    char waiting_room_name[16]; // of it, as libwebsockets has it
};

static void note_shaken(struct tls_connection *end)
{
    struct tls_connector *connector = end->connector;
    end->shaken = true;
    if (!end->small || !connector->witness.wsi)
        return;
    connector->small_was_fast = true;
    loop_timer_start(connector->verdict, SETTLE_MS);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    (void)user;
    struct tls_connection *end = wsi ? lws_get_opaque_user_data(wsi) : NULL;
    if (end && reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER)
        note_shaken(end);
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
        .timeout_secs = 3600,     // the deadlines are the callers'
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

// The system names it. One waits in the queue already, so whoever comes after it is told to try later.
static void open_waiting_room(struct tls_connector *connector)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof address;
    int room = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool open = bind(room, (struct sockaddr *)&address, sizeof address.sun_family) == 0 && listen(room, 0) == 0 &&
                getsockname(room, (struct sockaddr *)&address, &length) == 0;
    int first = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert(open && connect(first, (struct sockaddr *)&address, length) == 0);
    close(first); // its place in the queue stays taken
    connector->waiting_room = room;
    snprintf(connector->waiting_room_name, sizeof connector->waiting_room_name, "+@%.*s",
             (int)(length - offsetof(struct sockaddr_un, sun_path) - 1), address.sun_path + 1);
}

static int witness_event(struct tls_connection *witness, int reason, void *in, size_t length);
static void judge(void *arg);

struct tls_connector *tls_connection_new(struct loop *loop, const char *host, int port, struct tls_trust *trust)
{
    struct tls_connector *connector = mem_new(1, sizeof *connector);
    connector->loop = loop;
    connector->trust = trust;
    connector->host = mem_dup(host);
    connector->peer = peer_name(host, port);
    connector->port = port;
    connector->resolver = resolver_new(loop);
    connector->witness = (struct tls_connection){.event = witness_event, .connector = connector};
    connector->verdict = loop_timer_new(loop, judge, connector);
    open_waiting_room(connector);
    connector->lws = new_context(connector);
    assert(connector->lws); // no memory, or the package of libwebsockets' libuv part is missing
    return connector;
}

void tls_connection_go_through(struct tls_connector *connector, struct gateway_client *gateway)
{
    connector->gateway = gateway;
}

// libwebsockets closes its libuv handles in two rounds of the loop and must be destroyed once more after the last. An
// event counter is always writable, so it tells the rounds.
struct farewell {
    struct lws_context *lws;
    struct tls_trust *trust;
    int descriptor, waiting_room;
    int *kept; // numbers
    size_t kept_count;
    struct loop_watch *watch;
    int rounds;
};

static bool is_same_file(int one, int other)
{
    struct stat of_one, of_other;
    return fstat(one, &of_one) == 0 && fstat(other, &of_other) == 0 && of_one.st_dev == of_other.st_dev &&
           of_one.st_ino == of_other.st_ino;
}

// libwebsockets 4.1 closes the descriptor that wakes it at once, and once more when the loop has let go of it. By then
// the number would be somebody else's, so it is kept for that.
static void begin_to_destroy(struct farewell *farewell, struct loop *loop)
{
    size_t count = loop_watched(loop, &farewell->kept);
    lws_context_destroy(farewell->lws);
    for (size_t i = 0; i < count; i++)
        if (fcntl(farewell->kept[i], F_GETFD) < 0)
            farewell->kept[farewell->kept_count++] = fcntl(farewell->waiting_room, F_DUPFD_CLOEXEC, farewell->kept[i]);
}

// A libwebsockets that closes it once leaves it to us.
static void drop_kept(struct farewell *farewell)
{
    for (size_t i = 0; i < farewell->kept_count; i++)
        if (is_same_file(farewell->kept[i], farewell->waiting_room))
            close(farewell->kept[i]);
    free(farewell->kept);
}

static void farewell_round(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct farewell *farewell = arg;
    if (--farewell->rounds)
        return;
    lws_context_destroy(farewell->lws);
    tls_trust_free(farewell->trust);
    loop_watch_free(farewell->watch);
    drop_kept(farewell);
    close(farewell->waiting_room);
    close(farewell->descriptor);
    free(farewell);
}

void tls_connection_free(struct tls_connector *connector)
{
    struct farewell *farewell = mem_new(1, sizeof *farewell);
    tls_connection_forget(&connector->witness);
    loop_timer_free(connector->verdict);
    farewell->lws = connector->lws;
    farewell->trust = connector->trust;
    farewell->waiting_room = connector->waiting_room;
    farewell->rounds = FAREWELL_ROUNDS;
    farewell->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert(farewell->descriptor >= 0);
    farewell->watch = loop_watch_new(connector->loop, farewell->descriptor, farewell_round, farewell);
    loop_watch_set(farewell->watch, false, true);
    resolver_free(connector->resolver); // frees a lower number, which a thread would take before the one to be kept
    begin_to_destroy(farewell, connector->loop);
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

static struct lws *begin_waiting(struct tls_connection *end)
{
    struct tls_connector *connector = end->connector;
    struct lws_client_connect_info info = {
        .context = connector->lws,
        .address = connector->waiting_room_name,
        .port = connector->port,
        .path = end->path,
        .host = connector->peer,
        .method = end->method,
        .protocol = end->method ? NULL : "pult",
        .local_protocol_name = end->method ? "http" : "pult",
        .alpn = "http/1.1",
        // `trust` checks the name; libwebsockets' own check takes any certificate for an IPv6 address.
        .ssl_connection = LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK | LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
        .opaque_user_data = end,
        .pwsi = &end->wsi,
    };
    tls_trust_begin(connector->trust);
    return lws_client_connect_via_info(&info);
}

static void tell_failure(struct tls_connection *end, const char *sentence)
{
    owned(bytes) char *copy = mem_dup(sentence);
    end->wsi = NULL;
    end->event(end, LWS_CALLBACK_CLIENT_CONNECTION_ERROR, copy, strlen(copy));
}

// The loop has not looked at libwebsockets' own socket yet, so it only ever sees the one that takes its place.
static bool hand_over(struct tls_connection *end, int descriptor)
{
    dial_watch_over(descriptor, 0, 0, UNANSWERED_MS); // who is quiet is pinged, or has a deadline
    if (!begin_waiting(end))
        return false;
    if (dup3(descriptor, lws_get_socket_fd(end->wsi), O_CLOEXEC) < 0)
        assert(!"a descriptor cannot take another one's place");
    lws_cancel_service(end->connector->lws); // else its own timers only start with the first byte
    return true;
}

static void begin_dial(struct tls_connection *end);

static void cut_off(struct tls_connection *end)
{
    struct lws *wsi = end->wsi;
    end->wsi = NULL;
    lws_set_opaque_user_data(wsi, NULL);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

// ---- large packets that get lost

static void remember_loss(struct tls_connector *connector)
{
    log_warn("link", "%s: large packets are lost on the way (MTU); only small ones for an hour", connector->peer);
    connector->small_until_ms = clock_steady_ms() + SMALL_PACKETS_MS;
}

static int witness_event(struct tls_connection *witness, int reason, void *in, size_t length)
{
    (void)in, (void)length;
    bool ended = reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR || reason == LWS_CALLBACK_WSI_DESTROY;
    if (!ended && reason != LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER)
        return 0;
    log_info("link", "%s: it was only slow", witness->connector->peer);
    loop_timer_stop(witness->connector->verdict);
    tls_connection_forget(witness);
    return -1;
}

static void judge(void *arg)
{
    struct tls_connector *connector = arg;
    cut_off(&connector->witness);
    if (connector->small_was_fast)
        remember_loss(connector);
}

// A late handshake may be a slow broker's: it goes on beside the one that is tried with small packets.
static void call_as_witness(struct tls_connection *end)
{
    struct tls_connector *connector = end->connector;
    if (connector->witness.wsi) {
        cut_off(end);
        return;
    }
    connector->witness.wsi = take(end->wsi);
    lws_set_opaque_user_data(connector->witness.wsi, &connector->witness);
    connector->small_was_fast = false;
    loop_timer_start(connector->verdict, FAST_MS);
}

// Nothing of the request is out before the handshake is over, so that it can be begun again. Later its sender decides.
static void look_for_lost_packets(void *arg)
{
    struct tls_connection *end = arg;
    if (!end->wsi || end->small || clock_steady_ms() - end->stood_ms > WATCHED_MS)
        return;
    loop_timer_start(end->watch, WATCH_MS);
    bool is_late = !end->shaken && clock_steady_ms() - end->stood_ms >= SHAKEN_MS;
    bool is_lost = tcp_gap_stays(&end->gap, lws_get_socket_fd(end->wsi));
    if (is_lost) {
        remember_loss(end->connector);
        cut_off(end);
    } else if (is_late) {
        call_as_witness(end);
    } else {
        return;
    }
    if (end->shaken) {
        end->packets_lost = true;
        tell_failure(end, "large packets are lost on the way");
        return;
    }
    log_warn("link", "%s: no answer to the handshake; trying with small packets", end->connector->peer);
    end->small = true;
    begin_dial(end);
}

// ---- connections

static void dialled(void *arg, int descriptor, const struct fault *why)
{
    struct tls_connection *end = arg;
    dial_free(take(end->dial));
    gateway_dial_free(take(end->through));
    if (descriptor < 0) {
        tell_failure(end, why->text);
        return;
    }
    bool handed_over = hand_over(end, descriptor);
    close(descriptor);
    if (!handed_over) {
        tell_failure(end, "no connection");
        return;
    }
    end->stood_ms = clock_steady_ms();
    end->gap = (struct tcp_gap){0};
    if (!end->watch)
        end->watch = loop_timer_new(end->connector->loop, look_for_lost_packets, end);
    loop_timer_start(end->watch, WATCH_MS);
}

static void begin_dial(struct tls_connection *end)
{
    struct tls_connector *connector = end->connector;
    if (connector->gateway) {
        end->through = gateway_dial_new(connector->gateway, GATEWAY_TO_BROKER, NULL, DIAL_MS, dialled, end);
        return;
    }
    end->dial = dial_new(connector->loop, connector->resolver, connector->host, connector->port, DIAL_MS, dialled, end);
    if (end->small)
        dial_use_small_packets(end->dial);
}

void tls_connection_dial(struct tls_connector *connector, struct tls_connection *end, const char *method,
                         const char *path)
{
    assert(!end->wsi && !end->dial && !end->through);
    end->connector = connector;
    end->method = method;
    end->path = path;
    end->shaken = end->packets_lost = false;
    end->small = tls_connection_uses_small_packets(connector);
    begin_dial(end);
}

int64_t tls_connection_small_until_ms(const struct tls_connector *connector)
{
    bool seems_lost = connector->witness.wsi && connector->small_was_fast;
    return seems_lost ? clock_steady_ms() + SETTLE_MS : connector->small_until_ms;
}

bool tls_connection_uses_small_packets(const struct tls_connector *connector)
{
    return clock_steady_ms() < connector->small_until_ms;
}

bool tls_connection_is_in_doubt(const struct tls_connector *connector)
{
    return connector->witness.wsi;
}

void tls_connection_forget(struct tls_connection *end)
{
    dial_free(take(end->dial));
    gateway_dial_free(take(end->through));
    loop_timer_free(take(end->watch));
    if (end->wsi)
        lws_set_opaque_user_data(end->wsi, NULL);
    end->wsi = NULL;
}

void tls_connection_cut(struct tls_connection *end)
{
    if (end->wsi)
        cut_off(end);
    tls_connection_forget(end);
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
