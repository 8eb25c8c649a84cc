// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/print_door.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/pult-print/http_reader.h"
#include "broker/pult-print/listening.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    VISITORS_MAX = 512,
    UNPROVEN_MAX = 64, // of these, in TLS's handshake; of more, who came first has to go
    HOST_MAX = 64,     // of one host
    ACCEPT_TURN = 16,
    READ_TURN = 16,
    READ_SIZE = 16 * 1024 + 64, // a record of TLS as a whole
    PROGRESS = 16 * 1024,       // so much of a body makes a step
    IDLE_MS = 75 * 1000,        // between requests
    LEAVE_MS = 2 * 1000,
    SWEEP_MS = 1000,
};

enum visitor_place {
    VISITOR_SHAKES_HANDS,
    VISITOR_ASKS,
    VISITOR_WAITS, // for the answer
    // Has all of it and takes its time: a connection that is closed over bytes nobody has read is reset, and the answer
    // with it, before a client that still sends has looked at it.
    VISITOR_LEAVES,
};

struct visitor {
    struct print_door *door;
    struct visitor *next, **before;
    enum visitor_place place;
    struct tls_line line;
    struct loop_watch *watch;
    struct intake_origin origin;
    struct http_reader http;
    struct intake *intake;
    int64_t deadline_ms; // steady; of this step
    size_t progress;
    struct text out; // to be sent, from `out_at` on
    size_t out_at;
    bool closes;     // when that is sent
    bool feeds;      // its bytes are being read just now
    size_t at, held; // of `bytes`
    char bytes[READ_SIZE];
};

struct print_door {
    struct loop *loop;
    struct intake_office *office;
    const char *address;
    int port;
    int64_t socket_uid, patience_ms;
    SSL_CTX *context;
    int port_descriptor, socket_descriptor;
    struct loop_watch *port_watch, *socket_watch;
    struct loop_timer *sweep;
    struct visitor *visitors; // the newest first
    size_t count;
};

static void work(struct visitor *visitor);

// ---- one visitor

static void visitor_end(struct visitor *visitor)
{
    *visitor->before = visitor->next;
    if (visitor->next)
        visitor->next->before = visitor->before;
    visitor->door->count--;
    loop_watch_free(visitor->watch);
    intake_free(visitor->intake);
    tls_line_fini(&visitor->line);
    text_drop(&visitor->out);
    explicit_bzero(visitor->bytes, visitor->held);
    free(visitor);
}

static void give_time(struct visitor *visitor, int64_t wait_ms)
{
    visitor->deadline_ms = clock_steady_ms() + wait_ms;
    visitor->progress = 0;
}

// Who does not take their answer is not heard: to be told again and again that they say more would be for nothing.
static void watch_on(struct visitor *visitor)
{
    bool has_answer = visitor->out_at < visitor->out.length;
    bool has_to_read =
        visitor->place == VISITOR_LEAVES || (visitor->place != VISITOR_WAITS && !visitor->closes && !has_answer);
    loop_watch_set(visitor->watch, has_to_read, has_answer || visitor->line.wants_write);
}

// False: it has ended.
static bool send_out(struct visitor *visitor)
{
    while (visitor->out_at < visitor->out.length) {
        ssize_t sent =
            tls_line_write(&visitor->line, visitor->out.bytes + visitor->out_at, visitor->out.length - visitor->out_at);
        if (sent < 0)
            return false;
        if (sent == 0)
            return true;
        visitor->out_at += (size_t)sent;
    }
    visitor->out.length = visitor->out_at = 0;
    if (visitor->closes && visitor->place != VISITOR_LEAVES) {
        tls_line_say_goodbye(&visitor->line);
        visitor->place = VISITOR_LEAVES;
        give_time(visitor, LEAVE_MS);
    }
    return true;
}

static void put_answer(struct visitor *visitor, int status, const char *type, const char *body, size_t length)
{
    visitor->closes |= visitor->http.head.closes;
    text_addf(&visitor->out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n", status,
              http_status_words(status), type, length, visitor->closes ? "Connection: close\r\n" : "");
    text_add(&visitor->out, body, length);
    give_time(visitor, visitor->door->patience_ms);
}

