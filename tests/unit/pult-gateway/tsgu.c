// SPDX-License-Identifier: EUPL-1.2
// Conversations by MS-TSGU: the one that opens a channel, and every packet at every other time.
#include "broker/pult-gateway/tsgu.h"

#include <criterion/criterion.h>
#include <string.h>

#define TOKEN "0123456789abcdefghijABCDEFGHIJ0123456789-_z"

static struct tsgu tsgu;
static struct tsgu_step step;
static unsigned char room[TSGU_ROOM], bytes[1024], answer[TSGU_ANSWER_MAX];

static size_t put(unsigned char type, const void *body, size_t length)
{
    memset(bytes, 0, TSGU_HEAD_SIZE);
    bytes[0] = type;
    bytes[4] = (unsigned char)(TSGU_HEAD_SIZE + length);
    bytes[5] = (unsigned char)((TSGU_HEAD_SIZE + length) >> 8);
    if (length)
        memcpy(bytes + TSGU_HEAD_SIZE, body, length);
    return TSGU_HEAD_SIZE + length;
}

static size_t put_tunnel_create(unsigned char capabilities, const char *cookie)
{
    unsigned char body[512] = {capabilities, 0, 0, 0, 1};
    size_t letters = strlen(cookie) + 1;
    body[8] = (unsigned char)(2 * letters);
    body[9] = (unsigned char)(2 * letters >> 8);
    for (size_t i = 0; i < letters; i++)
        body[10 + 2 * i] = (unsigned char)cookie[i];
    return put(TSGU_TYPE_TUNNEL_CREATE, body, 10 + 2 * letters);
}

// As FreeRDP sends them.
static size_t put_one(enum tsgu_type type)
{
    static const unsigned char handshake[] = {1, 0, 0, 0, TSGU_METHOD_PAA, 0};
    static const unsigned char auth[] = {0, 0, 6, 0, 'p', 0, 'c', 0, 0, 0};
    static const unsigned char channel[] = {1, 0, 0x3d, 0x0d, 3, 0, 4, 0, 'h', 0, 0, 0};
    static const unsigned char status[4], data[] = {4, 0, 'd', 'a', 't', 'a'};
    if (type == TSGU_TYPE_HANDSHAKE_REQUEST)
        return put(type, handshake, sizeof handshake);
    if (type == TSGU_TYPE_TUNNEL_CREATE)
        return put_tunnel_create(0x0d, TOKEN);
    if (type == TSGU_TYPE_TUNNEL_AUTH)
        return put(type, auth, sizeof auth);
    if (type == TSGU_TYPE_CHANNEL_CREATE)
        return put(type, channel, sizeof channel);
    if (type == TSGU_TYPE_CLOSE_CHANNEL || type == TSGU_TYPE_CLOSE_CHANNEL_RESPONSE)
        return put(type, status, sizeof status);
    return type == TSGU_TYPE_DATA ? put(type, data, sizeof data) : put(type, NULL, 0);
}

static enum tsgu_event hear(size_t length)
{
    size_t used = 0;
    while (used < length) {
        used += tsgu_read(&tsgu, bytes + used, length - used, &step);
        if (step.event != TSGU_MORE)
            break;
    }
    return step.event;
}

static enum tsgu_event say(enum tsgu_type type)
{
    return hear(put_one(type));
}

static uint32_t number_at(const unsigned char *at, size_t count)
{
    uint32_t number = 0;
    while (count--)
        number = number << 8 | at[count];
    return number;
}

static void admit(void)
{
    static const struct tsgu_terms terms = {.clipboard = true, .idle_minutes = 30};
    cr_assert_eq(tsgu_admit(&tsgu, &terms, answer), 26);
}

// The usual way, as far as a state.
static void go_to(enum tsgu_state state)
{
    tsgu_begin(&tsgu, room);
    if (state >= TSGU_CREATES)
        cr_assert_eq(say(TSGU_TYPE_HANDSHAKE_REQUEST), TSGU_MORE);
    if (state >= TSGU_IS_JUDGED)
        cr_assert_eq(say(TSGU_TYPE_TUNNEL_CREATE), TSGU_SHOWS_TOKEN);
    if (state >= TSGU_AUTHORIZES)
        admit();
    if (state >= TSGU_NAMES)
        cr_assert_eq(say(TSGU_TYPE_TUNNEL_AUTH), TSGU_MORE);
    if (state >= TSGU_IS_DIALLED)
        cr_assert_eq(say(TSGU_TYPE_CHANNEL_CREATE), TSGU_WANTS_CHANNEL);
    if (state >= TSGU_IS_OPEN)
        cr_assert_eq(tsgu_connected(&tsgu, answer), 20);
    if (state >= TSGU_IS_CLOSED)
        cr_assert_eq(tsgu_close(&tsgu, CHANNEL_MOVED, answer), 12);
    cr_assert_eq(tsgu.state, state);
}

