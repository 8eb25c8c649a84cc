// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/rdp_logon.h"
#include "broker/base/text.h"
#include "broker/pult-gateway/byte_span.h"
#include "broker/pult-gateway/rdp_first_flight.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { // packets of the client, that rdp_first_flight has let through
    TPKT = 3,
    TPKT_HEAD = 4,
    MCS_AT = 7, // behind TPKT and X.224
    MCS_CONNECT_INITIAL = 0x7f65,
    MCS_ATTACH_USER = 10,
    MCS_JOIN_CHANNEL = 14,
    MCS_SEND_DATA = 25,
    JOINED_AT = MCS_AT + 3,
    PER_TWO_BYTES = 0x80,
    SKIPPED_ELEMENTS = 6,
    CONFERENCE_HEAD = 7,
    REQUEST_HEAD = 12,
    BLOCK_HEAD = 4,
    BLOCK_CORE = 0xc001,
    BLOCK_CHANNELS = 0xc003,
    CORE_WIDTH = 8,
    CORE_HEIGHT = 10,
    INFORMATION_LENGTHS = 12,
    INFORMATION_HEAD = 22,
    UTF16_NUL = 2,
};

enum { // of a packet behind the client's capabilities
    HEAD_MOST = 32,
    SHARE_DATA = 7,
    SHARE_KIND_AT = 14,
    KIND_FONT_LIST = 39,
};

enum logon_place { AT_CONNECT, AT_JOINING, AT_CAPABILITIES, AT_FONTS, AT_END };

struct wide_text {
    size_t length; // bytes
    unsigned char bytes[2 * RDP_LOGON_UNITS];
};

struct rdp_logon {
    struct rdp_first_flight *flight;
    enum logon_place place;
    struct rdp_client_facts client;
    struct wide_text domain, name, password;
    size_t held, left; // of a packet behind the capabilities: in `head`, and to be passed over
    unsigned char head[HEAD_MOST];
};

// ---- beginning and end

struct rdp_logon *rdp_logon_new(uint32_t protocols)
{
    static const struct rdp_corrections none = {.clipboard = true, .devices = true};
    struct rdp_logon *logon = mem_new(1, sizeof *logon);
    logon->client.protocols = protocols;
    logon->flight = rdp_first_flight_new(&none);
    return logon;
}

void rdp_logon_free(struct rdp_logon *logon)
{
    if (!logon)
        return;
    rdp_first_flight_free(logon->flight);
    explicit_bzero(logon, sizeof *logon);
    free(logon);
}

// ---- connecting (2.2.1.3 to 2.2.1.9)

// What is in it was looked at by rdp_first_flight.
static struct byte_span find_blocks(struct byte_span packet)
{
    static const unsigned char skipped[SKIPPED_ELEMENTS] = {0x04, 0x04, 0x01, 0x30, 0x30, 0x30};
    struct byte_span connect = {0}, element = {0};
    byte_span_cut(&packet, MCS_AT);
    byte_span_element(&packet, MCS_CONNECT_INITIAL, &connect);
    for (size_t i = 0; i < SKIPPED_ELEMENTS; i++)
        byte_span_element(&connect, skipped[i], &element);
    byte_span_element(&connect, 0x04, &element);
    byte_span_cut(&element, CONFERENCE_HEAD);
    byte_span_cut(&element, element.at[0] & PER_TWO_BYTES ? 2 : 1);
    byte_span_cut(&element, REQUEST_HEAD);
    byte_span_cut(&element, element.at[0] & PER_TWO_BYTES ? 2 : 1);
    return element;
}

static bool read_blocks(struct rdp_logon *logon, struct byte_span blocks)
{
    while (blocks.left) {
        const unsigned char *block = blocks.at;
        size_t length = byte_u16(block + 2);
        byte_span_cut(&blocks, length);
        if (byte_u16(block) == BLOCK_CORE) {
            logon->client.width = byte_u16(block + CORE_WIDTH);
            logon->client.height = byte_u16(block + CORE_HEIGHT);
        }
        if (byte_u16(block) == BLOCK_CHANNELS) {
            if (byte_u32(block + BLOCK_HEAD) > RDP_CHANNELS_MAX)
                return false;
            logon->client.channels = byte_u16(block + BLOCK_HEAD);
        }
    }
    return true;
}

