// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/tsgu.h"
#include "broker/base/text.h"

#include <assert.h>
#include <string.h>

static_assert((int)TSGU_COOKIE_MAX >= (int)CHANNEL_TOKEN_SIZE - 1, "a token of ours can be told from one too long");

static void leave(struct tsgu *tsgu, struct tsgu_step *step)
{
    tsgu->state = TSGU_IS_GONE;
    step->event = TSGU_LEAVES;
}

// ---- what a client may say, and when

static void take_handshake(struct tsgu *tsgu, struct tsgu_step *step)
{
    struct tsgu_handshake handshake;
    if (!tsgu_packet_handshake(tsgu->packets.body, tsgu->packets.body_length, &handshake)) {
        step->event = TSGU_IS_BROKEN;
        return;
    }
    enum tsgu_error error = TSGU_ERROR_NONE;
    if (handshake.major != 1)
        error = TSGU_ERROR_VERSION;
    else if (!(handshake.methods & TSGU_METHOD_PAA))
        error = TSGU_ERROR_METHOD;
    step->answer_length = tsgu_packet_handshake_response(step->answer, error);
    if (error)
        leave(tsgu, step);
    else
        tsgu->state = TSGU_CREATES;
}

// A cookie that can be no token is refused as one that the broker does not know.
static void take_tunnel_create(struct tsgu *tsgu, struct tsgu_step *step)
{
    struct tsgu_tunnel_create create;
    bool whole = tsgu_packet_tunnel_create(tsgu->packets.body, tsgu->packets.body_length, &create);
    explicit_bzero(tsgu->packets.body, tsgu->packets.room);
    if (!whole) {
        step->event = TSGU_IS_BROKEN;
        return;
    }
    tsgu->hears_messages = create.capabilities & TSGU_CAPABILITY_SERVICE_MESSAGE;
    tsgu->state = TSGU_IS_JUDGED;
    step->event = TSGU_SHOWS_TOKEN;
    if (strlen(create.cookie) != CHANNEL_TOKEN_SIZE - 1) {
        step->event = TSGU_LEAVES;
        step->answer_length = tsgu_refuse(tsgu, TSGU_ERROR_COOKIE_DENIED, step->answer);
    } else {
        TEXT_PUT(step->token, create.cookie);
    }
    explicit_bzero(&create, sizeof create);
}

static void take_tunnel_auth(struct tsgu *tsgu, struct tsgu_step *step)
{
    step->answer_length = tsgu_packet_tunnel_auth_response(step->answer, tsgu->forbidden, tsgu->idle_minutes);
    tsgu->state = TSGU_NAMES;
}

// Which host it names, and which port, means nothing.
static void take_channel_create(struct tsgu *tsgu, struct tsgu_step *step)
{
    tsgu->state = TSGU_IS_DIALLED;
    step->event = TSGU_WANTS_CHANNEL;
}

static void take_close(struct tsgu *tsgu, struct tsgu_step *step)
{
    step->answer_length = tsgu_packet_close_response(step->answer);
    leave(tsgu, step);
}

static void take_close_response(struct tsgu *tsgu, struct tsgu_step *step)
{
    leave(tsgu, step);
}

// FreeRDP answers each of ours by one of its own: an answer to those would never end.
static void take_keepalive(struct tsgu *tsgu, struct tsgu_step *step)
{
    (void)tsgu, (void)step;
}

static const struct tsgu_row {
    enum tsgu_state first, last; // in which it may come
    enum tsgu_type type;
    void (*take)(struct tsgu *tsgu, struct tsgu_step *step);
} rows[] = {
    {TSGU_GREETS, TSGU_GREETS, TSGU_TYPE_HANDSHAKE_REQUEST, take_handshake},
    {TSGU_CREATES, TSGU_CREATES, TSGU_TYPE_TUNNEL_CREATE, take_tunnel_create},
    {TSGU_AUTHORIZES, TSGU_AUTHORIZES, TSGU_TYPE_TUNNEL_AUTH, take_tunnel_auth},
    {TSGU_NAMES, TSGU_NAMES, TSGU_TYPE_CHANNEL_CREATE, take_channel_create},
    {TSGU_CREATES, TSGU_IS_CLOSED, TSGU_TYPE_KEEPALIVE, take_keepalive},
    {TSGU_IS_OPEN, TSGU_IS_CLOSED, TSGU_TYPE_CLOSE_CHANNEL, take_close},
    {TSGU_IS_CLOSED, TSGU_IS_CLOSED, TSGU_TYPE_CLOSE_CHANNEL_RESPONSE, take_close_response},
};

static void take_packet(struct tsgu *tsgu, struct tsgu_step *step)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].type == tsgu->packets.type && tsgu->state >= rows[i].first && tsgu->state <= rows[i].last) {
            rows[i].take(tsgu, step);
            return;
        }
    step->event = TSGU_IS_BROKEN;
}

