// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/front_door.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/net/listener.h"
#include "broker/net/rdp.h"
#include "broker/pult-gateway/channel_plan.h"
#include "broker/pult-gateway/door_logon.h"
#include "broker/pult-gateway/flight_content.h"
#include "broker/pult-gateway/guest.h"
#include "broker/pult-gateway/inner_rdp.h"
#include "broker/pult-gateway/rdp_logon.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TPKT = 3,
    AWAITED_MAX = 1024, // of more the oldest goes
    KEEPALIVE_IDLE_S = 22,
    KEEPALIVE_EVERY_S = 7,
    KEEPALIVE_WAIT_MS = 50 * 1000,
    PIECE_MAX = 64 * 1024,
    WAITING_MAX_MS = 3 * 60 * 1000, // that somebody waits for their session host, or to be asked for
    AGAIN_MS = 1000,
};

// Who was sent to us again, and has not come yet.
struct awaited {
    struct awaited *next;
    int64_t until_ms;
    char token[CHANNEL_TOKEN_SIZE];
    struct typed_proof typed;
};

struct front_door {
    struct guest_room *room;
    struct listener *listener;
    struct awaited *first, **last; // the oldest first
    size_t awaited;
    struct door_visitor *askers[DOOR_LOGONS_MAX]; // NULL: free
};

// At their first connection, or at a second one of which nothing came.
struct door_visitor {
    struct front_door *door;
    struct guest *guest;
    struct rdp_logon *logon;
    struct door_visitor **turn; // of door.askers, while the broker is asked; or NULL
    struct door_logon *asked;
    struct loop_timer *again;
    int64_t again_ms, until_ms;
    bool is_waiting, is_answered; // the program; for good
    enum rdp_error error;         // RDP_ERROR_NONE: it is sent on
    char token[CHANNEL_TOKEN_SIZE];
    struct typed_proof typed;
    char name[RDP_LOGON_NAME_SIZE];
    struct secret password; // until it is answered for good
};

// At their second.
struct door_returner {
    struct front_door *door;
    struct typed_proof typed;
    uint32_t protocols;
    size_t request_length; // while it is in the kernel's hands, as the session host may be the one to hear it
    char fingerprint[DIGEST_SIZE];
    struct rdp_first_flight *flight; // NULL: the session host speaks with the program itself
    struct inner_rdp *inner;
    struct tls_line far;
};

// ---- who is awaited

static void drop_awaited(struct front_door *door, struct awaited **at)
{
    struct awaited *awaited = *at;
    *at = awaited->next;
    if (!*at)
        door->last = at;
    door->awaited--;
    explicit_bzero(awaited, sizeof *awaited);
    free(awaited);
}

static void forget_late(struct front_door *door)
{
    while (door->first && (door->awaited > AWAITED_MAX || clock_steady_ms() >= door->first->until_ms))
        drop_awaited(door, &door->first);
}

static void await(struct front_door *door, const char *token, const struct typed_proof *typed)
{
    struct awaited *awaited = mem_new(1, sizeof *awaited);
    awaited->until_ms = clock_steady_ms() + CHANNEL_TOKEN_MS;
    TEXT_PUT(awaited->token, token);
    awaited->typed = *typed;
    *door->last = awaited;
    door->last = &awaited->next;
    door->awaited++;
    forget_late(door);
}

// False: nobody is awaited with this token, or not any more.
static bool take_awaited(struct front_door *door, const char *token, struct typed_proof *typed)
{
    forget_late(door);
    for (struct awaited **at = &door->first; *at; at = &(*at)->next)
        if (text_equal((*at)->token, token)) {
            *typed = (*at)->typed;
            drop_awaited(door, at);
            return true;
        }
    return false;
}

// ---- the first connection

// NULL: as many as may are asking, in all or from there.
static struct door_visitor **find_turn(struct front_door *door, const char *network)
{
    struct door_visitor **turn = NULL;
    int of_network = 0;
    for (size_t i = 0; i < DOOR_LOGONS_MAX; i++)
        if (!door->askers[i])
            turn = &door->askers[i];
        else
            of_network += text_equal(door->askers[i]->guest->from, network);
    return of_network < DOOR_NETWORK_LOGONS_MAX ? turn : NULL;
}