Test(tsgu, a_channel_is_opened_step_by_step)
{
    go_to(TSGU_GREETS);
    cr_assert_eq(say(TSGU_TYPE_HANDSHAKE_REQUEST), TSGU_MORE);
    cr_assert_eq(step.answer_length, 18);
    cr_assert_eq(step.answer[0], TSGU_TYPE_HANDSHAKE_RESPONSE);
    cr_assert_eq(say(TSGU_TYPE_TUNNEL_CREATE), TSGU_SHOWS_TOKEN);
    cr_assert_str_eq(step.token, TOKEN);
    cr_assert_eq(step.answer_length, 0);
    admit();
    cr_assert_eq(answer[0], TSGU_TYPE_TUNNEL_RESPONSE);
    cr_assert_eq(say(TSGU_TYPE_TUNNEL_AUTH), TSGU_MORE);
    cr_assert_eq(step.answer_length, 24);
    cr_assert_eq(number_at(step.answer + 16, 4),
                 TSGU_NO_DRIVES | TSGU_NO_PRINTERS | TSGU_NO_PORTS | TSGU_NO_PLUG_AND_PLAY);
    cr_assert_eq(number_at(step.answer + 20, 4), 30);
    cr_assert_eq(say(TSGU_TYPE_CHANNEL_CREATE), TSGU_WANTS_CHANNEL);
    cr_assert_eq(step.answer_length, 0);
    cr_assert_eq(tsgu_connected(&tsgu, answer), 20);
    cr_assert_eq(answer[0], TSGU_TYPE_CHANNEL_RESPONSE);
    cr_assert_eq(say(TSGU_TYPE_DATA), TSGU_SAYS);
    cr_assert_eq(step.length, 4);
    cr_assert_eq(memcmp(step.data, "data", 4), 0);
    cr_assert_eq(say(TSGU_TYPE_CLOSE_CHANNEL), TSGU_LEAVES);
    cr_assert_eq(step.answer[0], TSGU_TYPE_CLOSE_CHANNEL_RESPONSE);
    cr_assert_eq(step.answer_length, 12);
}

Test(tsgu, each_permission_is_a_flag_of_its_own)
{
    for (int i = 0; i < 8; i++) {
        struct tsgu_terms terms = {.clipboard = i & 1, .drives = i & 2, .printers = i & 4};
        uint32_t expected = TSGU_NO_PORTS | TSGU_NO_PLUG_AND_PLAY;
        expected |= (i & 1 ? 0 : TSGU_NO_CLIPBOARD) | (i & 2 ? 0 : TSGU_NO_DRIVES) | (i & 4 ? 0 : TSGU_NO_PRINTERS);
        go_to(TSGU_IS_JUDGED);
        tsgu_admit(&tsgu, &terms, answer);
        cr_assert_eq(say(TSGU_TYPE_TUNNEL_AUTH), TSGU_MORE);
        cr_assert_eq(number_at(step.answer + 16, 4), expected, "%d", i);
        cr_assert_eq(number_at(step.answer + 20, 4), 0);
    }
}

// What may come in a state; anything else breaks it.
static bool may_come(enum tsgu_state state, enum tsgu_type type)
{
    static const enum tsgu_type steps[TSGU_STATE_COUNT] = {
        [TSGU_GREETS] = TSGU_TYPE_HANDSHAKE_REQUEST,
        [TSGU_CREATES] = TSGU_TYPE_TUNNEL_CREATE,
        [TSGU_AUTHORIZES] = TSGU_TYPE_TUNNEL_AUTH,
        [TSGU_NAMES] = TSGU_TYPE_CHANNEL_CREATE,
        [TSGU_IS_OPEN] = TSGU_TYPE_DATA,
        [TSGU_IS_CLOSED] = TSGU_TYPE_DATA,
    };
    bool closes = type == TSGU_TYPE_CLOSE_CHANNEL && state >= TSGU_IS_OPEN;
    bool is_answer = type == TSGU_TYPE_CLOSE_CHANNEL_RESPONSE && state == TSGU_IS_CLOSED;
    return type == steps[state] || closes || is_answer || (type == TSGU_TYPE_KEEPALIVE && state > TSGU_GREETS);
}

