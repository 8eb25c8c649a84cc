// SPDX-License-Identifier: EUPL-1.2
// Calls go out one at a time, each on a connection of its own with the TLS session of the one before: libwebsockets
// 4.1 cannot hand a kept HTTP connection to the next request under libuv. Nothing is told from within an event of the
// connection: a call that ended is told by `turn`, so that whoever is told may do anything, client_free included.
#include "broker/client/client.h"
#include "broker/api/link_rows.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/client/problem_document.h"
#include "broker/client/tls_connection.h"
#include "broker/client/websocket.h"
#include "broker/net/certificate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 4 * 1024 * 1024,
    PIECE = 16 * 1024,      // of a body, a write
    PATH_MAX_LENGTH = 1024, // libwebsockets cuts at 2,048
    PROBE_MS = 6000,
};

struct client_call {
    struct tls_connection end;
    struct client_call *next;
    struct client *client;
    struct loop_timer *deadline;
    int64_t deadline_ms;
    char *verb, *path, *authorization, *if_match;
    bool if_absent;
    struct text body; // may hold a password
    size_t sent;
    struct text received;
    bool started, ended;
    bool probing; // no answer came: do small packets get through?
    bool probed;  // one came to that
    struct client_answer answer;
    client_done *done;
    void *arg;
};

struct client {
    struct loop *loop;
    struct tls_connector *connector;
    struct websocket *link;
    struct loop_timer *turn;
    struct client_call *first, **last;
};

static void text_wipe(struct text *text)
{
    if (text->bytes)
        explicit_bzero(text->bytes, text->capacity);
    text_drop(text);
}

static void call_free(struct client_call *call)
{
    tls_connection_forget(&call->end);
    loop_timer_free(call->deadline);
    free(call->verb);
    free(call->path);
    if (call->authorization)
        explicit_bzero(call->authorization, strlen(call->authorization));
    free(call->authorization);
    free(call->if_match);
    text_wipe(&call->body);
    text_wipe(&call->received);
    free(call);
}

// ---- how a call ends

static void end_call(struct client_call *call)
{
    call->ended = true;
    loop_timer_stop(call->deadline);
    loop_timer_start(call->client->turn, 0);
}

static void fail(struct client_call *call, const char *reason)
{
    if (call->ended)
        return;
    tls_connection_blame(call->client->connector, reason, call->answer.detail, sizeof call->answer.detail);
    call->answer.refusal = call->end.packets_lost ? REFUSAL_PACKETS_LOST : REFUSAL_BROKER_UNREACHABLE;
    end_call(call);
}

static void fail_to_connect(struct client_call *call, const char *reason)
{
    tls_trust_forget_session(tls_connection_trust(call->client->connector));
    fail(call, reason);
}

static void end_late(struct client_call *call)
{
    char reason[64];
    snprintf(reason, sizeof reason, "no answer within %lld ms", (long long)call->deadline_ms);
    fail(call, reason);
}

// Whoever is told shall know whether there is no answer, or it is lost on the way: a handshake that is not cut short
// has packets of all sizes, and when they get lost is tried again with small ones.
static void begin_probe(struct client_call *call)
{
    struct tls_connector *connector = call->client->connector;
    tls_connection_cut(&call->end);
    tls_trust_forget_session(tls_connection_trust(connector));
    call->probing = true;
    loop_timer_start(call->deadline, PROBE_MS);
    tls_connection_dial(connector, &call->end, "GET", "/healthz");
}

static void deadline_passed(void *arg)
{
    struct client_call *call = arg;
    if (!call->probing && call->end.shaken && !tls_connection_uses_small_packets(call->client->connector)) {
        begin_probe(call);
        return;
    }
    tls_connection_cut(&call->end);
    call->end.packets_lost = call->probed && tls_connection_uses_small_packets(call->client->connector);
    end_late(call);
}

// The body is JSON, or there is none; only of a refusal it does not matter, which may be a proxy's.
static bool read_answer(struct client_answer *answer, const struct text *received, struct fault *why)
{
    struct problem_document problem;
    owned(json) json_object *tree = NULL;
    bool done = answer->status >= 200 && answer->status < 300;
    bool parsed = received->length && codec_parse(&tree, received->bytes, received->length, why);
    answer->body = parsed ? received->bytes : NULL;
    answer->length = parsed ? received->length : 0;
    if (done) {
        codec_wipe(tree);
        return parsed || !received->length;
    }
    problem_document_read(&problem, answer->status, tree);
    answer->refusal = problem.refusal;
    TEXT_PUT(answer->detail, problem.detail);
    TEXT_PUT(answer->detail_format, problem.detail_format);
    TEXT_PUT(answer->help_desk, problem.help_desk);
    if (problem.retry_after_s)
        answer->retry_after_s = problem.retry_after_s;
    return true;
}