static void end_turn(struct door_visitor *visitor)
{
    if (visitor->turn)
        *visitor->turn = NULL;
    visitor->turn = NULL;
}

static void end_visit(void *state)
{
    struct door_visitor *visitor = state;
    end_turn(visitor);
    visitor->door->room->door->free(visitor->asked);
    loop_timer_free(visitor->again);
    rdp_logon_free(visitor->logon);
    secret_drop(&visitor->password);
    explicit_bzero(visitor, sizeof *visitor);
    free(visitor);
}

// Programs have sentences of their own for these, and none for ours.
static enum rdp_error error_of(enum refusal refusal)
{
    static const struct {
        enum refusal refusal;
        enum rdp_error error;
    } rows[] = {
        {REFUSAL_WRONG_PASSWORD, RDP_ERROR_FRESH_CREDENTIALS},
        {REFUSAL_PASSWORD_EXPIRED, RDP_ERROR_FRESH_CREDENTIALS},
        {REFUSAL_PASSWORD_MUST_CHANGE, RDP_ERROR_FRESH_CREDENTIALS},
        {REFUSAL_ACCOUNT_DISABLED, RDP_ERROR_NO_PRIVILEGE},
        {REFUSAL_OUTSIDE_HOURS, RDP_ERROR_NO_PRIVILEGE},
        {REFUSAL_NO_PROFILE, RDP_ERROR_NO_PRIVILEGE},
        {REFUSAL_NOT_OUTSIDE, RDP_ERROR_NO_PRIVILEGE},
        {REFUSAL_NO_GRANT, RDP_ERROR_NO_PRIVILEGE},
        {REFUSAL_NO_HOST, RDP_ERROR_NO_HOST},
        {REFUSAL_HOSTS_FULL, RDP_ERROR_HOSTS_FULL},
        {REFUSAL_HOST_WAKING, RDP_ERROR_NO_HOST},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].refusal == refusal)
            return rows[i].error;
    return RDP_ERROR_DENIED;
}

// Once it is answered, and the program is ready to hear it.
static void send_on(struct door_visitor *visitor)
{
    struct rdp_host_answer said = {0};
    struct guest *guest = visitor->guest;
    if (!visitor->is_waiting || !visitor->is_answered)
        return;
    if (visitor->error == RDP_ERROR_NONE) {
        await(visitor->door, visitor->token, &visitor->typed);
        rdp_host_redirect(&said, visitor->token);
    } else {
        rdp_host_refuse(&said, visitor->error);
    }
    explicit_bzero(visitor->token, sizeof visitor->token);
    if (!guest_say(guest, said.bytes, said.length))
        log_debug("door", "%s has gone already", guest->from);
    explicit_bzero(&said, sizeof said);
    guest_leave(guest);
}

static void answer_visitor(struct door_visitor *visitor, const struct door_logon_result *answer)
{
    visitor->is_answered = true;
    secret_drop(&visitor->password);
    if (answer->refusal == REFUSAL_NONE) {
        TEXT_PUT(visitor->token, answer->token);
    } else {
        visitor->error = error_of(answer->refusal);
        log_info("door", "%s is refused: %s", visitor->guest->from, refusal_rows[answer->refusal].code);
    }
    send_on(visitor);
}

static void broker_answers(void *arg, const struct door_logon_result *answer)
{
    struct door_visitor *visitor = arg;
    bool comes_soon = answer->refusal == REFUSAL_HOST_WAKING || answer->refusal == REFUSAL_NAME_TAKEN;
    end_turn(visitor);
    if (!comes_soon || clock_steady_ms() >= visitor->until_ms) {
        answer_visitor(visitor, answer);
        return;
    }
    visitor->again_ms = answer->retry_after_s > 0 ? answer->retry_after_s * 1000 : AGAIN_MS;
    loop_timer_start(visitor->again, 0);
}

static void ask_broker(struct door_visitor *visitor)
{
    const struct door_logon_result busy = {.refusal = REFUSAL_BUSY};
    const struct guest_room *room = visitor->door->room;
    visitor->turn = find_turn(visitor->door, visitor->guest->from);
    if (visitor->turn) {
        *visitor->turn = visitor;
        visitor->asked = room->door->open(room->arg, broker_answers, visitor);
        room->door->ask(visitor->asked, visitor->name, &visitor->password, visitor->guest->from);
    } else if (clock_steady_ms() < visitor->until_ms) {
        loop_timer_start(visitor->again, AGAIN_MS);
    } else {
        answer_visitor(visitor, &busy);
    }
}

