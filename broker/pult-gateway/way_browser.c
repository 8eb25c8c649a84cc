// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/way_browser.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/pult-gateway/channel_plan.h"
#include "broker/pult-gateway/cleanpath.h"
#include "broker/pult-gateway/flight_content.h"
#include "broker/pult-gateway/inner_rdp.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    COOKIE_LENGTH = CHANNEL_TOKEN_SIZE - 1,
    GERMAN = 0x407,   // keyboard; the client names none
    FRAMES_AHEAD = 2, // of the client's 20 all would wait on a slow line, in front of what is typed now
    TLS_HANDSHAKE_FAILURE = 40,
    TLS_CERTIFICATE_UNKNOWN = 46,
};

struct browser_talk {
    struct websocket_frame_reader frames;
    char holder[DIGEST_SIZE];
    uint32_t protocols; // that the client knows
    char fingerprint[DIGEST_SIZE];
    struct rdp_first_flight *flight;
    struct inner_rdp *inner;
    struct text response; // once the session host has agreed
    size_t length;
    unsigned char request[CLEANPATH_REQUEST_MAX];
};

// ---- who may ask

// The page of another site can open a WebSocket to us, and the browser sends our cookie with it.
static bool is_of_our_page(const struct guest *guest)
{
    const char *origin = request_head_field(&guest->head, "Origin");
    return origin && guest->room->origin[0] && strcasecmp(origin, guest->room->origin) == 0;
}

