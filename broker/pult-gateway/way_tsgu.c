// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/way_tsgu.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/pult-gateway/channel_plan.h"
#include "broker/pult-gateway/tsgu.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct tsgu_talk {
    struct websocket_frame_reader frames;
    struct tsgu tsgu;
    // What the broker has said.
    char address[NAME_SIZE]; // of the session host
    int port;
    bool clipboard, drives;
    char fingerprint[DIGEST_SIZE], user_name[USER_NAME_SIZE];
    char one_time_password[OTP_TEXT_SIZE]; // empty: the RDP connection ends at the session host
    unsigned char room[TSGU_ROOM];
};

static bool say_packet(struct guest *guest, const unsigned char *packet, size_t length)
{
    return guest_say_frame(guest, WEBSOCKET_BINARY, packet, length);
}

static void send_away(struct guest *guest, enum channel_reason reason)
{
    channel_plan_failed(guest, reason);
    if (!guest_say_frame(guest, WEBSOCKET_CLOSE, NULL, 0))
        log_debug("gate", "%s has gone already", guest->from);
    guest_leave(guest);
}

// Also while nothing is asked: then there is no answer that could say it.
static void refuse_tsgu(struct guest *guest, enum tsgu_error error)
{
    struct tsgu_talk *talk = guest->talk_state;
    unsigned char packet[TSGU_ANSWER_MAX];
    bool is_asked = talk->tsgu.state == TSGU_IS_JUDGED || talk->tsgu.state == TSGU_IS_DIALLED;
    if (is_asked && !say_packet(guest, packet, tsgu_refuse(&talk->tsgu, error, packet)))
        log_debug("gate", "%s does not hear that it is refused", guest->from);
    send_away(guest, CHANNEL_CLIENT_CLOSED);
}

static void tsgu_is_refused(struct guest *guest, int status)
{
    static const struct {
        int status;
        enum tsgu_error error;
    } rows[] = {{403, TSGU_ERROR_DENIED}, {502, TSGU_ERROR_CONNECT_FAILED}, {503, TSGU_ERROR_TOO_MANY}};
    enum tsgu_error error = TSGU_ERROR_INTERNAL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].status == status)
            error = rows[i].error;
    refuse_tsgu(guest, error);
}

// ---- in the tunnel

static void wrap_tsgu(void *state, unsigned char *head, size_t length)
{
    (void)state;
    tsgu_packet_data_head(head, length);
}

static size_t unwrap_tsgu(void *state, const unsigned char *bytes, size_t length, struct websocket_piece *piece)
{
    struct tsgu_step step;
    size_t used = tsgu_read(state, bytes, length, &step);
    piece->data = step.data;
    piece->length = step.length;
    piece->answer_length = step.answer_length;
    memcpy(piece->answer, step.answer, step.answer_length);
    piece->end = step.event == TSGU_IS_BROKEN ? WEBSOCKET_CONTENT_IS_BROKEN
                 : step.event == TSGU_LEAVES  ? WEBSOCKET_CONTENT_ENDS
                                              : WEBSOCKET_CONTENT_GOES_ON;
    return used;
}

static size_t write_tsgu_notice(void *state, const char *text, unsigned char packet[WEBSOCKET_SAY_MAX])
{
    static_assert((int)TSGU_MESSAGE_SIZE(HOST_TEXT_SIZE) <= (int)WEBSOCKET_SAY_MAX, "a sentence of the broker's fits");
    return tsgu_notice(state, text, packet);
}

static size_t write_tsgu_farewell(void *state, enum channel_reason reason, unsigned char packet[WEBSOCKET_SAY_MAX])
{
    struct tsgu *tsgu = state;
    return tsgu->state == TSGU_IS_OPEN ? tsgu_close(tsgu, reason, packet) : 0;
}

