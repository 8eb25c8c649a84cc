// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/rdp_host_answer.h"
#include "broker/pult-gateway/byte_span.h"

#include <assert.h>
#include <string.h>

enum { // numbers of T.125: who says it, and in which channel
    IDS_FROM = 1001,
    SERVER_ID = 1002,
    DESKTOP_CHANNEL = 1003,
    FIRST_CHANNEL = 1004,
    CLIENT_ID = 1100, // that no channel has
};

enum { // what is said to the client
    TPKT = 3,
    PER_TWO_BYTES = 0x80,
    SEND_DATA_HEAD = 15,
    SHARE_HEAD = 6,
    SHARE_DATA_HEAD = 18,
    SHARE_ID = 0x103ea,
    IS_DEMAND_ACTIVE = 0x11,
    IS_DATA = 0x17,
    IS_REDIRECTION = 0x1a,
    KIND_CONTROL = 20,
    KIND_SYNCHRONIZE = 31,
    KIND_FONT_MAP = 40,
    KIND_ERROR = 47,
    CONTROL_GRANTED = 2,
    CONTROL_COOPERATE = 4,
    REDIRECTION = 0x400,
    BY_TOKEN = 0x2,
    KEEPS_NAME = 0x20, // the client does not store the name
};

// ---- writing

static unsigned char *put_room(struct rdp_host_answer *answer, size_t length)
{
    unsigned char *at = answer->bytes + answer->length;
    assert(answer->length + length <= RDP_ANSWER_MAX);
    answer->length += length;
    memset(at, 0, length);
    return at;
}

static void put_bytes(struct rdp_host_answer *answer, const void *bytes, size_t length)
{
    memcpy(put_room(answer, length), bytes, length);
}

static void put_u16(struct rdp_host_answer *answer, unsigned value)
{
    byte_put_u16(put_room(answer, 2), (uint16_t)value);
}

static void put_u32(struct rdp_host_answer *answer, uint32_t value)
{
    byte_put_u32(put_room(answer, 4), value);
}

static void put_number(unsigned char *at, size_t value) // the highest byte first
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static const unsigned char data_head[] = {TPKT, 0, 0, 0, 2, 0xf0, 0x80};

static size_t begin_packet(struct rdp_host_answer *answer)
{
    size_t at = answer->length;
    put_bytes(answer, data_head, sizeof data_head);
    return at;
}

static void end_packet(struct rdp_host_answer *answer, size_t at)
{
    put_number(answer->bytes + at + 2, answer->length - at);
}

// A message in the channel of the desktop.
static size_t begin_data(struct rdp_host_answer *answer)
{
    static const unsigned char head[] = {
        0x68, 0, SERVER_ID - IDS_FROM, DESKTOP_CHANNEL >> 8, DESKTOP_CHANNEL & 0xff, 0x70, 0, 0};
    size_t at = begin_packet(answer);
    put_bytes(answer, head, sizeof head);
    return at;
}

static void end_data(struct rdp_host_answer *answer, size_t at)
{
    size_t length = answer->length - at - SEND_DATA_HEAD;
    put_number(answer->bytes + at + SEND_DATA_HEAD - 2, length | (size_t)PER_TWO_BYTES << 8);
    end_packet(answer, at);
}

static size_t begin_share(struct rdp_host_answer *answer, unsigned type)
{
    size_t at = begin_data(answer);
    put_u16(answer, 0);
    put_u16(answer, type);
    put_u16(answer, SERVER_ID);
    return at;
}

static void end_share(struct rdp_host_answer *answer, size_t at)
{
    byte_put_u16(answer->bytes + at + SEND_DATA_HEAD, (uint16_t)(answer->length - at - SEND_DATA_HEAD));
    end_data(answer, at);
}

static void put_share_data(struct rdp_host_answer *answer, unsigned kind, const unsigned char *body, size_t length)
{
    size_t at = begin_share(answer, IS_DATA);
    put_u32(answer, SHARE_ID);
    put_u16(answer, 1u << 8); // the stream of low priority
    put_u16(answer, (unsigned)(length + 4));
    put_u32(answer, kind);
    put_bytes(answer, body, length);
    end_share(answer, at);
}

// ---- connecting (2.2.1.3 to 2.2.1.9)

