// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/guest.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/net/forwarded.h"
#include "broker/net/proxy_header.h"
#include "broker/net/proxy_voucher.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DIAL_MS = 8000,
    KEY_MAX = 64,
    SAID_MAX = 64 * 1024, // by who has no session yet: whoever never stops would be the only one who is heard
};

static void guest_work(struct guest *guest);

// ---- beginning and end

static bool drop_guest(void *arg)
{
    struct guest *guest = arg;
    guest->unproven = NULL;
    guest_end(guest);
    return true;
}

static void guest_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    guest_work(arg);
}

static void name_caller(struct guest *guest, const struct address *address, int port)
{
    static_assert((int)CHANNEL_NETWORK_SIZE >= (int)ADDRESS_NETWORK_TEXT_SIZE, "it fits");
    guest->address = *address;
    guest->port = port;
    address_network_print(guest->from, address);
}

static void name_network(struct guest *guest, int descriptor)
{
    struct sockaddr_storage peer = {0};
    struct address address;
    if (getpeername(descriptor, (struct sockaddr *)&peer, &(socklen_t){sizeof peer}) == 0 &&
        address_of_socket(&address, (const struct sockaddr *)&peer))
        name_caller(guest, &address, address_port(&peer));
}

static struct guest *guest_new(struct guest_room *room, int descriptor, struct unproven *unproven)
{
    struct guest *guest = mem_new(1, sizeof *guest);
    guest->room = room;
    room->open++;
    guest->next = room->guests;
    guest->before = &room->guests;
    if (guest->next)
        guest->next->before = &guest->next;
    room->guests = guest;
    guest->unproven = unproven;
    name_network(guest, descriptor);
    guest->watch = loop_watch_new(room->loop, descriptor, guest_ready, guest);
    unproven_handshake(unproven, drop_guest, guest, clock_steady_ms());
    return guest;
}

void guest_begin(struct guest_room *room, int descriptor, struct unproven *unproven, const struct passed_caller *caller)
{
    struct guest *guest = guest_new(room, descriptor, unproven);
    if (caller)
        name_caller(guest, &caller->address, caller->port);
    tls_line_init(&guest->line, descriptor, room->context, true);
    tls_line_share(&guest->line, room->pattern);
    tls_line_wipe(&guest->line, true); // tokens and passwords come first
    guest_work(guest);
}

struct guest *guest_begin_talking(struct guest_room *room, int descriptor, struct unproven *unproven,
                                  const struct guest_talk *talk, void *state)
{
    struct guest *guest = guest_new(room, descriptor, unproven);
    tls_line_init(&guest->line, descriptor, NULL, true);
    guest->talk = talk;
    guest->talk_state = state;
    guest->place = GUEST_TALKS;
    return guest;
}

void guest_begin_tls(struct guest *guest)
{
    assert(!guest->line.tls);
    tls_line_init(&guest->line, guest->line.descriptor, guest->room->context, true);
    tls_line_wipe(&guest->line, true); // a password comes first
    guest->place = GUEST_SHAKES_HANDS;
    unproven_step(guest->unproven, false, clock_steady_ms());
    loop_watch_set(guest->watch, true, false);
}

// What it was, whether its connection goes on or not.
static void guest_free(struct guest *guest)
{
    *guest->before = guest->next;
    if (guest->next)
        guest->next->before = guest->before;
    guest->room->open--;
    loop_watch_free(guest->watch);
    unproven_remove(take(guest->unproven));
    channel_question_drop(guest->question);
    dial_free(guest->dial);
    if (guest->talk)
        guest->talk->end(guest->talk_state);
    text_drop(&guest->out);
    explicit_bzero(guest->bytes, sizeof guest->bytes); // tokens are there
    free(guest);
}

void guest_end(struct guest *guest)
{
    guest->room->failed(guest, CHANNEL_CLIENT_CLOSED);
    loop_watch_free(take(guest->watch)); // while the descriptor is still its own
    tls_line_fini(&guest->line);
    guest_free(guest);
}

// ---- its answer

// False: it has ended.
static bool send_out(struct guest *guest)
{
    while (guest->out_at < guest->out.length) {
        ssize_t sent =
            tls_line_write(&guest->line, guest->out.bytes + guest->out_at, guest->out.length - guest->out_at);
        if (sent <= 0)
            return sent == 0;
        guest->out_at += (size_t)sent;
    }
    tls_line_say_goodbye(&guest->line);
    return true;
}

void guest_leave(struct guest *guest)
{
    assert(guest->place != GUEST_LEAVES);
    guest->place = GUEST_LEAVES;
    if (guest->out_at == guest->out.length) // else when all of it is said
        tls_line_say_goodbye(&guest->line);
    unproven_step(guest->unproven, false, clock_steady_ms());
    loop_watch_set(guest->watch, true, true);
}

void guest_answer(struct guest *guest, int status, const char *sentence)
{
    log_debug("gate", "%s is answered %d: %s", guest->from, status, sentence);
    text_addf(&guest->out,
              "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
              status, status < 400 ? "OK" : "Refused", strlen(sentence) + 1, sentence);
    guest_leave(guest);
}