// By the digest the broker knows whose cookie it is. False: there is none, or more than one.
static bool find_holder(const struct guest *guest, char holder[DIGEST_SIZE])
{
    static const char name[] = "__Host-pult=";
    unsigned char digest[(DIGEST_SIZE - 1) / 2];
    const char *cookies = request_head_field(&guest->head, "Cookie"), *cookie = NULL;
    for (const char *at = cookies; at; at = strchr(at, ';')) {
        at += strspn(at, "; ");
        if (!text_starts(at, name))
            continue;
        if (cookie)
            return false;
        cookie = at + sizeof name - 1;
    }
    if (!cookie || strcspn(cookie, "; ") != COOKIE_LENGTH ||
        EVP_Digest(cookie, COOKIE_LENGTH, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    text_hex(holder, digest, sizeof digest);
    return true;
}

// ---- refusals

static void send_browser_away(struct guest *guest, enum channel_reason reason)
{
    unsigned code = TUNNEL_GOODBYE + (unsigned)reason;
    owned(text) struct text payload = {0};
    text_addf(&payload, "%c%c%s", (int)(code >> 8), (int)(code & 0xff), channel_reason_words[reason]);
    channel_plan_failed(guest, reason);
    if (!guest_say_frame(guest, WEBSOCKET_CLOSE, payload.bytes, payload.length))
        log_debug("gate", "%s has gone already", guest->from);
    guest_leave(guest);
}

static void fail_browser(struct guest *guest, enum channel_reason reason, const struct cleanpath_failure *failure)
{
    struct browser_talk *talk = guest->talk_state;
    owned(text) struct text pdu = {0};
    cleanpath_write_failure(&pdu, failure);
    inner_rdp_free(take(talk->inner)); // the host's answer was within
    if (!guest_say_frame(guest, WEBSOCKET_BINARY, pdu.bytes, pdu.length))
        log_debug("gate", "%s does not hear that it is refused", guest->from);
    send_browser_away(guest, reason);
}

static void browser_is_refused(struct guest *guest, int status)
{
    const struct cleanpath_failure failure = {.http_status = status};
    fail_browser(guest, CHANNEL_CLIENT_CLOSED, &failure);
}

// ---- what the broker and the session host say

static const struct tunnel_content browser_content = {.frames = {.unwrap = flight_content_unwrap},
                                                      .end = flight_content_free};

static bool browser_goes_through(struct guest *guest)
{
    struct browser_talk *talk = guest->talk_state;
    if (!guest_say_frame(guest, WEBSOCKET_BINARY, talk->response.bytes, talk->response.length))
        return false;
    guest->plan.content = &browser_content;
    guest->plan.state = flight_content_new(take(talk->flight));
    guest->plan.frames = &talk->frames;
    guest->plan.early_length = 0;
    return true;
}

static void host_has_answered(void *arg, const struct inner_rdp_result *result)
{
    static const struct cleanpath_failure failures[] = {
        [INNER_RDP_OPEN] = {0},
        [INNER_RDP_REFUSED] = {0},
        [INNER_RDP_NO_TLS] = {.http_status = 502, .tls_alert = TLS_HANDSHAKE_FAILURE},
        [INNER_RDP_WRONG_CERTIFICATE] = {.http_status = 502, .tls_alert = TLS_CERTIFICATE_UNKNOWN},
        [INNER_RDP_LOST] = {.http_status = 502, .socket_error = CLEANPATH_SOCKET_RESET},
    };
    struct guest *guest = arg;
    struct browser_talk *talk = guest->talk_state;
    if (result->outcome != INNER_RDP_OPEN) {
        struct cleanpath_failure failure = failures[result->outcome];
        failure.confirm = result->confirm;
        failure.confirm_length = result->confirm_length;
        log_warn("gate", "%s: %s", guest->plan.channel.host, result->why);
        fail_browser(guest, result->reason, &failure);
        return;
    }
    cleanpath_write_response(&talk->response, result->confirm, result->confirm_length, result->certificate,
                             result->certificate_length);
    const struct tls_line far = result->line;
    inner_rdp_free(take(talk->inner));
    guest_go_through(guest, &far);
}

static void host_is_dialled(struct guest *guest, int descriptor)
{
    struct browser_talk *talk = guest->talk_state;
    talk->inner = inner_rdp_new(guest->room->loop, guest->room->inner_context, descriptor, talk->protocols,
                                talk->fingerprint, host_has_answered, guest);
}

// A one-time password is for hosts that take nothing else, and have no use for CredSSP. Others the client logs on to by
// itself, and end to end.
static bool plan_flight(struct browser_talk *talk, const struct gateway_message *answer)
{
    bool logs_on = answer->one_time_password[0];
    const struct rdp_corrections corrections = {
        .keyboard_layout = GERMAN,
        .frames_ahead = FRAMES_AHEAD,
        .deep_colour = true,
        .clipboard = answer->clipboard,
        .devices = answer->drives || (answer->printers && !logs_on),
        .nla = !logs_on,
        .user_name = logs_on ? answer->user_name : NULL,
        .password = logs_on ? answer->one_time_password : NULL,
    };
    if (logs_on)
        talk->protocols = RDP_PROTOCOL_SSL;
    talk->flight = rdp_first_flight_new(&corrections);
    return talk->flight;
}

static void browser_is_judged(void *arg, const struct gateway_message *answer)
{
    struct guest *guest = arg;
    struct browser_talk *talk = guest->talk_state;
    guest->question = NULL;
    if (!answer || answer->refusal[0]) {
        browser_is_refused(guest, answer ? 403 : 503);
        return;
    }
    channel_plan_make(guest, answer, CHANNEL_BROWSER);
    TEXT_PUT(talk->fingerprint, answer->fingerprint);
    if (!plan_flight(talk, answer)) {
        log_warn("gate", "%s: no session host could be told the name of its person", answer->channel);
        guest_give_up(guest, CHANNEL_BROKEN, 502, "");
        return;
    }
    if (guest_has_room(guest))
        guest_connect(guest, answer->address, (int)answer->port);
}

// ---- what the guest says

// Where it wants to go is not looked at.
static void take_request(struct guest *guest, const struct cleanpath_request *request)
{
    struct browser_talk *talk = guest->talk_state;
    size_t wanted;
    if (rdp_client_request(request->rdp_request, request->rdp_request_length, &wanted, &talk->protocols) !=
            RDP_CLIENT_REQUEST ||
        wanted != request->rdp_request_length || !(talk->protocols & RDP_PROTOCOL_SSL)) {
        browser_is_refused(guest, 400);
        return;
    }
    if (!request->token[0]) {
        browser_is_refused(guest, 403);
        return;
    }
    talk->protocols &= RDP_PROTOCOL_SSL | RDP_PROTOCOL_HYBRID;
    guest_wait(guest);
    guest->question = channel_question_ask(guest->room->office, request->token, talk->holder, CHANNEL_BROWSER,
                                           guest->from, browser_is_judged, guest);
}

// `is_all`: nothing follows that was said already. It does not speak on before it is answered.
static void hear_request(struct guest *guest, const unsigned char *bytes, size_t length, bool is_all)
{
    struct browser_talk *talk = guest->talk_state;
    struct cleanpath_request request;
    size_t wanted, room = sizeof talk->request - talk->length, some = length < room ? length : room;
    memcpy(talk->request + talk->length, bytes, some);
    talk->length += some;
    enum cleanpath_answer answer = cleanpath_read(&request, talk->request, talk->length, &wanted);
    if (answer == CLEANPATH_PARTIAL)
        return;
    if (answer == CLEANPATH_REQUEST && is_all && some == length && wanted == talk->length)
        take_request(guest, &request);
    else
        browser_is_refused(guest, 400);
    explicit_bzero(&request, sizeof request);
    explicit_bzero(talk->request, talk->length);
}

static void hear_browser(struct guest *guest, unsigned char *bytes, size_t length)
{
    struct browser_talk *talk = guest->talk_state;
    for (size_t at = 0; at < length && guest->place == GUEST_TALKS;) {
        const struct websocket_frame_reader *frames = &talk->frames;
        enum websocket_event event;
        at += websocket_frame_read(&talk->frames, bytes + at, length - at, &event);
        if (event == WEBSOCKET_IS_BROKEN)
            send_browser_away(guest, CHANNEL_BROKEN);
        else if (event == WEBSOCKET_DATA)
            hear_request(guest, frames->data, frames->length, at == length && !frames->in_payload);
        else if (event == WEBSOCKET_CONTROL && frames->opcode == WEBSOCKET_CLOSE)
            send_browser_away(guest, CHANNEL_CLIENT_CLOSED);
    }
}

static void end_browser_talk(void *state)
{
    struct browser_talk *talk = state;
    inner_rdp_free(talk->inner);
    rdp_first_flight_free(talk->flight);
    text_drop(&talk->response);
    websocket_frame_fini(&talk->frames);
    explicit_bzero(talk, sizeof *talk);
    free(talk);
}

void way_browser_take(struct guest *guest)
{
    static const struct guest_talk by_cleanpath = {.hears = hear_browser,
                                                   .dialled = host_is_dialled,
                                                   .connected = browser_goes_through,
                                                   .refused = browser_is_refused,
                                                   .end = end_browser_talk};
    char holder[DIGEST_SIZE];
    if (!guest_upgrades(guest))
        return;
    if (guest->room->draining || !guest->room->linked) {
        guest_answer(guest, 503, guest->room->draining ? "draining" : "the broker does not answer; try again");
        return;
    }
    if (!is_of_our_page(guest) || !find_holder(guest, holder)) {
        guest_answer(guest, 403, "channel-refused");
        return;
    }
    struct browser_talk *talk = mem_new(1, sizeof *talk);
    talk->frames.from_client = true;
    TEXT_PUT(talk->holder, holder);
    guest_begin_talk(guest, &by_cleanpath, talk);
}