static void put_blocks(struct rdp_host_answer *answer, const struct rdp_client_facts *client)
{
    unsigned padding = client->channels & 1;
    put_u16(answer, 0x0c01); // core
    put_u16(answer, 12);
    put_u32(answer, 0x00080004);
    put_u32(answer, client->protocols);
    put_u16(answer, 0x0c03); // channels
    put_u16(answer, 8 + 2 * (client->channels + padding));
    put_u16(answer, DESKTOP_CHANNEL);
    put_u16(answer, client->channels);
    for (unsigned i = 0; i < client->channels; i++)
        put_u16(answer, FIRST_CHANNEL + i);
    put_room(answer, (size_t)2 * padding);
    put_u16(answer, 0x0c02); // security: that of TLS
    put_u16(answer, 12);
    put_room(answer, 8);
}

// T.125's Connect-Response around T.124's answer about the conference, around the blocks (4.1.4).
void rdp_host_connect(struct rdp_host_answer *answer, const struct rdp_client_facts *client)
{
    static const unsigned char connect[] = {0x7f, 0x65 + 1, 0x82, 0, 0};
    static const unsigned char parameters[] = {0x0a, 1, 0, 2, 1, 0, 0x30, 0x1a, 2, 1, 34, 2, 1,    3,    2, 1, 0,
                                               2,    1, 1, 2, 1, 0, 2,    1,    1, 2, 3,  0, 0xff, 0xf8, 2, 1, 2};
    static const unsigned char data[] = {0x04, 0x82, 0, 0};
    static const unsigned char conference[] = {0, 5, 0, 0x14, 0x7c, 0, 1, 0x80, 0};
    static const unsigned char response[] = {0x14, 0x76, 0x0a, 1, 1, 0, 1, 0xc0, 0, 'M', 'c', 'D', 'n', 0x80, 0};
    size_t at = begin_packet(answer);
    put_bytes(answer, connect, sizeof connect);
    size_t after_connect = answer->length;
    put_bytes(answer, parameters, sizeof parameters);
    put_bytes(answer, data, sizeof data);
    size_t after_data = answer->length;
    put_bytes(answer, conference, sizeof conference);
    size_t after_conference = answer->length;
    put_bytes(answer, response, sizeof response);
    size_t after_response = answer->length;
    put_blocks(answer, client);
    put_number(answer->bytes + after_connect - 2, answer->length - after_connect);
    put_number(answer->bytes + after_data - 2, answer->length - after_data);
    put_number(answer->bytes + after_conference - 2, (answer->length - after_conference) | (size_t)PER_TWO_BYTES << 8);
    put_number(answer->bytes + after_response - 2, (answer->length - after_response) | (size_t)PER_TWO_BYTES << 8);
    end_packet(answer, at);
}

void rdp_host_attach(struct rdp_host_answer *answer)
{
    static const unsigned char confirm[] = {0x2e, 0, 0, CLIENT_ID - IDS_FROM};
    size_t at = begin_packet(answer);
    put_bytes(answer, confirm, sizeof confirm);
    end_packet(answer, at);
}

bool rdp_host_join(struct rdp_host_answer *answer, const struct rdp_client_facts *client, unsigned channel)
{
    unsigned char confirm[] = {0x3e, 0, 0, CLIENT_ID - IDS_FROM, 0, 0, 0, 0};
    bool exists =
        channel == CLIENT_ID || (channel >= DESKTOP_CHANNEL && channel < FIRST_CHANNEL + (unsigned)client->channels);
    if (!exists)
        return false;
    put_number(confirm + 4, channel);
    put_number(confirm + 6, channel);
    size_t at = begin_packet(answer);
    put_bytes(answer, confirm, sizeof confirm);
    end_packet(answer, at);
    return true;
}

// ---- its licence (2.2.1.12), and what we can (2.2.1.13.1)

static void put_licence(struct rdp_host_answer *answer)
{
    static const unsigned char valid_client[] = {0x80, 0, 0, 0, 0xff, 3, 16, 0, 7, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0};
    size_t at = begin_data(answer);
    put_bytes(answer, valid_client, sizeof valid_client);
    end_data(answer, at);
}

static void put_capability(struct rdp_host_answer *answer, unsigned type, const void *set, size_t length)
{
    put_u16(answer, type);
    put_u16(answer, (unsigned)length + 4);
    put_bytes(answer, set, length);
}