// ---- what it becomes

bool guest_upgrades(struct guest *guest)
{
    const struct request_head *head = &guest->head;
    const char *key = request_head_field(head, "Sec-WebSocket-Key");
    const char *version = request_head_field(head, "Sec-WebSocket-Version");
    bool does = !head->is_http_1_0 && request_head_lists(head, "Connection", "upgrade") &&
                request_head_lists(head, "Upgrade", "websocket") && key && key[0] && strlen(key) <= KEY_MAX &&
                version && text_equal(version, "13");
    if (!does)
        guest_answer(guest, 426, "only as a WebSocket");
    return does;
}

void guest_wait(struct guest *guest)
{
    guest->place = GUEST_WAITS;
    unproven_step(guest->unproven, true, clock_steady_ms());
    loop_watch_set(guest->watch, false, false);
}

bool guest_say(struct guest *guest, const unsigned char *bytes, size_t length)
{
    return tls_line_write(&guest->line, bytes, length) == (ssize_t)length;
}

bool guest_say_frame(struct guest *guest, enum websocket_opcode opcode, const void *bytes, size_t length)
{
    unsigned char head[WEBSOCKET_HEAD_MAX];
    owned(text) struct text frame = {0};
    text_add(&frame, (const char *)head, websocket_frame_head(head, opcode, length, NULL));
    text_add(&frame, bytes, length);
    return guest_say(guest, (const unsigned char *)frame.bytes, frame.length);
}

static bool say_welcome(struct guest *guest)
{
    char answer[WEBSOCKET_KEY_ANSWER_SIZE];
    owned(text) struct text text = {0};
    websocket_key_answer(answer, request_head_field(&guest->head, "Sec-WebSocket-Key"));
    text_addf(&text,
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Accept: %s\r\n\r\n",
              answer);
    return guest_say(guest, (const unsigned char *)text.bytes, text.length);
}

void guest_give_up(struct guest *guest, enum channel_reason reason, int status, const char *sentence)
{
    dial_free(take(guest->dial));
    guest->room->failed(guest, reason);
    if (guest->talk)
        guest->talk->refused(guest, status);
    else
        guest_answer(guest, status, sentence);
}

bool guest_has_room(struct guest *guest)
{
    struct fault why = {0};
    const struct gateway_channel *channel = &guest->plan.channel;
    if (tunnels_have_room(guest->room->tunnels, channel->person, channel->network, &why))
        return true;
    log_info("gate", "%s is refused: %s", guest->from, why.text);
    guest_give_up(guest, CHANNEL_CLIENT_CLOSED, 503, "there are too many sessions; try again");
    return false;
}