static size_t write_tsgu_keepalive(void *state, unsigned char packet[WEBSOCKET_SAY_MAX])
{
    struct tsgu *tsgu = state;
    return tsgu->state == TSGU_IS_OPEN ? tsgu_packet_keepalive(packet) : 0;
}

static const struct tunnel_content tsgu_content = {
    .frames = {.head_size = TSGU_DATA_HEAD_SIZE, .piece_max = TSGU_DATA_MAX, .wrap = wrap_tsgu, .unwrap = unwrap_tsgu},
    .notice = write_tsgu_notice,
    .farewell = write_tsgu_farewell,
    .keepalive = write_tsgu_keepalive,
    .end = free,
};
static_assert((int)TSGU_ANSWER_MAX <= (int)WEBSOCKET_CONTENT_ANSWER_MAX, "an answer fits");

// ---- what the broker and the session host say

static void tsgu_is_judged(void *arg, const struct gateway_message *answer)
{
    struct guest *guest = arg;
    struct tsgu_talk *talk = guest->talk_state;
    unsigned char packet[TSGU_ANSWER_MAX];
    guest->question = NULL;
    if (!answer || answer->refusal[0]) {
        refuse_tsgu(guest, answer ? TSGU_ERROR_COOKIE_DENIED : TSGU_ERROR_INTERNAL);
        return;
    }
    channel_plan_make(guest, answer, CHANNEL_TSGU);
    if (!guest_has_room(guest))
        return;
    const struct tsgu_terms terms = {.clipboard = answer->clipboard,
                                     .drives = answer->drives,
                                     .printers = answer->printers,
                                     .idle_minutes = (uint32_t)answer->idle_minutes};
    TEXT_PUT(talk->address, answer->address);
    TEXT_PUT(talk->fingerprint, answer->fingerprint);
    TEXT_PUT(talk->user_name, answer->user_name);
    TEXT_PUT(talk->one_time_password, answer->one_time_password);
    talk->port = (int)answer->port;
    talk->clipboard = answer->clipboard;
    talk->drives = answer->drives;
    if (say_packet(guest, packet, tsgu_admit(&talk->tsgu, &terms, packet)))
        guest_talk_on(guest);
    else
        send_away(guest, CHANNEL_CLIENT_CLOSED);
}

// Between tunnel and session host: the RDP connection ends here. False: there is no room for it.
static bool stand_between(struct guest *guest, const struct tsgu_talk *talk)
{
    int pair[2];
    // Of what RDP programs redirect only drives work at the hosts that take one-time passwords.
    const struct rdp_corrections corrections = {.clipboard = talk->clipboard,
                                                .devices = talk->drives,
                                                .user_name = talk->user_name,
                                                .password = talk->one_time_password};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    const struct rdp_middle_plan plan = {.channel = guest->plan.channel.channel,
                                         .program = pair[0],
                                         .host = guest->plan.far.descriptor,
                                         .shown = guest->room->context,
                                         .fingerprint = talk->fingerprint,
                                         .corrections = &corrections};
    tls_line_init(&guest->plan.far, pair[1], NULL, false);
    return rdp_middles_begin(guest->room->middles, &plan);
}

static bool tsgu_host_connected(struct guest *guest)
{
    struct tsgu_talk *talk = guest->talk_state;
    unsigned char packet[TSGU_ANSWER_MAX];
    if (talk->one_time_password[0] && !stand_between(guest, talk))
        return false;
    if (!say_packet(guest, packet, tsgu_connected(&talk->tsgu, packet)))
        return false;
    guest->plan.content = &tsgu_content;
    guest->plan.state = mem_copy(&talk->tsgu, sizeof talk->tsgu);
    guest->plan.frames = &talk->frames;
    guest->plan.early_length = 0;
    return true;
}

// ---- what the guest says

