// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/gateway_dial.h"
#include "broker/base/base64.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/websocket_pump.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    KEY_BYTES = 16,
    KEY_SIZE = 25, // base64
    ANSWER_MAX = 4096,
    KEPT_MAX = 8 * 1024 * 1024,
    ALIVE_IDLE_S = 10, // so that a pulled cable shows
    ALIVE_EVERY_S = 5,
    UNANSWERED_MS = 30 * 1000,
};

struct gateway_client {
    struct loop *loop;
    char *name;
    int port;
    SSL_CTX *context;
    struct websocket_pool *pool;
    struct carried *carried;
};

// A line that is up: its near end is the caller's.
struct carried {
    struct gateway_client *client;
    struct carried *next, **before;
    struct websocket_pump *pump;
};

struct gateway_dial {
    struct gateway_client *client;
    char *path, *token;
    struct dial *dial;
    struct loop_timer *deadline;
    struct loop_watch *watch;
    struct tls_line line; // descriptor -1: not connected yet
    bool shaken, asked;
    char key[KEY_SIZE];
    size_t length; // of the answer
    char answer[ANSWER_MAX];
    dial_done *done;
    void *arg;
};

// ---- what is carried

static void carried_free(struct carried *carried)
{
    *carried->before = carried->next;
    if (carried->next)
        carried->next->before = carried->before;
    websocket_pump_free(carried->pump);
    free(carried);
}

static void carried_is_over(void *arg, enum websocket_pump_end end)
{
    log_debug("gateway", "the line through the gateway has ended%s",
              end == WEBSOCKET_PUMP_BARE ? "" : ", by the gateway");
    carried_free(arg);
}

// ---- the gateway

// Which authorities may vouch for the gateway; that its certificate has our name for it is asked of each line.
static bool believe(SSL_CTX *context, const char *ca_file, struct fault *why)
{
    bool fine =
        ca_file[0] ? SSL_CTX_load_verify_file(context, ca_file) == 1 : SSL_CTX_set_default_verify_paths(context) == 1;
    ERR_clear_error();
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return fine || fault_set(why, FAULT_INVALID, "gateway-ca: no certificate in %s", ca_file);
}

struct gateway_client *gateway_client_new(struct loop *loop, const struct gateway_client_config *config,
                                          struct fault *why)
{
    struct gateway_client *client = mem_new(1, sizeof *client);
    client->loop = loop;
    client->name = mem_dup(config->name);
    client->port = config->port;
    client->context = tls_line_context(TLS_client_method());
    client->pool = websocket_pool_new(loop, KEPT_MAX, false);
    if (believe(client->context, config->ca_file, why))
        return client;
    gateway_client_free(client);
    return NULL;
}

void gateway_client_free(struct gateway_client *client)
{
    if (!client)
        return;
    while (client->carried)
        carried_free(client->carried);
    websocket_pool_free(client->pool);
    SSL_CTX_free(client->context);
    free(client->name);
    free(client);
}

// ---- one way through it

static void drop_token(struct gateway_dial *dial)
{
    if (dial->token)
        explicit_bzero(dial->token, strlen(dial->token));
    free(take(dial->token));
}

void gateway_dial_free(struct gateway_dial *dial)
{
    if (!dial)
        return;
    dial_free(dial->dial);
    loop_timer_free(dial->deadline);
    loop_watch_free(dial->watch);
    tls_line_fini(&dial->line);
    drop_token(dial);
    free(dial->path);
    free(dial);
}

static void dial_fails(struct gateway_dial *dial, const char *sentence)
{
    struct fault why = {0};
    fault_set(&why, FAULT_UNAVAILABLE, "gateway %s: %s", dial->client->name, sentence);
    loop_timer_stop(dial->deadline);
    if (dial->watch)
        loop_watch_set(dial->watch, false, false);
    dial->done(dial->arg, -1, &why);
}

// Both ends of a pair: one is the caller's, the other one is pumped. May free the dial.
static void hand_on(struct gateway_dial *dial, size_t head)
{
    int pair[2];
    struct gateway_client *client = dial->client;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        dial_fails(dial, "no descriptors are left");
        return;
    }
    struct carried *carried = mem_new(1, sizeof *carried);
    carried->client = client;
    carried->next = client->carried;
    carried->before = &client->carried;
    if (carried->next)
        carried->next->before = &carried->next;
    client->carried = carried;
    loop_watch_free(take(dial->watch));
    loop_timer_stop(dial->deadline);
    struct tls_line line = dial->line, inner;
    dial->line = (struct tls_line){.descriptor = -1};
    tls_line_init(&inner, pair[1], NULL, false);
    dial_watch_over(line.descriptor, ALIVE_IDLE_S, ALIVE_EVERY_S, UNANSWERED_MS);
    carried->pump = websocket_pump_new(client->pool, &line, WEBSOCKET_CLIENT, &inner, carried_is_over, carried);
    size_t early = dial->length - head;
    owned(bytes) char *bytes = mem_copy(dial->answer + head, early + 1);
    dial->done(dial->arg, pair[0], NULL);
    websocket_pump_start(carried->pump, (unsigned char *)bytes, early);
}