// Before the first byte of theirs, in one piece: the connection is new, so it has room. False: it is gone, or the link
// by whose key it would be said.
static bool vouch_for(struct guest *guest, int descriptor)
{
    struct guest_room *room = guest->room;
    unsigned char header[PROXY_HEADER_MAX];
    char text[PROXY_VOUCHER_SIZE];
    struct proxy_voucher voucher = {.way = guest->vouched_way};
    if (!room->key[0])
        return false;
    voucher.number = ++room->last_number;
    TEXT_PUT(voucher.gateway, room->id);
    proxy_voucher_write(text, &voucher, room->key, &guest->address, guest->port);
    size_t length = proxy_header_write(header, &guest->address, guest->port, text);
    return send(descriptor, header, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static void connected(void *arg, int descriptor, const struct fault *why)
{
    struct guest *guest = arg;
    dial_free(take(guest->dial));
    if (descriptor < 0) {
        log_warn("gate", "%s: %s", guest->plan.channel.host[0] ? guest->plan.channel.host : "the broker", why->text);
        guest_give_up(guest, CHANNEL_HOST_UNREACHABLE, 502, "the session host cannot be reached");
        return;
    }
    if (guest->vouches && !vouch_for(guest, descriptor)) {
        close(descriptor);
        guest_answer(guest, 503, "the broker does not answer; try again");
        return;
    }
    if (guest->talk && guest->talk->dialled) {
        guest->talk->dialled(guest, descriptor);
        return;
    }
    struct tls_line far;
    tls_line_init(&far, descriptor, NULL, false);
    guest_go_through(guest, &far);
}

// There are as many more tunnels by now as others dialled faster.
void guest_go_through(struct guest *guest, const struct tls_line *far)
{
    guest->plan.far = *far;
    if (!guest_has_room(guest)) {
        tls_line_fini(&guest->plan.far);
        return;
    }
    guest->plan.caller = guest->line;
    guest->plan.early = (unsigned char *)guest->bytes + guest->head_length;
    guest->plan.early_length = guest->length - guest->head_length;
    if (!(guest->talk ? guest->talk->connected : say_welcome)(guest)) {
        tls_line_fini(&guest->plan.far);
        guest_end(guest);
        return;
    }
    loop_watch_free(take(guest->watch));
    tls_line_settle(&guest->plan.caller);
    tls_line_wipe(&guest->plan.caller, false);
    tunnels_open(guest->room->tunnels, &guest->plan);
    guest_free(guest);
}

void guest_hand_over(struct guest *guest)
{
    loop_watch_free(take(guest->watch));
    guest_free(guest);
}

void guest_connect(struct guest *guest, const char *host, int port)
{
    guest->dial = dial_new(guest->room->loop, guest->room->resolver, host, port, DIAL_MS, connected, guest);
}

bool guest_has_channel(const struct guest *guest)
{
    return guest->plan.channel.channel[0];
}

// ---- what it says

void guest_begin_talk(struct guest *guest, const struct guest_talk *talk, void *state)
{
    unsigned char *early = (unsigned char *)guest->bytes + guest->head_length;
    size_t length = guest->length - guest->head_length;
    assert(guest->place == GUEST_ASKS && !guest->talk);
    guest->talk = talk;
    guest->talk_state = state;
    if (!say_welcome(guest)) {
        guest_leave(guest);
        return;
    }
    guest->place = GUEST_TALKS;
    guest->head_length = guest->length = 0; // nothing of the head is asked for any more
    unproven_step(guest->unproven, false, clock_steady_ms());
    talk->hears(guest, early, length);
}

void guest_talk_on(struct guest *guest)
{
    assert(guest->place == GUEST_WAITS && guest->talk);
    guest->place = GUEST_TALKS;
    unproven_step(guest->unproven, false, clock_steady_ms());
    guest_work(guest);
}

void guest_talk_by(struct guest *guest, const struct guest_talk *talk, void *state)
{
    assert(guest->talk && guest->place != GUEST_LEAVES && !guest->dial && !guest->question);
    guest->talk->end(guest->talk_state);
    guest->talk = talk;
    guest->talk_state = state;
    if (guest->place == GUEST_WAITS)
        guest->place = GUEST_TALKS;
    unproven_step(guest->unproven, false, clock_steady_ms());
    loop_watch_set(guest->watch, true, true); // what it says may have been read from the kernel already
}

static void hear_talk(struct guest *guest)
{
    size_t length = guest->length;
    guest->length = 0;
    guest->talk->hears(guest, (unsigned char *)guest->bytes, length);
}

// Who really calls, where a proxy that ends TLS passes them on; of anybody else nobody reads what they say about that.
// False: what it says is none of this.
static bool find_caller(struct guest *guest)
{
    const struct gateway_config *config = guest->room->config;
    struct forwarded_caller caller;
    struct sockaddr_storage from;
    if (!config->proxy_field || !address_networks_have(config->proxies, &guest->address))
        return true;
    guest->is_shared = true;
    if (!forwarded_read(&caller, (enum forwarded_field)config->proxy_field, &guest->head, config->proxies))
        return false;
    if (!caller.is_named)
        return true;
    name_caller(guest, &caller.address, caller.port);
    address_to_socket(&from, &caller.address, caller.port);
    unproven_move(guest->unproven, &from, clock_steady_ms());
    return true;
}

static void read_head(struct guest *guest)
{
    guest->head_length = request_head_length(guest->bytes, guest->length);
    if (!guest->head_length && guest->length == sizeof guest->bytes) {
        guest_answer(guest, 431, "the head of the request is too long");
        return;
    }
    if (!guest->head_length)
        return;
    int status = request_head_read(&guest->head, guest->bytes, guest->head_length);
    if (status || !find_caller(guest))
        guest_answer(guest, status ? status : 400, "that is no request");
    else
        guest->room->asks(guest);
}

// False: it has ended.
static bool hear_guest(struct guest *guest)
{
    while (guest->place == GUEST_ASKS || guest->place == GUEST_TALKS) {
        ssize_t got = tls_line_read(&guest->line, guest->bytes + guest->length, sizeof guest->bytes - guest->length);
        if (got <= 0)
            return got == 0;
        guest->length += (size_t)got;
        guest->said += (size_t)got;
        if (guest->said > SAID_MAX)
            return false;
        if (guest->talk)
            hear_talk(guest);
        else
            read_head(guest);
    }
    return true;
}

// As tls_line_handshake.
static int shake_hands(struct guest *guest)
{
    int done = tls_line_handshake(&guest->line);
    if (done <= 0)
        return done;
    guest->place = guest->talk ? GUEST_TALKS : GUEST_ASKS;
    unproven_step(guest->unproven, false, clock_steady_ms());
    return done;
}

static bool guest_goes_on(struct guest *guest)
{
    if (!hear_guest(guest))
        return false;
    if (guest->place != GUEST_LEAVES)
        return true;
    bool has_all = guest->out_at == guest->out.length;
    return has_all ? tls_line_listens(&guest->line, guest->bytes, sizeof guest->bytes) : send_out(guest);
}

static void guest_work(struct guest *guest)
{
    bool shakes = guest->place == GUEST_SHAKES_HANDS;
    int done = shakes ? shake_hands(guest) : 1;
    if (done > 0 && shakes && guest->talk && guest->talk->secured) {
        guest->talk->secured(guest);
        return;
    }
    if (done < 0 || (done > 0 && !guest_goes_on(guest)))
        guest_end(guest);
    else if (guest->place != GUEST_WAITS)
        loop_watch_set(guest->watch, true, guest->line.wants_write);
}