Test(tsgu, any_packet_at_another_time_breaks_it)
{
    for (enum tsgu_state state = TSGU_GREETS; state <= TSGU_IS_CLOSED; state++) {
        if (state == TSGU_IS_JUDGED || state == TSGU_IS_DIALLED)
            continue; // nothing is read
        for (int type = 0; type < 0x20; type++) {
            go_to(state);
            enum tsgu_event event = say((enum tsgu_type)type);
            cr_expect_eq(event != TSGU_IS_BROKEN, may_come(state, (enum tsgu_type)type), "%#x in %d", (unsigned)type,
                         (int)state);
            cr_expect(event != TSGU_IS_BROKEN || (tsgu.state == TSGU_IS_GONE && !step.answer_length));
        }
    }
}

Test(tsgu, keepalives_are_heard_and_not_answered)
{
    static const enum tsgu_state states[] = {TSGU_CREATES, TSGU_AUTHORIZES, TSGU_NAMES, TSGU_IS_OPEN, TSGU_IS_CLOSED};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        go_to(states[i]);
        cr_assert_eq(say(TSGU_TYPE_KEEPALIVE), TSGU_MORE);
        cr_assert_eq(step.answer_length, 0);
        cr_assert_eq(tsgu.state, states[i]);
    }
}

static void is_refused(const char *what, size_t length, size_t error_at, uint32_t error)
{
    cr_expect_eq(hear(length), TSGU_LEAVES, "%s", what);
    cr_expect_eq(number_at(step.answer + error_at, 4), 0x80070000u | error, "%s", what);
    cr_expect_eq(tsgu.state, TSGU_IS_GONE, "%s", what);
}

Test(tsgu, another_version_or_method_is_refused)
{
    static const unsigned char version[] = {2, 0, 0, 0, TSGU_METHOD_PAA, 0}, minor[] = {1, 7, 0, 0, 3, 0};
    static const unsigned char methods[] = {1, 0, 0, 0, 0x0d, 0}, none[] = {1, 0, 0, 0, 0, 0};
    go_to(TSGU_GREETS);
    is_refused("version", put(TSGU_TYPE_HANDSHAKE_REQUEST, version, sizeof version), 8, TSGU_ERROR_VERSION);
    go_to(TSGU_GREETS);
    is_refused("other methods", put(TSGU_TYPE_HANDSHAKE_REQUEST, methods, sizeof methods), 8, TSGU_ERROR_METHOD);
    go_to(TSGU_GREETS);
    is_refused("no method", put(TSGU_TYPE_HANDSHAKE_REQUEST, none, sizeof none), 8, TSGU_ERROR_METHOD);
    go_to(TSGU_GREETS);
    cr_assert_eq(hear(put(TSGU_TYPE_HANDSHAKE_REQUEST, minor, sizeof minor)), TSGU_MORE);
    go_to(TSGU_GREETS);
    cr_assert_eq(hear(put(TSGU_TYPE_HANDSHAKE_REQUEST, minor, 5)), TSGU_IS_BROKEN);
}

Test(tsgu, what_can_be_no_token_is_refused_as_a_wrong_one)
{
    static const char *const cookies[] = {"", "short", TOKEN "x", "0123456789abcdefghij ABCDEFGHIJ0123456789-_",
                                          TOKEN TOKEN TOKEN};
    static const unsigned char none[8];
    for (size_t i = 0; i < sizeof cookies / sizeof *cookies; i++) {
        go_to(TSGU_CREATES);
        memset(step.token, 0, sizeof step.token);
        is_refused(cookies[i], put_tunnel_create(0x0d, cookies[i]), 10, TSGU_ERROR_COOKIE_DENIED);
        cr_assert_eq(step.answer[0], TSGU_TYPE_TUNNEL_RESPONSE);
        cr_assert_eq(step.token[0], 0);
    }
    go_to(TSGU_CREATES);
    is_refused("none", put(TSGU_TYPE_TUNNEL_CREATE, none, sizeof none), 10, TSGU_ERROR_COOKIE_DENIED);
    go_to(TSGU_CREATES);
    cr_assert_eq(hear(put(TSGU_TYPE_TUNNEL_CREATE, none, 7)), TSGU_IS_BROKEN);
}

Test(tsgu, a_refusal_answers_what_was_asked)
{
    go_to(TSGU_IS_JUDGED);
    cr_assert_eq(tsgu_refuse(&tsgu, TSGU_ERROR_COOKIE_DENIED, answer), 18);
    cr_assert_eq(answer[0], TSGU_TYPE_TUNNEL_RESPONSE);
    cr_assert_eq(tsgu.state, TSGU_IS_GONE);
    go_to(TSGU_IS_DIALLED);
    cr_assert_eq(tsgu_refuse(&tsgu, TSGU_ERROR_CONNECT_FAILED, answer), 16);
    cr_assert_eq(answer[0], TSGU_TYPE_CHANNEL_RESPONSE);
    cr_assert_eq(tsgu.state, TSGU_IS_GONE);
}