// ---- who it is (2.2.1.11), its licence (2.2.1.12), and what we can (2.2.1.13.1)

static struct byte_span data_of(struct byte_span packet)
{
    byte_span_cut(&packet, MCS_AT + 6);
    byte_span_cut(&packet, packet.left && packet.at[0] & PER_TWO_BYTES ? 2 : 1);
    return packet;
}

static bool keep_text(struct wide_text *text, struct byte_span *rest, size_t length)
{
    const unsigned char *at = byte_span_cut(rest, length + UTF16_NUL);
    if (!at || length > sizeof text->bytes || length % 2)
        return false;
    memcpy(text->bytes, at, length);
    text->length = length;
    return true;
}

static bool read_information(struct rdp_logon *logon, struct byte_span packet)
{
    struct byte_span data = data_of(packet);
    const unsigned char *head = byte_span_cut(&data, INFORMATION_HEAD);
    struct wide_text *const texts[] = {&logon->domain, &logon->name, &logon->password};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!keep_text(texts[i], &data, byte_u16(head + INFORMATION_LENGTHS + 2 * i)))
            return false;
    return true;
}

// ---- its last words before it would see the desktop (2.2.1.14 to 2.2.1.22)

static bool is_font_list(const struct rdp_logon *logon)
{
    struct byte_span packet = {logon->head, logon->held};
    if (packet.left < MCS_AT + 7 || packet.at[MCS_AT] >> 2 != MCS_SEND_DATA)
        return false;
    struct byte_span share = data_of(packet);
    return share.left > SHARE_KIND_AT && (byte_u16(share.at + 2) & 0xf) == SHARE_DATA &&
           share.at[SHARE_KIND_AT] == KIND_FONT_LIST;
}

// Only how a packet begins is kept. False: that is none.
static bool collect_head(struct rdp_logon *logon, const unsigned char *bytes, size_t length, size_t *used)
{
    while (*used < length && (logon->held < TPKT_HEAD || (logon->left && logon->held < HEAD_MOST))) {
        logon->head[logon->held++] = bytes[(*used)++];
        if (logon->held < TPKT_HEAD)
            continue;
        if (logon->held > TPKT_HEAD) {
            logon->left--;
            continue;
        }
        size_t size = (size_t)(logon->head[2] << 8 | logon->head[3]);
        if (logon->head[0] != TPKT || size <= MCS_AT)
            return false;
        logon->left = size - TPKT_HEAD;
    }
    size_t passed = logon->left < length - *used ? logon->left : length - *used;
    if (logon->held >= TPKT_HEAD) {
        logon->left -= passed;
        *used += passed;
    }
    return true;
}

static size_t read_behind(struct rdp_logon *logon, const unsigned char *bytes, size_t length,
                          struct rdp_logon_part *part)
{
    size_t used = 0;
    if (!collect_head(logon, bytes, length, &used)) {
        part->event = RDP_LOGON_BROKEN;
        part->why = "no packet of RDP behind the capabilities";
        return used;
    }
    if (logon->held < TPKT_HEAD || logon->left)
        return used;
    if (is_font_list(logon)) {
        rdp_host_fonts(&part->answer);
        part->event = RDP_LOGON_WAITING;
        logon->place = AT_END;
    }
    logon->held = 0;
    return used;
}

// ---- packets

static bool spoil(struct rdp_logon_part *part, const char *why)
{
    part->event = RDP_LOGON_BROKEN;
    part->why = why;
    return false;
}

static bool answer_information(struct rdp_logon *logon, struct byte_span packet, struct rdp_logon_part *part)
{
    if (!read_information(logon, packet))
        return spoil(part, "a name or password that is too long");
    logon->place = AT_CAPABILITIES;
    part->event = RDP_LOGON_KNOWN;
    rdp_host_information(&part->answer, &logon->client);
    return true;
}