static void complete(struct client_call *call)
{
    struct fault why = {0};
    char reason[400];
    if (call->ended)
        return;
    if (!read_answer(&call->answer, &call->received, &why)) {
        snprintf(reason, sizeof reason, "its answer cannot be read: %s", why.text);
        fail(call, reason);
        return;
    }
    if (call->answer.refusal == REFUSAL_TICKET_REJECTED) // perhaps bound to a certificate that was renewed since
        tls_trust_forget_session(tls_connection_trust(call->client->connector));
    end_call(call);
}

// ---- the request

static bool add_header(struct client_call *call, const char *name, const char *value, unsigned char **at,
                       unsigned char *limit)
{
    return lws_add_http_header_by_name(call->end.wsi, (const unsigned char *)name, (const unsigned char *)value,
                                       (int)strlen(value), at, limit) == 0;
}

static bool add_headers(struct client_call *call, unsigned char **at, unsigned char *limit)
{
    char length[24];
    snprintf(length, sizeof length, "%zu", call->body.length);
    if (call->probing)
        return true;
    bool has_body = call->body.length > 0, may_have_body = !text_equal(call->verb, "GET");
    return add_header(call, "accept:", "application/json, application/problem+json", at, limit) &&
           (!call->authorization || add_header(call, "authorization:", call->authorization, at, limit)) &&
           (!call->if_match || add_header(call, "if-match:", call->if_match, at, limit)) &&
           (!call->if_absent || add_header(call, "if-none-match:", "*", at, limit)) &&
           (!has_body || add_header(call, "content-type:", "application/json", at, limit)) &&
           (!may_have_body || add_header(call, "content-length:", length, at, limit));
}

static int write_headers(struct client_call *call, unsigned char **at, size_t room)
{
    if (!add_headers(call, at, *at + room)) {
        fail(call, "the headers of the request are too long");
        return -1;
    }
    if (call->body.length && !call->probing) {
        lws_client_http_body_pending(call->end.wsi, 1);
        lws_callback_on_writable(call->end.wsi);
    }
    return 0;
}

static int write_piece(struct client_call *call)
{
    unsigned char piece[LWS_PRE + PIECE];
    size_t left = call->body.length - call->sent;
    size_t length = left < PIECE ? left : PIECE;
    if (!length)
        return 0;
    bool last = length == left;
    memcpy(piece + LWS_PRE, call->body.bytes + call->sent, length);
    call->sent += length;
    int written = lws_write(call->end.wsi, piece + LWS_PRE, length, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP);
    explicit_bzero(piece, sizeof piece);
    if (last)
        lws_client_http_body_pending(call->end.wsi, 0);
    else
        lws_callback_on_writable(call->end.wsi);
    return written < (int)length ? -1 : 0;
}

// ---- the answer

static int read_head(struct client_call *call)
{
    char seconds[24];
    if (call->probing) {
        call->probed = true;
        bool in_doubt = tls_connection_is_in_doubt(call->client->connector);
        loop_timer_start(call->deadline, in_doubt ? TLS_CONNECTION_VERDICT_MS : 0);
        return -1;
    }
    call->answer.status = (int)lws_http_client_http_response(call->end.wsi);
    if (lws_hdr_copy(call->end.wsi, seconds, sizeof seconds, WSI_TOKEN_HTTP_RETRY_AFTER) <= 0 ||
        !text_number(seconds, 0, INT32_MAX, &call->answer.retry_after_s))
        call->answer.retry_after_s = 0;
    if (lws_hdr_copy(call->end.wsi, call->answer.etag, sizeof call->answer.etag, WSI_TOKEN_HTTP_ETAG) <= 0)
        call->answer.etag[0] = 0;
    return 0;
}

static int read_some(struct client_call *call)
{
    char buffer[LWS_PRE + 4096];
    char *at = buffer + LWS_PRE;
    int room = (int)sizeof buffer - LWS_PRE, read = lws_http_client_read(call->end.wsi, &at, &room);
    explicit_bzero(buffer, sizeof buffer); // a token may have been in it
    return read < 0 ? -1 : 0;
}