static void refuse_by_http(struct visitor *visitor, int status)
{
    visitor->closes = true; // what follows may be anything
    put_answer(visitor, status, "text/plain", http_status_words(status), strlen(http_status_words(status)));
}

static void job_answered(void *arg, const struct text *answer)
{
    struct visitor *visitor = arg;
    visitor->intake = NULL;
    visitor->place = VISITOR_ASKS;
    put_answer(visitor, 200, "application/ipp", answer->bytes, answer->length);
    if (!visitor->feeds)
        work(visitor);
}

// ---- what it says

// Whose it is is looked at with each request: a connection may outlast a certificate.
static bool still_may(struct visitor *visitor)
{
    struct fault why = {0};
    if (!visitor->line.tls || door_peer_host(&visitor->line, &visitor->origin, &why))
        return true;
    log_warn("door", "%s", why.text);
    return false;
}

static void begin_request(struct visitor *visitor)
{
    char target[ID_SIZE];
    const struct http_head *head = &visitor->http.head;
    int status = !still_may(visitor)                          ? 403
                 : !text_equal(head->method, "POST")          ? 405
                 : !ipp_request_target(head->path, target)    ? 404
                 : !text_equal(head->type, "application/ipp") ? 415
                 : !head->has_body                            ? 411
                                                              : 0;
    if (status) {
        refuse_by_http(visitor, status);
        return;
    }
    visitor->intake = intake_new(visitor->door->office, &visitor->origin, head->path, job_answered, visitor);
    if (head->wants_continue)
        text_adds(&visitor->out, "HTTP/1.1 100 Continue\r\n\r\n");
    give_time(visitor, visitor->door->patience_ms);
}

static void take_event(struct visitor *visitor, enum http_event event)
{
    switch (event) {
    case HTTP_MORE:
        return;
    case HTTP_HEAD:
        begin_request(visitor);
        return;
    case HTTP_BODY:
        intake_add(visitor->intake, visitor->http.body, visitor->http.body_length);
        visitor->progress += visitor->http.body_length;
        if (visitor->progress >= PROGRESS)
            give_time(visitor, visitor->door->patience_ms);
        return;
    case HTTP_END:
        visitor->place = VISITOR_WAITS;
        intake_finish(visitor->intake);
        return;
    case HTTP_BROKEN:
        refuse_by_http(visitor, visitor->http.status);
        return;
    }
}

// As far as there is something to be told, and nothing to be waited for.
static void feed(struct visitor *visitor)
{
    enum http_event event = HTTP_BODY;
    visitor->feeds = true;
    while (visitor->place == VISITOR_ASKS && !visitor->closes && (visitor->at < visitor->held || event != HTTP_MORE)) {
        if (http_reader_is_idle(&visitor->http) && visitor->at == visitor->held)
            break;
        visitor->at +=
            http_reader_add(&visitor->http, visitor->bytes + visitor->at, visitor->held - visitor->at, &event);
        take_event(visitor, event);
    }
    visitor->feeds = false;
}

// False: it has ended.
static bool read_on(struct visitor *visitor)
{
    for (int turn = 0; turn < READ_TURN && visitor->place == VISITOR_ASKS && !visitor->closes; turn++) {
        feed(visitor);
        if (visitor->place != VISITOR_ASKS || visitor->closes)
            break;
        ssize_t got = tls_line_read(&visitor->line, visitor->bytes, sizeof visitor->bytes);
        visitor->at = 0;
        visitor->held = got > 0 ? (size_t)got : 0;
        if (got <= 0)
            return got == 0;
        if (http_reader_is_idle(&visitor->http))
            give_time(visitor, visitor->door->patience_ms);
        feed(visitor);
    }
    return true;
}

// ---- who it is