// Nothing is read of who waits: only the end of their side of the connection is looked for.
static bool has_gone(const struct guest *guest)
{
    struct pollfd line = {.fd = guest->line.descriptor, .events = POLLRDHUP};
    return poll(&line, 1, 0) > 0;
}

// Who waits keeps no connection to the broker, so that others can be asked for. For who has gone nobody is asked: that
// would take their desktop from where they went.
static void ask_again(void *arg)
{
    struct door_visitor *visitor = arg;
    if (has_gone(visitor->guest)) {
        guest_end(visitor->guest);
        return;
    }
    if (!visitor->asked) {
        ask_broker(visitor);
        return;
    }
    visitor->door->room->door->free(take(visitor->asked));
    loop_timer_start(visitor->again, visitor->again_ms);
}

static void hear_who_it_is(struct door_visitor *visitor)
{
    const struct guest_room *room = visitor->door->room;
    const struct door_logon_result nobody = {.refusal = REFUSAL_WRONG_PASSWORD}, busy = {.refusal = REFUSAL_BUSY};
    rdp_logon_prove(visitor->logon, &visitor->typed);
    if (!rdp_logon_take(visitor->logon, visitor->name, &visitor->password)) {
        answer_visitor(visitor, &nobody);
    } else if (room->draining || !room->linked) {
        answer_visitor(visitor, &busy);
    } else {
        visitor->until_ms = clock_steady_ms() + WAITING_MAX_MS;
        ask_broker(visitor);
    }
}

static void take_part(struct door_visitor *visitor, const struct rdp_logon_part *part)
{
    struct guest *guest = visitor->guest;
    if (part->event == RDP_LOGON_BROKEN) {
        log_info("door", "%s speaks no RDP of today: %s", guest->from, part->why);
        guest_leave(guest);
    } else if (part->answer.length && !guest_say(guest, part->answer.bytes, part->answer.length)) {
        guest_leave(guest);
    } else if (part->event == RDP_LOGON_KNOWN && !visitor->is_answered) {
        hear_who_it_is(visitor);
    } else if (part->event == RDP_LOGON_WAITING) {
        visitor->is_waiting = true;
        guest_wait(guest);
        send_on(visitor);
    }
}

static void hear_visitor(struct guest *guest, unsigned char *bytes, size_t length)
{
    struct door_visitor *visitor = guest->talk_state;
    struct rdp_logon_part part;
    for (size_t at = 0; at < length && guest->place == GUEST_TALKS;) {
        at += rdp_logon_read(visitor->logon, bytes + at, length - at, &part);
        take_part(visitor, &part);
    }
    explicit_bzero(bytes, length);
}

static void refuse_visitor(struct guest *guest, int status)
{
    (void)status;
    guest_leave(guest);
}

static const struct guest_talk visit = {.hears = hear_visitor, .refused = refuse_visitor, .end = end_visit};

static struct door_visitor *new_visitor(struct front_door *door, uint32_t protocols)
{
    struct door_visitor *visitor = mem_new(1, sizeof *visitor);
    visitor->door = door;
    visitor->logon = rdp_logon_new(protocols);
    visitor->again = loop_timer_new(door->room->loop, ask_again, visitor);
    return visitor;
}

static void begin_visit(struct front_door *door, int descriptor, struct unproven *unproven, uint32_t protocols)
{
    struct door_visitor *visitor = new_visitor(door, protocols);
    visitor->guest = guest_begin_talking(door->room, descriptor, unproven, &visit, visitor);
    guest_begin_tls(visitor->guest);
}

// ---- what is asked for first of all

// False: it is there no more.
static bool drop_request(int descriptor, size_t length)
{
    unsigned char request[RDP_CLIENT_REQUEST_MAX];
    return !length || recv(descriptor, request, length, 0) == (ssize_t)length;
}