static bool answer_packet(struct rdp_logon *logon, struct byte_span packet, struct rdp_logon_part *part)
{
    unsigned choice = packet.at[MCS_AT] >> 2;
    if (logon->place == AT_CONNECT) {
        logon->place = AT_JOINING;
        if (!read_blocks(logon, find_blocks(packet)))
            return spoil(part, "too many channels");
        rdp_host_connect(&part->answer, &logon->client);
    } else if (choice == MCS_ATTACH_USER) {
        rdp_host_attach(&part->answer);
    } else if (choice == MCS_JOIN_CHANNEL) {
        unsigned channel =
            packet.left < JOINED_AT + 2 ? 0 : (unsigned)(packet.at[JOINED_AT] << 8 | packet.at[JOINED_AT + 1]);
        return rdp_host_join(&part->answer, &logon->client, channel) ||
               spoil(part, "a channel that is not there is joined");
    } else if (choice == MCS_SEND_DATA && logon->place == AT_JOINING) {
        return answer_information(logon, packet, part);
    }
    return true;
}

size_t rdp_logon_read(struct rdp_logon *logon, const unsigned char *bytes, size_t length, struct rdp_logon_part *part)
{
    struct rdp_flight_part said;
    assert(logon->place != AT_END);
    part->event = RDP_LOGON_MORE;
    part->answer.length = 0;
    part->why = NULL;
    if (logon->place == AT_FONTS)
        return read_behind(logon, bytes, length, part);
    size_t used = rdp_first_flight_read(logon->flight, bytes, length, &said);
    if (said.event == RDP_FLIGHT_BROKEN)
        spoil(part, said.why);
    else if (said.event != RDP_FLIGHT_MORE)
        answer_packet(logon, (struct byte_span){said.data, said.length}, part);
    if (said.event == RDP_FLIGHT_LAST)
        logon->place = AT_FONTS;
    return used;
}

// ---- who it is, in our letters

// 0: it is none.
static size_t put_letter(char *to, uint32_t letter)
{
    if (letter < 0x20 || letter == 0x7f || (letter >= 0x80 && letter < 0xa0))
        return 0;
    size_t length = letter < 0x80 ? 1 : letter < 0x800 ? 2 : letter < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i > 1; i--, letter >>= 6)
        to[i - 1] = (char)(0x80 | (letter & 0x3f));
    to[0] = (char)(first[length] | letter);
    return length;
}

static bool read_letters(char *to, size_t room, const struct wide_text *text)
{
    size_t length = 0;
    for (size_t i = 0; i < text->length; i += 2) {
        uint32_t letter = byte_u16(text->bytes + i);
        bool is_pair = letter >= 0xd800 && letter < 0xdc00 && i + 4 <= text->length;
        if (is_pair) {
            uint32_t second = byte_u16(text->bytes + i + 2);
            i += 2;
            letter = second >= 0xdc00 && second < 0xe000 ? 0x10000 + ((letter & 0x3ff) << 10) + (second & 0x3ff) : 0;
        } else if (letter >= 0xd800 && letter < 0xe000) {
            return false;
        }
        size_t more = length + 4 < room ? put_letter(to + length, letter) : 0;
        if (!more)
            return false;
        length += more;
    }
    to[length] = 0;
    return true;
}

void rdp_logon_prove(const struct rdp_logon *logon, struct typed_proof *proof)
{
    assert(logon->place >= AT_CAPABILITIES);
    typed_proof_make(proof, (struct byte_span){logon->name.bytes, logon->name.length},
                     (struct byte_span){logon->password.bytes, logon->password.length});
}

bool rdp_logon_take(struct rdp_logon *logon, char name[RDP_LOGON_NAME_SIZE], struct secret *password)
{
    char domain[RDP_LOGON_NAME_SIZE];
    bool fine = logon->name.length && logon->password.length && read_letters(name, RDP_LOGON_NAME_SIZE, &logon->name) &&
                read_letters(domain, sizeof domain, &logon->domain) &&
                read_letters(password->bytes, sizeof password->bytes, &logon->password);
    password->length = fine ? strlen(password->bytes) : 0;
    if (!fine)
        secret_drop(password);
    explicit_bzero(&logon->password, sizeof logon->password);
    size_t length = fine ? strlen(name) : 0;
    if (!fine || !domain[0] || strpbrk(name, "@\\"))
        return fine;
    if (length + 1 + strlen(domain) >= RDP_LOGON_NAME_SIZE) {
        secret_drop(password);
        return false;
    }
    name[length] = '@';
    text_put(name + length + 1, RDP_LOGON_NAME_SIZE - length - 1, domain);
    return true;
}