static void put_capabilities(struct rdp_host_answer *answer, const struct rdp_client_facts *client)
{
    static const unsigned char general[20] = {[0] = 1, [2] = 3, [5] = 2, [10] = 0x05, [11] = 0x04};
    static const unsigned char order[84] = {[20] = 1, [22] = 20, [26] = 1, [30] = 0x2a};
    static const unsigned char pointer[6] = {[0] = 1, [2] = 25, [4] = 25};
    static const unsigned char input[84] = {[0] = 1};
    static const unsigned char share[4] = {SERVER_ID & 0xff, SERVER_ID >> 8};
    unsigned char bitmap[24] = {[0] = 16, [2] = 1, [4] = 1, [6] = 1, [14] = 1, [16] = 1, [20] = 1};
    byte_put_u16(bitmap + 8, client->width);
    byte_put_u16(bitmap + 10, client->height);
    put_u16(answer, 6);
    put_u16(answer, 0);
    put_capability(answer, 9, share, sizeof share);
    put_capability(answer, 1, general, sizeof general);
    put_capability(answer, 2, bitmap, sizeof bitmap);
    put_capability(answer, 3, order, sizeof order);
    put_capability(answer, 8, pointer, sizeof pointer);
    put_capability(answer, 13, input, sizeof input);
}

static void demand_active(struct rdp_host_answer *answer, const struct rdp_client_facts *client)
{
    static const char source[4] = "RDP";
    size_t at = begin_share(answer, IS_DEMAND_ACTIVE);
    put_u32(answer, SHARE_ID);
    put_u16(answer, sizeof source);
    size_t length_at = answer->length;
    put_u16(answer, 0);
    put_bytes(answer, source, sizeof source);
    put_capabilities(answer, client);
    byte_put_u16(answer->bytes + length_at, (uint16_t)(answer->length - length_at - 2 - sizeof source));
    put_u32(answer, 0);
    end_share(answer, at);
}

void rdp_host_information(struct rdp_host_answer *answer, const struct rdp_client_facts *client)
{
    put_licence(answer);
    demand_active(answer, client);
}

// ---- the last words before it would see the desktop (2.2.1.19 to 2.2.1.22)

void rdp_host_fonts(struct rdp_host_answer *answer)
{
    static const unsigned char synchronize[] = {1, 0, CLIENT_ID & 0xff, CLIENT_ID >> 8};
    static const unsigned char cooperate[8] = {CONTROL_COOPERATE};
    static const unsigned char granted[8] = {CONTROL_GRANTED, 0, CLIENT_ID & 0xff, CLIENT_ID >> 8, SERVER_ID & 0xff,
                                             SERVER_ID >> 8};
    static const unsigned char fonts[8] = {[4] = 3, [6] = 4};
    put_share_data(answer, KIND_SYNCHRONIZE, synchronize, sizeof synchronize);
    put_share_data(answer, KIND_CONTROL, cooperate, sizeof cooperate);
    put_share_data(answer, KIND_CONTROL, granted, sizeof granted);
    put_share_data(answer, KIND_FONT_MAP, fonts, sizeof fonts);
}

// ---- how it ends

void rdp_host_redirect(struct rdp_host_answer *answer, const char *token)
{
    static const char cookie[] = "Cookie: msts=", end[] = "\r\n";
    size_t length = sizeof cookie - 1 + strlen(token) + sizeof end - 1;
    assert(strlen(token) <= RDP_TOKEN_MAX);
    size_t at = begin_share(answer, IS_REDIRECTION);
    put_u16(answer, 0);
    size_t packet_at = answer->length;
    put_u16(answer, REDIRECTION);
    put_u16(answer, 0);
    put_u32(answer, 0); // no session of theirs
    put_u32(answer, BY_TOKEN | KEEPS_NAME);
    put_u32(answer, (uint32_t)length);
    put_bytes(answer, cookie, sizeof cookie - 1);
    put_bytes(answer, token, strlen(token));
    put_bytes(answer, end, sizeof end - 1);
    byte_put_u16(answer->bytes + packet_at + 2, (uint16_t)(answer->length - packet_at));
    put_room(answer, 1);
    end_share(answer, at);
}

void rdp_host_refuse(struct rdp_host_answer *answer, enum rdp_error error)
{
    static const unsigned char goodbye[] = {0x21, 0x80};
    unsigned char code[4];
    byte_put_u32(code, (uint32_t)error);
    // FreeRDP 3.10 knows it and does not say so; whoever does not know it hears goodbye behind it.
    put_share_data(answer, KIND_ERROR, code, sizeof code);
    size_t at = begin_packet(answer);
    put_bytes(answer, goodbye, sizeof goodbye);
    end_packet(answer, at);
}