// `is_all`: nothing follows that was said already. Nobody speaks before they are answered.
static void take_tsgu_step(struct guest *guest, const struct tsgu_step *step, bool is_all)
{
    struct tsgu_talk *talk = guest->talk_state;
    bool asks = step->event == TSGU_SHOWS_TOKEN, dials = step->event == TSGU_WANTS_CHANNEL;
    bool said = !step->answer_length || say_packet(guest, step->answer, step->answer_length);
    if (step->event == TSGU_IS_BROKEN || ((asks || dials) && !is_all)) {
        send_away(guest, CHANNEL_BROKEN);
    } else if (!said || step->event == TSGU_LEAVES) {
        send_away(guest, CHANNEL_CLIENT_CLOSED);
    } else if (asks) {
        guest_wait(guest);
        guest->question = channel_question_ask(guest->room->office, step->token, "", CHANNEL_TSGU, guest->from,
                                               tsgu_is_judged, guest);
    } else if (dials) {
        guest_wait(guest);
        guest_connect(guest, talk->address, talk->port);
    }
}

static void hear_tsgu_payload(struct guest *guest, const unsigned char *bytes, size_t length, bool is_last)
{
    struct tsgu_talk *talk = guest->talk_state;
    for (size_t at = 0; at < length && guest->place == GUEST_TALKS;) {
        struct tsgu_step step;
        at += tsgu_read(&talk->tsgu, bytes + at, length - at, &step);
        take_tsgu_step(guest, &step, is_last && at == length);
        explicit_bzero(&step, sizeof step);
    }
}

static void take_tsgu_control(struct guest *guest, const struct websocket_frame_reader *frames,
                              struct websocket_pong *pong)
{
    if (frames->opcode == WEBSOCKET_PING)
        websocket_pong_note(pong, frames);
    else if (frames->opcode == WEBSOCKET_CLOSE)
        send_away(guest, CHANNEL_CLIENT_CLOSED);
}

static void answer_tsgu_ping(struct guest *guest, const struct websocket_pong *pong)
{
    bool is_asked = pong->is_due && guest->place != GUEST_LEAVES;
    if (is_asked && !guest_say_frame(guest, WEBSOCKET_PONG, pong->data, pong->length) && guest->place == GUEST_TALKS)
        send_away(guest, CHANNEL_CLIENT_CLOSED);
}

static void hear_tsgu(struct guest *guest, unsigned char *bytes, size_t length)
{
    struct tsgu_talk *talk = guest->talk_state;
    struct websocket_pong pong = {.is_due = false};
    for (size_t at = 0; at < length && guest->place == GUEST_TALKS;) {
        enum websocket_event event;
        at += websocket_frame_read(&talk->frames, bytes + at, length - at, &event);
        if (event == WEBSOCKET_IS_BROKEN)
            send_away(guest, CHANNEL_BROKEN);
        else if (event == WEBSOCKET_CONTROL)
            take_tsgu_control(guest, &talk->frames, &pong);
        else if (event == WEBSOCKET_DATA)
            hear_tsgu_payload(guest, talk->frames.data, talk->frames.length, at == length && !talk->frames.in_payload);
    }
    answer_tsgu_ping(guest, &pong);
}

static void end_tsgu_talk(void *state)
{
    struct tsgu_talk *talk = state;
    websocket_frame_fini(&talk->frames);
    explicit_bzero(talk, sizeof *talk); // tokens and passwords are there
    free(talk);
}

void way_tsgu_take(struct guest *guest)
{
    static const struct guest_talk by_tsgu = {
        .hears = hear_tsgu, .connected = tsgu_host_connected, .refused = tsgu_is_refused, .end = end_tsgu_talk};
    if (!guest_upgrades(guest))
        return;
    if (guest->room->draining || !guest->room->linked) {
        guest_answer(guest, 503, guest->room->draining ? "draining" : "the broker does not answer; try again");
        return;
    }
    struct tsgu_talk *talk = mem_new(1, sizeof *talk);
    talk->frames.from_client = true;
    tsgu_begin(&talk->tsgu, talk->room);
    guest_begin_talk(guest, &by_tsgu, talk);
}