static int keep_some(struct client_call *call, const char *bytes, size_t length)
{
    if (length > ANSWER_MAX - call->received.length) {
        fail(call, "its answer is larger than 4 MiB");
        return -1;
    }
    text_add(&call->received, bytes, length);
    return 0;
}

static int react(struct client_call *call, int reason, void *in, size_t length)
{
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return write_headers(call, in, length);
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
        return write_piece(call);
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
        return read_head(call);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
        return read_some(call);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
        return keep_some(call, in, length);
    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
        complete(call);
        return -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fail_to_connect(call, in && length ? in : "no connection");
        return 0;
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
        fail(call, "it closed the connection before its answer was whole");
        return 0;
    }
    return 0;
}

static int event(struct tls_connection *tls_connection, int reason, void *in, size_t length)
{
    struct client_call *call = (struct client_call *)tls_connection;
    int verdict = react(call, reason, in, length);
    if (call->ended || call->probed)
        tls_connection_forget(tls_connection);
    return verdict;
}

// ---- the queue

static void start_next(struct client *client)
{
    struct client_call *call = client->first;
    if (!call || call->started || call->ended)
        return;
    call->started = true;
    tls_connection_dial(client->connector, &call->end, call->verb, call->path);
}

static struct client_call *take_ended(struct client *client)
{
    for (struct client_call **at = &client->first; *at; at = &(*at)->next) {
        struct client_call *call = *at;
        if (!call->ended)
            continue;
        *at = call->next;
        if (!*at)
            client->last = at;
        return call;
    }
    return NULL;
}

static void turn(void *arg)
{
    struct client *client = arg;
    struct client_call *call = take_ended(client);
    start_next(client);
    if (!call)
        return;
    loop_timer_start(client->turn, 0);
    call->done(call->arg, &call->answer);
    call_free(call);
}

void client_send(struct client *client, const struct client_request *request, client_done *done, void *arg)
{
    assert(strlen(request->path) < PATH_MAX_LENGTH);
    struct client_call *call = mem_new(1, sizeof *call);
    call->end.event = event;
    call->client = client;
    call->verb = mem_dup(request->verb);
    call->path = mem_dup(request->path);
    call->authorization = request->authorization ? mem_dup(request->authorization) : NULL;
    call->if_match = request->if_match && request->if_match[0] ? mem_dup(request->if_match) : NULL;
    call->if_absent = request->if_absent;
    call->deadline_ms = request->deadline_ms;
    call->done = done;
    call->arg = arg;
    if (request->body) {
        mem_reserve(&call->body.bytes, &call->body.capacity, PIECE, 1); // growing would leave copies of a password
        codec_print_record(&call->body, request->type->fields, CODEC_CHANGE, request->body);
    }
    call->deadline = loop_timer_new(client->loop, deadline_passed, call);
    loop_timer_start(call->deadline, request->deadline_ms);
    *client->last = call;
    client->last = &call->next;
    loop_timer_start(client->turn, 0);
}

bool client_read(const struct client_answer *answer, const struct record_type *type, void *target, struct fault *why)
{
    memset(target, 0, type->size);
    if (!answer->body)
        return fault_set(why, FAULT_INVALID, "the broker's answer is empty");
    return codec_decode(type, CODEC_ANSWER, answer->body, answer->length, target, why);
}

void client_answer_drop(struct client_answer *answer)
{
    if (answer->body)
        explicit_bzero(answer->body, answer->length);
    free(answer->body);
    answer->body = NULL;
    answer->length = 0;
}

struct wait {
    struct loop *loop;
    struct client_answer *answer;
    bool over;
};

static void wait_over(void *arg, const struct client_answer *answer)
{
    struct wait *wait = arg;
    *wait->answer = *answer;
    if (answer->body)
        wait->answer->body = mem_copy(answer->body, answer->length);
    wait->over = true;
    loop_stop(wait->loop);
}

void client_send_wait(struct client *client, const struct client_request *request, struct client_answer *answer)
{
    struct wait wait = {.loop = client->loop, .answer = answer};
    client_send(client, request, wait_over, &wait);
    while (!wait.over)
        loop_run(client->loop);
}