// That TLS comes next. False: it cannot be said, or the program knows no TLS.
static bool confirm_tls(int descriptor, uint32_t protocols)
{
    unsigned char confirm[RDP_CONFIRM_MAX];
    bool knows_tls = protocols & RDP_PROTOCOL_SSL;
    if (knows_tls)
        rdp_confirm_write(confirm, RDP_PROTOCOL_SSL);
    else
        rdp_failure_write(confirm, RDP_NEEDS_TLS);
    return send(descriptor, confirm, sizeof confirm, MSG_NOSIGNAL) == sizeof confirm && knows_tls;
}

static bool answer_request(int descriptor, size_t length, uint32_t protocols)
{
    return drop_request(descriptor, length) && confirm_tls(descriptor, protocols);
}

// ---- the second

static void end_return(void *state)
{
    struct door_returner *returner = state;
    rdp_first_flight_free(returner->flight);
    inner_rdp_free(returner->inner);
    tls_line_fini(&returner->far);
    explicit_bzero(returner, sizeof *returner);
    free(returner);
}

// Nothing comes of it, and the program has heard from no session host: it is told, when it is ready for that.
static void turn_away(struct guest *guest)
{
    const struct door_returner *returner = guest->talk_state;
    struct door_visitor *visitor = new_visitor(returner->door, returner->protocols);
    size_t length = returner->request_length;
    uint32_t protocols = returner->protocols;
    visitor->guest = guest;
    visitor->error = RDP_ERROR_REDIRECTING;
    visitor->is_answered = true;
    guest_talk_by(guest, &visit, visitor);
    if (guest->line.tls)
        return;
    if (answer_request(guest->line.descriptor, length, protocols))
        guest_begin_tls(guest);
    else
        guest_leave(guest);
}

// A host that takes no one-time password logs the program on by itself. False: the name fits no packet.
static bool plan_logon(struct door_returner *returner, const struct gateway_message *answer)
{
    const struct rdp_corrections corrections = {
        .clipboard = answer->clipboard,
        .devices = answer->drives,
        .user_name = answer->user_name,
        .password = answer->one_time_password,
        .typed = &returner->typed,
    };
    TEXT_PUT(returner->fingerprint, answer->fingerprint);
    if (answer->one_time_password[0])
        returner->flight = rdp_first_flight_new(&corrections);
    return returner->flight || !answer->one_time_password[0];
}

static void channel_is_open(void *arg, const struct gateway_message *answer)
{
    struct guest *guest = arg;
    guest->question = NULL;
    if (!answer || answer->refusal[0]) {
        log_info("door", "%s is refused: %s", guest->from, answer ? answer->refusal : "the broker does not answer");
        turn_away(guest);
        return;
    }
    channel_plan_make(guest, answer, CHANNEL_FRONT_DOOR);
    if (!plan_logon(guest->talk_state, answer))
        guest_give_up(guest, CHANNEL_BROKEN, 500, "the name or the password fits no packet");
    else if (guest_has_room(guest))
        guest_connect(guest, answer->address, (int)answer->port);
}

// Its own TLS comes before the bytes pass.
static void host_has_answered(void *arg, const struct inner_rdp_result *result)
{
    struct guest *guest = arg;
    struct door_returner *returner = guest->talk_state;
    if (result->outcome != INNER_RDP_OPEN) {
        log_warn("door", "%s: %s", guest->plan.channel.host, result->why);
        guest_give_up(guest, result->reason, 502, result->why);
        return;
    }
    returner->far = result->line;
    bool is_said = guest_say(guest, result->confirm, result->confirm_length);
    inner_rdp_free(take(returner->inner));
    if (is_said)
        guest_begin_tls(guest);
    else
        guest_end(guest);
}

static void host_is_dialled(struct guest *guest, int descriptor)
{
    struct door_returner *returner = guest->talk_state;
    if (!returner->flight) {
        tls_line_init(&returner->far, descriptor, NULL, false);
        const struct tls_line far = returner->far;
        returner->far.descriptor = -1;
        guest_go_through(guest, &far);
    } else if (drop_request(guest->line.descriptor, returner->request_length)) {
        returner->request_length = 0;
        returner->inner = inner_rdp_new(guest->room->loop, guest->room->inner_context, descriptor, returner->protocols,
                                        returner->fingerprint, host_has_answered, guest);
    } else {
        close(descriptor);
        guest_end(guest);
    }
}

