// SPDX-License-Identifier: EUPL-1.2
#include "tests/bench/gateway_load.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 4096, STEP_MAX = 128, CONFIRM_HEAD = 4 };

#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"

// ---- browser: RDCleanPath, and the first flight of its client, which the gateway corrects

static unsigned char request[FILE_MAX], flight[FILE_MAX];
static size_t request_length, flight_length;

static size_t load(unsigned char *to, const char *path)
{
    FILE *file = fopen(path, "rbe");
    must(file, path, NULL);
    size_t length = fread(to, 1, FILE_MAX, file);
    fclose(file);
    must(length > 0 && length < FILE_MAX, path, NULL);
    return length;
}

static void ask_cleanpath(struct tunnel *tunnel)
{
    if (!request_length)
        request_length = load(request, "tests/fuzz/corpus/cleanpath/token");
    say_payload(tunnel, request, request_length);
}

// Its answer is one element of DER, with a length of two bytes: there is a certificate in it.
static void hear_cleanpath(struct tunnel *tunnel, const unsigned char *bytes, size_t length)
{
    must(tunnel->answer_length + length < sizeof tunnel->answer, "a long answer", tunnel);
    memcpy(tunnel->answer + tunnel->answer_length, bytes, length);
    tunnel->answer_length += length;
    const unsigned char *head = (const unsigned char *)tunnel->answer;
    if (tunnel->answer_length < CONFIRM_HEAD)
        return;
    must(head[0] == 0x30 && head[1] == 0x82, "the session host is not reached", tunnel);
    if (tunnel->answer_length < CONFIRM_HEAD + (size_t)(head[2] << 8 | head[3]))
        return;
    if (!flight_length)
        flight_length = load(flight, "tests/fuzz/corpus/rdp_first_flight/iron-0.7.0");
    say_payload(tunnel, flight, flight_length);
    say_name(tunnel);
}

// ---- MS-TSGU

static void say_packet(struct tunnel *tunnel, enum tsgu_type type, const void *body, size_t length)
{
    unsigned char packet[STEP_MAX] = {(unsigned char)type, 0, 0, 0, (unsigned char)(TSGU_HEAD_SIZE + length)};
    memcpy(packet + TSGU_HEAD_SIZE, body, length);
    say_payload(tunnel, packet, TSGU_HEAD_SIZE + length);
}

static void say_step(struct tunnel *tunnel)
{
    static const unsigned char handshake[] = {1, 0, 0, 0, TSGU_METHOD_PAA, 0};
    static const unsigned char authorization[] = {0, 0, 6, 0, 'p', 0, 'c', 0, 0, 0};
    static const unsigned char channel[] = {1, 0, 7, 0, 3, 0, 4, 0, 'x', 0, 0, 0};
    static const char token[] = TOKEN;
    unsigned char create[10 + 2 * sizeof token] = {0x0d, 0, 0, 0, 1, 0, 0, 0, 2 * sizeof token};
    for (size_t i = 0; i < sizeof token; i++)
        create[10 + 2 * i] = (unsigned char)token[i];
    const struct {
        enum tsgu_type type;
        const void *body;
        size_t length;
    } steps[] = {{TSGU_TYPE_HANDSHAKE_REQUEST, handshake, sizeof handshake},
                 {TSGU_TYPE_TUNNEL_CREATE, create, sizeof create},
                 {TSGU_TYPE_TUNNEL_AUTH, authorization, sizeof authorization},
                 {TSGU_TYPE_CHANNEL_CREATE, channel, sizeof channel}};
    if (tunnel->step == sizeof steps / sizeof *steps)
        say_name(tunnel);
    else
        say_packet(tunnel, steps[tunnel->step].type, steps[tunnel->step].body, steps[tunnel->step].length);
    tunnel->step++;
}

static void hear_step(struct tunnel *tunnel, const unsigned char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        enum tsgu_packet_event event;
        at += tsgu_packet_read(&tunnel->packets, bytes + at, length - at, &event);
        must(event == TSGU_PACKET_WHOLE || event == TSGU_PACKET_MORE, "the gateway does not agree", tunnel);
        if (event == TSGU_PACKET_WHOLE)
            say_step(tunnel);
    }
}

// ----

static const struct kind kinds[] = {
    {.name = "direct"},
    {.name = "relay", .is_tls = true},
    {.name = "relay-to-tls", .is_tls = true, .host_is_tls = true},
    {.name = "channel", .is_tls = true, .request = "GET /v1/channel", .fields = "Authorization: Bearer " TOKEN "\r\n"},
    {.name = "device", .is_tls = true, .request = "GET /v1/device", .fields = "", .begin = is_open},
    {.name = "browser",
     .is_tls = true,
     .request = "GET /v1/browser",
     .fields = "Origin: https://localhost\r\nCookie: __Host-pult=" TOKEN "\r\n",
     .begin = ask_cleanpath,
     .agree = hear_cleanpath,
     .host_is_tls = true,
     .host_negotiates = true},
    {.name = "tsgu",
     .is_tls = true,
     .request = "RDG_OUT_DATA /remoteDesktopGateway/",
     .fields = "RDG-Auth-Scheme: PAA\r\n",
     .begin = say_step,
     .agree = hear_step,
     .in_packets = true},
};

const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    must(false, "there is no such kind", NULL);
    return NULL;
}
