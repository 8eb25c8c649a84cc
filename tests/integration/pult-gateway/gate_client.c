// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/pult-gateway/gate_client.h"
#include "broker/base/text.h"
#include "tests/integration/pult-gateway/gate_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

struct gate_client gate_client = {.line = {.descriptor = -1}};

static void take_answer(const unsigned char *bytes, size_t length, size_t *used)
{
    struct gate_client *client = &gate_client;
    while (*used < length && !client->is_welcome) {
        cr_assert_lt(client->answer_length, sizeof client->answer - 1);
        client->answer[client->answer_length++] = (char)bytes[(*used)++];
        client->is_welcome = text_starts(client->answer, "HTTP/1.1 101 ") && strstr(client->answer, "\r\n\r\n");
    }
}

static void take_bytes(unsigned char *bytes, size_t length)
{
    struct gate_client *client = &gate_client;
    size_t at = 0;
    take_answer(bytes, length, &at);
    while (at < length) {
        enum websocket_event event;
        at += websocket_frame_read(&client->frames, bytes + at, length - at, &event);
        cr_assert_neq(event, WEBSOCKET_IS_BROKEN);
        if (event == WEBSOCKET_CONTROL && client->frames.opcode == WEBSOCKET_CLOSE && client->frames.length >= 2)
            client->goodbye = client->frames.data[0] << 8 | client->frames.data[1];
        if (event != WEBSOCKET_DATA)
            continue;
        cr_assert_leq(client->heard_length + client->frames.length, sizeof client->heard);
        memcpy(client->heard + client->heard_length, client->frames.data, client->frames.length);
        client->heard_length += client->frames.length;
    }
}

void gate_client_goes_on(void)
{
    static unsigned char bytes[64 * 1024];
    struct gate_client *client = &gate_client;
    if (client->line.descriptor < 0 || client->has_ended)
        return;
    int shaken = client->is_shaken ? 1 : tls_line_handshake(&client->line);
    client->is_shaken = shaken > 0;
    ssize_t count = shaken;
    while (count > 0 && client->unsaid_at < client->unsaid_length) {
        count = tls_line_write(&client->line, client->unsaid + client->unsaid_at,
                               client->unsaid_length - client->unsaid_at);
        client->unsaid_at += count > 0 ? (size_t)count : 0;
    }
    for (count = shaken; count > 0;) {
        count = tls_line_read(&client->line, bytes, sizeof bytes);
        if (count > 0)
            take_bytes(bytes, (size_t)count);
    }
    client->has_ended = count < 0;
}

bool gate_client_has_ended(void)
{
    gate_client_goes_on();
    return gate_client.has_ended;
}

void gate_client_says_bytes(const void *bytes, size_t length)
{
    cr_assert_leq(gate_client.unsaid_length + length, sizeof gate_client.unsaid);
    memcpy(gate_client.unsaid + gate_client.unsaid_length, bytes, length);
    gate_client.unsaid_length += length;
}

void gate_client_says(const void *payload, size_t length)
{
    static const unsigned char mask[WEBSOCKET_MASK_SIZE] = {7, 8, 9, 10};
    static unsigned char copy[GATE_CLIENT_STREAM];
    unsigned char head[WEBSOCKET_HEAD_MAX];
    cr_assert_leq(length, sizeof copy);
    memcpy(copy, payload, length);
    websocket_frame_mask(copy, length, mask, 0);
    gate_client_says_bytes(head, websocket_frame_head(head, WEBSOCKET_BINARY, length, mask));
    gate_client_says_bytes(copy, length);
}

void gate_client_says_goodbye(void)
{
    static const unsigned char mask[WEBSOCKET_MASK_SIZE];
    unsigned char head[WEBSOCKET_HEAD_MAX];
    gate_client_says_bytes(head, websocket_frame_head(head, WEBSOCKET_CLOSE, 0, mask));
}

void gate_client_calls(const char *request)
{
    SSL_CTX *context = gate_client.context;
    const char *address = gate_client.address;
    tls_line_fini(&gate_client.line);
    websocket_frame_fini(&gate_client.frames);
    memset(&gate_client, 0, offsetof(struct gate_client, heard)); // the rest is large, and has its lengths
    gate_client.context = context;
    gate_client.address = address;
    int descriptor = connect_from(address, GATE_PORT);
    cr_assert_eq(fcntl(descriptor, F_SETFL, O_NONBLOCK), 0);
    tls_line_init(&gate_client.line, descriptor, context, false);
    gate_client_says_bytes(request, strlen(request));
}

void gate_client_open(void)
{
    gate_client.context = tls_line_context(TLS_client_method());
}

void gate_client_close(void)
{
    tls_line_fini(&gate_client.line);
    SSL_CTX_free(gate_client.context);
}