static void program_is_secured(struct guest *guest)
{
    struct door_returner *returner = guest->talk_state;
    const struct tls_line far = returner->far;
    returner->far = (struct tls_line){.descriptor = -1};
    guest_go_through(guest, &far);
}

static bool goes_through(struct guest *guest)
{
    struct door_returner *returner = guest->talk_state;
    static const struct tunnel_content content = {
        .frames = {.piece_max = PIECE_MAX, .unwrap = flight_content_unwrap},
        .end = flight_content_free,
    };
    guest->plan.has_no_frames = true;
    dial_watch_over(guest->line.descriptor, KEEPALIVE_IDLE_S, KEEPALIVE_EVERY_S, KEEPALIVE_WAIT_MS);
    if (!returner->flight)
        return true;
    guest->plan.content = &content;
    guest->plan.state = flight_content_new(take(returner->flight));
    return true;
}

static void refuse_returner(struct guest *guest, int status)
{
    (void)status;
    turn_away(guest);
}

static void hear_nothing(struct guest *guest, unsigned char *bytes, size_t length)
{
    (void)guest, (void)bytes, (void)length;
}

static const struct guest_talk way_back = {
    .hears = hear_nothing,
    .dialled = host_is_dialled,
    .connected = goes_through,
    .secured = program_is_secured,
    .refused = refuse_returner,
    .end = end_return,
};

static void begin_return(struct front_door *door, int descriptor, struct unproven *unproven, const char *token,
                         const struct door_returner *found)
{
    struct door_returner *returner = mem_copy(found, sizeof *found);
    struct guest *guest = guest_begin_talking(door->room, descriptor, unproven, &way_back, returner);
    guest_wait(guest);
    guest->question =
        channel_question_ask(door->room->office, token, "", CHANNEL_FRONT_DOOR, guest->from, channel_is_open, guest);
}

// ---- the port

static int measure_request(const unsigned char head[LISTENER_HEAD])
{
    int length = head[2] << 8 | head[3];
    return head[0] == TPKT && length <= RDP_CLIENT_REQUEST_MAX ? length : 0;
}

static void let_visitor_in(void *arg, int descriptor, struct unproven *unproven, const struct passed_caller *passed)
{
    struct front_door *door = arg;
    (void)passed; // nobody passes connections on to this port
    unsigned char request[RDP_CLIENT_REQUEST_MAX];
    char token[RDP_TOKEN_SIZE];
    struct door_returner returner = {.door = door, .far = {.descriptor = -1}};
    size_t *length = &returner.request_length;
    ssize_t got = recv(descriptor, request, sizeof request, MSG_PEEK);
    bool asks = got > 0 && rdp_client_request(request, (size_t)got, length, &returner.protocols) == RDP_CLIENT_REQUEST;
    if (asks && rdp_client_token(request, *length, token) && take_awaited(door, token, &returner.typed)) {
        begin_return(door, descriptor, unproven, token, &returner);
    } else if (asks && answer_request(descriptor, *length, returner.protocols)) {
        begin_visit(door, descriptor, unproven, returner.protocols);
    } else {
        unproven_remove(unproven);
        close(descriptor);
    }
    explicit_bzero(&returner, sizeof returner);
}

struct front_door *front_door_new(struct guest_room *room, struct unproven_table *unproven, int port, size_t open_max,
                                  struct fault *why)
{
    struct front_door *door = mem_new(1, sizeof *door);
    const struct listener_config listening = {
        .loop = room->loop,
        .unproven = unproven,
        .unproven_port = port,
        .open = &room->open,
        .open_max = open_max,
        .listen_address = room->config->address,
        .port = (int)room->config->front_door_port,
        .measure = measure_request,
        .begin = let_visitor_in,
        .arg = door,
    };
    door->room = room;
    door->last = &door->first;
    door->listener = listener_new(&listening, why);
    if (door->listener)
        return door;
    free(door);
    return NULL;
}

void front_door_free(struct front_door *door)
{
    if (!door)
        return;
    for (size_t i = 0; i < DOOR_LOGONS_MAX; i++)
        assert(!door->askers[i]);
    listener_free(door->listener);
    while (door->first)
        drop_awaited(door, &door->first);
    free(door);
}