static size_t count_of_host(const struct print_door *door, const char *host)
{
    size_t count = 0;
    for (const struct visitor *visitor = door->visitors; visitor; visitor = visitor->next)
        count += text_equal(visitor->origin.host, host);
    return count;
}

static bool may_come_in(struct visitor *visitor)
{
    if (!still_may(visitor))
        return false;
    if (!visitor->line.tls || count_of_host(visitor->door, visitor->origin.host) <= HOST_MAX)
        return true;
    log_warn("door", "%s has too many connections", visitor->origin.host);
    return false;
}

// False: it has ended.
static bool shake_hands(struct visitor *visitor)
{
    int done = tls_line_handshake(&visitor->line);
    if (done <= 0)
        return done == 0;
    if (!may_come_in(visitor))
        return false;
    visitor->place = VISITOR_ASKS;
    give_time(visitor, visitor->door->patience_ms);
    return true;
}

static void work(struct visitor *visitor)
{
    if (visitor->place == VISITOR_LEAVES && !tls_line_listens(&visitor->line, visitor->bytes, sizeof visitor->bytes)) {
        visitor_end(visitor);
        return;
    }
    bool stays = visitor->place != VISITOR_SHAKES_HANDS || shake_hands(visitor);
    bool had_to_send = visitor->out_at < visitor->out.length;
    stays = stays && send_out(visitor);
    if (stays && visitor->place == VISITOR_ASKS && visitor->out_at == visitor->out.length) {
        if (had_to_send && http_reader_is_idle(&visitor->http))
            give_time(visitor, IDLE_MS);
        stays = read_on(visitor) && send_out(visitor);
    }
    if (stays)
        watch_on(visitor);
    else
        visitor_end(visitor);
}

static void visitor_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    work(arg);
}

// ---- coming

static void drop_oldest_unproven(struct print_door *door)
{
    size_t count = 0;
    struct visitor *oldest = NULL;
    for (struct visitor *visitor = door->visitors; visitor; visitor = visitor->next) {
        if (visitor->place != VISITOR_SHAKES_HANDS)
            continue;
        oldest = visitor;
        count++;
    }
    if (count > UNPROVEN_MAX)
        visitor_end(oldest);
}

static void take_visitor(struct print_door *door, int descriptor, SSL_CTX *context)
{
    struct visitor *visitor = mem_new(1, sizeof *visitor);
    visitor->door = door;
    visitor->place = context ? VISITOR_SHAKES_HANDS : VISITOR_ASKS;
    tls_line_init(&visitor->line, descriptor, context, true);
    visitor->watch = loop_watch_new(door->loop, descriptor, visitor_ready, visitor);
    visitor->next = door->visitors;
    visitor->before = &door->visitors;
    if (door->visitors)
        door->visitors->before = &visitor->next;
    door->visitors = visitor;
    door->count++;
    give_time(visitor, door->patience_ms);
    watch_on(visitor);
    if (context)
        drop_oldest_unproven(door);
}

static bool is_idle(const struct visitor *visitor)
{
    return visitor->place == VISITOR_ASKS && http_reader_is_idle(&visitor->http) && visitor->at == visitor->held &&
           visitor->out_at == visitor->out.length;
}

// Hosts keep their connections for the next job: when there is no room for another, the one goes that has been without
// a job for the longest time.
static bool make_room(struct print_door *door)
{
    struct visitor *idlest = NULL;
    if (door->count < VISITORS_MAX)
        return true;
    for (struct visitor *visitor = door->visitors; visitor; visitor = visitor->next)
        if (is_idle(visitor) && (!idlest || visitor->deadline_ms < idlest->deadline_ms))
            idlest = visitor;
    if (idlest)
        visitor_end(idlest);
    return idlest != NULL;
}

static int accept_one(struct print_door *door, int listening)
{
    return door->count < VISITORS_MAX ? accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
}