void client_call(struct client *client, const char *verb, const char *path, const char *authorization,
                 const struct record_type *type, const void *body, int64_t deadline_ms, client_done *done, void *arg)
{
    struct client_request request = {.verb = verb, .path = path, .authorization = authorization};
    request.type = type;
    request.body = body;
    request.deadline_ms = deadline_ms;
    client_send(client, &request, done, arg);
}

void client_call_wait(struct client *client, const char *verb, const char *path, const char *authorization,
                      const struct record_type *type, const void *body, int64_t deadline_ms,
                      struct client_answer *answer)
{
    struct client_request request = {.verb = verb, .path = path, .authorization = authorization};
    request.type = type;
    request.body = body;
    request.deadline_ms = deadline_ms;
    client_send_wait(client, &request, answer);
}

// ---- the client

struct client *client_new(struct loop *loop, const struct client_config *config, struct fault *why)
{
    const struct tls_trust_config known = {config->host, config->ca_file, config->pin, config->certificate_file,
                                           config->key_file};
    struct tls_trust *trust = tls_trust_new(&known, why);
    if (!trust)
        return NULL;
    struct client *client = mem_new(1, sizeof *client);
    client->loop = loop;
    client->connector = tls_connection_new(loop, config->host, config->port, trust);
    if (config->gateway)
        tls_connection_go_through(client->connector, config->gateway);
    client->last = &client->first;
    client->turn = loop_timer_new(loop, turn, client);
    return client;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    for (struct client_call *call = client->first; call;) {
        struct client_call *next = call->next;
        call_free(call);
        call = next;
    }
    websocket_free(client->link);
    loop_timer_free(client->turn);
    tls_connection_free(client->connector);
    free(client);
}

bool client_broker_digest(struct client *client, unsigned char digest[32])
{
    return tls_trust_digest(tls_connection_trust(client->connector), digest);
}

bool client_authority_digest(const struct client *client, char digest[DIGEST_SIZE])
{
    unsigned char bytes[CERTIFICATE_DIGEST_BYTES];
    const X509 *root = tls_trust_root(tls_connection_trust(client->connector));
    digest[0] = 0;
    if (!root)
        return false;
    certificate_digest(root, bytes);
    text_hex(digest, bytes, sizeof bytes);
    return true;
}

bool client_authority_keep(const struct client *client, const char *path, struct fault *why)
{
    const X509 *root = tls_trust_root(tls_connection_trust(client->connector));
    return root ? certificate_write(path, root, why)
                : fault_set(why, FAULT_ABSENT, "the broker does not show the certificate of its authority");
}

void client_authority_follow(const struct client *client, const char *path)
{
    struct fault why = {0};
    const X509 *root = tls_trust_root(tls_connection_trust(client->connector));
    X509 *kept = root ? certificate_read(path, NULL) : NULL;
    if (kept && certificate_renews(root, kept)) {
        if (certificate_write(path, root, &why))
            log_info("link", "%s: the broker's authority has renewed its certificate", path);
        else
            log_warn("link", "the renewed certificate of the broker's authority cannot be kept: %s", why.text);
    }
    X509_free(kept);
}

bool client_read_certificate(const char *file, char digest[DIGEST_SIZE], int64_t *until_ms, struct fault *why)
{
    unsigned char bytes[CERTIFICATE_DIGEST_BYTES];
    X509 *certificate = certificate_read(file, why);
    if (!certificate)
        return false;
    certificate_digest(certificate, bytes);
    text_hex(digest, bytes, sizeof bytes);
    *until_ms = certificate_until_ms(certificate);
    X509_free(certificate);
    return true;
}

void client_link(struct client *client, enum noun noun, const struct websocket_events *events, void *arg)
{
    assert(!client->link);
    client->link = websocket_new(client->loop, client->connector, link_of(noun), events, arg);
}

void client_unlink(struct client *client)
{
    websocket_free(take(client->link));
}

bool client_is_idle(const struct client *client)
{
    return !client->first;
}

void client_link_probe(struct client *client)
{
    if (client->link)
        websocket_probe(client->link);
}

int client_link_descriptor(const struct client *client)
{
    return client->link ? websocket_descriptor(client->link) : -1;
}

int64_t client_small_until_ms(const struct client *client)
{
    return tls_connection_small_until_ms(client->connector);
}

bool client_link_send(struct client *client, const void *message)
{
    return client->link && websocket_send(client->link, message);
}