static void take_data(struct tsgu *tsgu, struct tsgu_step *step)
{
    if (tsgu->state == TSGU_IS_OPEN) {
        step->event = TSGU_SAYS;
        step->data = tsgu->packets.data;
        step->length = tsgu->packets.length;
    } else if (tsgu->state != TSGU_IS_CLOSED) {
        step->event = TSGU_IS_BROKEN;
    }
}

void tsgu_begin(struct tsgu *tsgu, unsigned char room[TSGU_ROOM])
{
    *tsgu = (struct tsgu){.packets = {.body = room, .room = TSGU_ROOM}};
}

size_t tsgu_read(struct tsgu *tsgu, const unsigned char *bytes, size_t length, struct tsgu_step *step)
{
    enum tsgu_packet_event event;
    assert(tsgu->state != TSGU_IS_JUDGED && tsgu->state != TSGU_IS_DIALLED && tsgu->state != TSGU_IS_GONE);
    step->event = TSGU_MORE;
    step->data = NULL;
    step->length = step->answer_length = 0;
    size_t used = tsgu_packet_read(&tsgu->packets, bytes, length, &event);
    if (event == TSGU_PACKET_WHOLE)
        take_packet(tsgu, step);
    else if (event == TSGU_PACKET_DATA)
        take_data(tsgu, step);
    else if (event == TSGU_PACKET_IS_BROKEN)
        step->event = TSGU_IS_BROKEN;
    if (step->event == TSGU_IS_BROKEN)
        tsgu->state = TSGU_IS_GONE;
    return used;
}

// ---- what the broker, the session host and we say

size_t tsgu_admit(struct tsgu *tsgu, const struct tsgu_terms *terms, unsigned char answer[TSGU_ANSWER_MAX])
{
    assert(tsgu->state == TSGU_IS_JUDGED);
    tsgu->state = TSGU_AUTHORIZES;
    tsgu->forbidden = TSGU_NO_PORTS | TSGU_NO_PLUG_AND_PLAY | (terms->clipboard ? 0 : TSGU_NO_CLIPBOARD) |
                      (terms->drives ? 0 : TSGU_NO_DRIVES) | (terms->printers ? 0 : TSGU_NO_PRINTERS);
    tsgu->idle_minutes = terms->idle_minutes;
    return tsgu_packet_tunnel_response(answer, TSGU_ERROR_NONE);
}

size_t tsgu_connected(struct tsgu *tsgu, unsigned char answer[TSGU_ANSWER_MAX])
{
    assert(tsgu->state == TSGU_IS_DIALLED);
    tsgu->state = TSGU_IS_OPEN;
    tsgu->packets.body = NULL; // nothing that comes in an open channel has a body that matters
    tsgu->packets.room = 0;
    return tsgu_packet_channel_response(answer, TSGU_ERROR_NONE);
}

size_t tsgu_refuse(struct tsgu *tsgu, enum tsgu_error error, unsigned char answer[TSGU_ANSWER_MAX])
{
    bool tunnel = tsgu->state == TSGU_IS_JUDGED;
    assert(error && (tunnel || tsgu->state == TSGU_IS_DIALLED));
    tsgu->state = TSGU_IS_GONE;
    return tunnel ? tsgu_packet_tunnel_response(answer, error) : tsgu_packet_channel_response(answer, error);
}

size_t tsgu_close(struct tsgu *tsgu, enum channel_reason reason, unsigned char answer[TSGU_ANSWER_MAX])
{
    static const enum tsgu_error errors[CHANNEL_REASON_COUNT] = {
        [CHANNEL_LOCKED] = TSGU_ERROR_DENIED,
        [CHANNEL_PERSON_DISABLED] = TSGU_ERROR_DENIED,
        [CHANNEL_DEVICE_LOST] = TSGU_ERROR_DENIED,
        [CHANNEL_TOO_LONG] = TSGU_ERROR_TIMEOUT,
        [CHANNEL_IDLE] = TSGU_ERROR_TIMEOUT,
        [CHANNEL_GATEWAY_DOWN] = TSGU_ERROR_ABORTED,
        [CHANNEL_HOST_UNREACHABLE] = TSGU_ERROR_CONNECT_FAILED,
        [CHANNEL_WRONG_CERTIFICATE] = TSGU_ERROR_CONNECT_FAILED,
        [CHANNEL_BROKEN] = TSGU_ERROR_INTERNAL,
        [CHANNEL_LOGGED_OFF] = TSGU_ERROR_DENIED,
    };
    assert(tsgu->state == TSGU_IS_OPEN && reason < CHANNEL_REASON_COUNT);
    tsgu->state = TSGU_IS_CLOSED;
    return tsgu_packet_close(answer, errors[reason]);
}

size_t tsgu_notice(const struct tsgu *tsgu, const char *text, unsigned char *to)
{
    return tsgu->hears_messages && tsgu->state == TSGU_IS_OPEN ? tsgu_packet_message(to, text) : 0;
}