static void port_ready(void *arg, bool readable, bool writable)
{
    struct print_door *door = arg;
    (void)readable, (void)writable;
    int descriptor;
    if (!make_room(door)) {
        loop_watch_set(door->port_watch, false, false); // until the next sweep: who is too many waits in the kernel
        return;
    }
    for (int i = 0; i < ACCEPT_TURN && (descriptor = accept_one(door, door->port_descriptor)) >= 0; i++)
        take_visitor(door, descriptor, door->context);
}

static void socket_ready(void *arg, bool readable, bool writable)
{
    struct print_door *door = arg;
    (void)readable, (void)writable;
    if (!make_room(door)) {
        loop_watch_set(door->socket_watch, false, false);
        return;
    }
    int descriptor = accept_one(door, door->socket_descriptor);
    if (descriptor < 0)
        return;
    int64_t uid = door_peer_uid(descriptor);
    if (uid == 0 || (uid > 0 && uid == door->socket_uid)) {
        take_visitor(door, descriptor, NULL);
        return;
    }
    log_warn("door", "user %lld of this machine may not use the Kerberos door", (long long)uid);
    close(descriptor);
}

// ---- all

static bool listen_on_port(struct print_door *door, struct fault *why)
{
    if (!door->context || door->port_watch)
        return true;
    door->port_descriptor = listening_on_port(door->address, door->port, why);
    if (door->port_descriptor < 0)
        return false;
    door->port_watch = loop_watch_new(door->loop, door->port_descriptor, port_ready, door);
    loop_watch_set(door->port_watch, true, false);
    log_info("door", "takes jobs of session hosts on port %d", door->port);
    return true;
}

static void sweep_visitors(void *arg)
{
    struct print_door *door = arg;
    struct fault why;
    int64_t now_ms = clock_steady_ms();
    for (struct visitor *visitor = door->visitors; visitor;) {
        struct visitor *next = visitor->next;
        if (visitor->place != VISITOR_WAITS && now_ms > visitor->deadline_ms) {
            if (visitor->intake)
                log_warn("door", "%s stalled in the middle of a job",
                         visitor->origin.host[0] ? visitor->origin.host : "the Kerberos door");
            visitor_end(visitor);
        }
        visitor = next;
    }
    loop_watch_set(door->socket_watch, true, false);
    // An address that was not there yet, or a port that somebody else had: said when it was tried first.
    if (listen_on_port(door, &why) && door->port_watch)
        loop_watch_set(door->port_watch, true, false);
    loop_timer_start(door->sweep, SWEEP_MS);
}

struct print_door *print_door_new(struct loop *loop, const struct print_door_config *config,
                                  struct intake_office *office, struct fault *why)
{
    int descriptor = listening_on_path(config->socket, why);
    if (descriptor < 0)
        return NULL;
    struct print_door *door = mem_new(1, sizeof *door);
    door->loop = loop;
    door->office = office;
    door->address = config->address;
    door->port = config->port;
    door->socket_uid = config->socket_uid;
    door->patience_ms = config->patience_ms;
    door->port_descriptor = -1;
    door->socket_descriptor = descriptor;
    door->socket_watch = loop_watch_new(loop, descriptor, socket_ready, door);
    door->sweep = loop_timer_new(loop, sweep_visitors, door);
    sweep_visitors(door);
    return door;
}

bool print_door_open(struct print_door *door, SSL_CTX *context, struct fault *why)
{
    SSL_CTX_free(door->context); // those who came by it keep it
    door->context = context;
    return listen_on_port(door, why);
}

bool print_door_is_possible(const char *address, int port, struct fault *why)
{
    int descriptor = listening_on_port(address, port, why);
    if (descriptor >= 0)
        close(descriptor);
    return descriptor >= 0;
}

void print_door_free(struct print_door *door)
{
    if (!door)
        return;
    while (door->visitors)
        visitor_end(door->visitors);
    loop_watch_free(door->port_watch);
    loop_watch_free(door->socket_watch);
    loop_timer_free(door->sweep);
    SSL_CTX_free(door->context);
    if (door->port_descriptor >= 0)
        close(door->port_descriptor);
    close(door->socket_descriptor);
    free(door);
}