// "HTTP/1.1 101 ...", with the answer to our key.
static bool is_welcome(const char *answer, const char *key)
{
    char expected[WEBSOCKET_KEY_ANSWER_SIZE], line[WEBSOCKET_KEY_ANSWER_SIZE + 32];
    websocket_key_answer(expected, key);
    snprintf(line, sizeof line, "\r\nSec-WebSocket-Accept: %s\r\n", expected);
    return text_starts(answer, "HTTP/1.1 101 ") && strcasestr(answer, line);
}

static void read_answer(struct gateway_dial *dial)
{
    dial->answer[dial->length] = 0;
    const char *end = strstr(dial->answer, "\r\n\r\n");
    if (!end && dial->length == ANSWER_MAX - 1) {
        dial_fails(dial, "its answer is too long");
    } else if (end && !is_welcome(dial->answer, dial->key)) {
        char line[120];
        snprintf(line, sizeof line, "it answers \"%.*s\"", (int)strcspn(dial->answer, "\r\n"), dial->answer);
        dial_fails(dial, line);
    } else if (end) {
        hand_on(dial, (size_t)(end + 4 - dial->answer));
    }
}

static bool ask_gateway(struct gateway_dial *dial)
{
    unsigned char random[KEY_BYTES];
    owned(text) struct text text = {0};
    arc4random_buf(random, sizeof random);
    bool made = base64_encode(dial->key, sizeof dial->key, random, sizeof random);
    assert(made);
    text_addf(&text, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", dial->path,
              dial->client->name);
    text_addf(&text, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n", dial->key);
    if (dial->token)
        text_addf(&text, "Authorization: Bearer %s\r\n", dial->token);
    text_adds(&text, "\r\n");
    bool sent = tls_line_write(&dial->line, text.bytes, text.length) == (ssize_t)text.length;
    explicit_bzero(text.bytes, text.length);
    drop_token(dial);
    dial->asked = true;
    return sent;
}

static const char *tls_complaint(const struct gateway_dial *dial)
{
    long verdict = dial->line.tls ? SSL_get_verify_result(dial->line.tls) : X509_V_OK;
    return verdict != X509_V_OK ? X509_verify_cert_error_string(verdict) : "it ended the connection";
}

static void line_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct gateway_dial *dial = arg;
    int done = dial->shaken ? 1 : tls_line_handshake(&dial->line);
    if (done < 0) {
        dial_fails(dial, tls_complaint(dial));
        return;
    }
    dial->shaken = done;
    if (done && !dial->asked && !ask_gateway(dial)) {
        dial_fails(dial, tls_complaint(dial));
        return;
    }
    ssize_t got = done ? tls_line_read(&dial->line, dial->answer + dial->length, ANSWER_MAX - 1 - dial->length) : 0;
    if (got < 0) {
        dial_fails(dial, tls_complaint(dial));
        return;
    }
    loop_watch_set(dial->watch, true, dial->line.wants_write);
    dial->length += (size_t)got;
    if (got)
        read_answer(dial);
}

static void gateway_dialled(void *arg, int descriptor, const struct fault *why)
{
    struct gateway_dial *dial = arg;
    const struct gateway_client *client = dial->client;
    dial_free(take(dial->dial));
    if (descriptor < 0) {
        dial_fails(dial, why->text);
        return;
    }
    tls_line_init(&dial->line, descriptor, client->context, false);
    SSL_set_tlsext_host_name(dial->line.tls, client->name);
    bool set = X509_VERIFY_PARAM_set1_host(SSL_get0_param(dial->line.tls), client->name, 0) == 1;
    assert(set);
    dial->watch = loop_watch_new(client->loop, descriptor, line_ready, dial);
    loop_watch_set(dial->watch, true, true);
}

static void dial_is_late(void *arg)
{
    dial_fails(arg, "no answer");
}

struct gateway_dial *gateway_dial_new(struct gateway_client *client, const char *path, const char *token,
                                      int64_t deadline_ms, dial_done *done, void *arg)
{
    struct gateway_dial *dial = mem_new(1, sizeof *dial);
    dial->client = client;
    dial->path = mem_dup(path);
    dial->token = token ? mem_dup(token) : NULL;
    dial->line.descriptor = -1;
    dial->done = done;
    dial->arg = arg;
    dial->deadline = loop_timer_new(client->loop, dial_is_late, dial);
    loop_timer_start(dial->deadline, deadline_ms);
    dial->dial = dial_new(client->loop, NULL, client->name, client->port, deadline_ms, gateway_dialled, dial);
    return dial;
}