static bool room_is_wiped(void)
{
    static const unsigned char nothing[TSGU_ROOM];
    return memcmp(room, nothing, sizeof room) == 0;
}

Test(tsgu, a_token_is_wiped_where_it_was_read)
{
    for (int right = 0; right < 2; right++) {
        go_to(TSGU_CREATES);
        size_t length = put_tunnel_create(0x0d, right ? TOKEN : "no token");
        cr_assert_eq(hear(length - 1), TSGU_MORE);
        cr_assert_not(room_is_wiped());
        cr_assert_eq(tsgu_read(&tsgu, bytes + length - 1, 1, &step), 1);
        cr_assert_eq(step.event, right ? TSGU_SHOWS_TOKEN : TSGU_LEAVES);
        cr_assert(room_is_wiped());
    }
}

Test(tsgu, an_open_channel_has_no_room)
{
    go_to(TSGU_IS_OPEN);
    cr_assert_null(tsgu.packets.body);
    cr_assert_eq(tsgu.packets.room, 0);
}

Test(tsgu, a_channel_closed_by_us_waits_for_the_answer)
{
    go_to(TSGU_IS_OPEN);
    cr_assert_eq(tsgu_close(&tsgu, CHANNEL_IDLE, answer), 12);
    cr_assert_eq(answer[0], TSGU_TYPE_CLOSE_CHANNEL);
    cr_assert_eq(number_at(answer + 8, 4), 0x80070000u | TSGU_ERROR_TIMEOUT);
    cr_assert_eq(say(TSGU_TYPE_DATA), TSGU_MORE); // was on its way
    cr_assert_eq(say(TSGU_TYPE_CLOSE_CHANNEL_RESPONSE), TSGU_LEAVES);
    cr_assert_eq(step.answer_length, 0);
    go_to(TSGU_IS_CLOSED);
    cr_assert_eq(say(TSGU_TYPE_CLOSE_CHANNEL), TSGU_LEAVES); // both at once
    cr_assert_eq(step.answer[0], TSGU_TYPE_CLOSE_CHANNEL_RESPONSE);
}

Test(tsgu, ends_that_are_nobodys_fault_are_no_errors)
{
    static const enum channel_reason reasons[] = {CHANNEL_REASON_NONE, CHANNEL_CLIENT_CLOSED, CHANNEL_HOST_CLOSED,
                                                  CHANNEL_MOVED, CHANNEL_SESSION_ENDED};
    for (enum channel_reason reason = CHANNEL_REASON_NONE; reason < CHANNEL_REASON_COUNT; reason++) {
        bool fine = false;
        for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
            fine |= reason == reasons[i];
        go_to(TSGU_IS_OPEN);
        tsgu_close(&tsgu, reason, answer);
        cr_expect_eq(!number_at(answer + 8, 4), fine, "%s", channel_reason_words[reason]);
    }
}

Test(tsgu, a_message_goes_to_who_shows_it)
{
    unsigned char message[TSGU_MESSAGE_SIZE(5)];
    go_to(TSGU_IS_OPEN);
    cr_assert_eq(tsgu_notice(&tsgu, "hello", message), sizeof message);
    cr_assert_eq(message[0], TSGU_TYPE_SERVICE_MESSAGE);
    go_to(TSGU_NAMES);
    cr_assert_eq(tsgu_notice(&tsgu, "hello", message), 0);
    go_to(TSGU_CREATES);
    cr_assert_eq(hear(put_tunnel_create(0, TOKEN)), TSGU_SHOWS_TOKEN);
    admit();
    cr_assert_eq(say(TSGU_TYPE_TUNNEL_AUTH), TSGU_MORE);
    cr_assert_eq(say(TSGU_TYPE_CHANNEL_CREATE), TSGU_WANTS_CHANNEL);
    cr_assert_eq(tsgu_connected(&tsgu, answer), 20);
    cr_assert_eq(tsgu_notice(&tsgu, "hello", message), 0);
}

// Names of any length, and what later versions may add.
Test(tsgu, what_decides_nothing_is_not_looked_at)
{
    static unsigned char long_body[900];
    memset(long_body, 0xff, sizeof long_body);
    go_to(TSGU_AUTHORIZES);
    cr_assert_eq(hear(put(TSGU_TYPE_TUNNEL_AUTH, long_body, sizeof long_body)), TSGU_MORE);
    cr_assert_eq(hear(put(TSGU_TYPE_CHANNEL_CREATE, long_body, sizeof long_body)), TSGU_WANTS_CHANNEL);
    cr_assert_eq(tsgu_connected(&tsgu, answer), 20);
    cr_assert_eq(hear(put(TSGU_TYPE_CLOSE_CHANNEL, long_body, sizeof long_body)), TSGU_LEAVES);
}
