// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/rdp_first_flight.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-gateway/byte_span.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    TPKT = 3,
    TPKT_HEAD = 4,
    X224_DATA_HEAD = 3,
    DER_SEQUENCE = 0x30,
    // T.125, the MCS layer: how its packets begin.
    MCS_CONNECT_INITIAL = 0x7f65,
    MCS_ERECT_DOMAIN = 1,
    MCS_DISCONNECT = 8,
    MCS_ATTACH_USER = 10,
    MCS_JOIN_CHANNEL = 14,
    MCS_SEND_DATA = 25,
    MCS_WHOLE = 0x30,      // begin and end of a message
    MCS_ADDRESSES = 4,     // who says it, in which channel
    PER_TWO_BYTES = 0x80,  // of a length
    PER_FRAGMENTED = 0x40, // of the first of two
    PER_MAX = 0x3fff,
    DATA_AT = TPKT_HEAD + X224_DATA_HEAD + 1 + MCS_ADDRESSES + 1 + 2, // with a length of two bytes
};

enum { // settings that a client connects with, by where they stand in their block
    BLOCK_HEAD = 4,
    BLOCK_CORE = 0xc001,
    CORE_LAYOUT = 16,
    CORE_HIGH_COLOUR = 140,
    CORE_DEPTHS = 142,
    CORE_EARLY_FLAGS = 144,
    CORE_LEAST = 20,
    CORE_WITH_EARLY_FLAGS = CORE_EARLY_FLAGS + 2,
    DEPTH_24 = 24,
    DEPTHS_24_AND_32 = 0x1 | 0x8,
    WANTS_32 = 0x2,
    BLOCK_CHANNELS = 0xc003,
    CHANNEL_NAME = 8,
    CHANNEL_ROW = 12,
};

enum { // client information
    IS_INFORMATION = 0x40,
    IS_ENCRYPTED = 0x8,
    SECURITY_HEAD = 4,
    INFORMATION_FLAGS = SECURITY_HEAD + 4,
    INFORMATION_LENGTHS = INFORMATION_FLAGS + 4,
    INFORMATION_TEXTS = 5, // domain, user name, password, shell, folder
    NAME_TEXT = 1,
    PASSWORD_TEXT = 2,
    INFORMATION_HEAD = INFORMATION_LENGTHS + 2 * INFORMATION_TEXTS,
    UTF16_NUL = 2,
    FLAG_AUTOMATIC = 0x8,
    FLAG_UNICODE = 0x10,
    FLAG_PROGRAMS = 0x8000, // each in a window of its own
    FLAG_CARD = 0x40000,    // the password opens a smart card
};

enum { // capabilities
    CONFIRM_ACTIVE = 0x13,
    CONFIRM_SKIPPED = 6, // share, originator
    SHARE_HEAD = 6,
    CAPABILITY_HEAD = 4,
    CAPABILITY_FRAMES = 0x1e,
};

// What the client is about to say.
enum flight_place { AT_CONNECT, AT_JOINING, AT_CAPABILITIES, AT_END, IN_RUINS };

struct logon_text {
    size_t length; // bytes
    unsigned char bytes[2 * RDP_LOGON_UNITS];
};

enum { GROWTH_MAX = 1024 };
static_assert((int)GROWTH_MAX > 2 * 2 * (int)RDP_LOGON_UNITS, "a packet grows by two texts, and its length by a byte");
static_assert(RDP_FLIGHT_PACKET_MAX + GROWTH_MAX - DATA_AT <= PER_MAX, "its length is two bytes long");

struct rdp_first_flight {
    struct rdp_corrections corrections; // its texts are in the two below
    bool logs_on, is_known;
    struct typed_proof typed; // where it has to be known
    struct logon_text user_name, password;
    enum flight_place place;
    const char *why;
    bool is_out; // what is in `packet` was handed out
    size_t held;
    unsigned char packet[RDP_FLIGHT_PACKET_MAX + GROWTH_MAX];
};

// ---- beginning and end

static bool encode_logon(struct logon_text *text, const char *from)
{
    size_t left = strlen(from);
    while (left) {
        uint32_t character;
        uint16_t units[2];
        size_t size = text_character(from, left, &character);
        size_t count = size ? text_utf16(units, character) : 0;
        if (!count || text->length + 2 * count > sizeof text->bytes)
            return false;
        for (size_t i = 0; i < count; i++, text->length += 2)
            byte_put_u16(text->bytes + text->length, units[i]);
        from += size;
        left -= size;
    }
    return true;
}

struct rdp_first_flight *rdp_first_flight_new(const struct rdp_corrections *corrections)
{
    struct rdp_first_flight *flight = mem_new(1, sizeof *flight);
    assert(!corrections->user_name == !corrections->password);
    flight->corrections = *corrections;
    flight->corrections.user_name = flight->corrections.password = NULL;
    flight->corrections.typed = NULL;
    flight->is_known = !corrections->typed;
    if (corrections->typed)
        flight->typed = *corrections->typed;
    flight->logs_on = corrections->user_name != NULL;
    if (flight->logs_on && !(encode_logon(&flight->user_name, corrections->user_name) &&
                             encode_logon(&flight->password, corrections->password))) {
        rdp_first_flight_free(flight);
        return NULL;
    }
    return flight;
}

void rdp_first_flight_free(struct rdp_first_flight *flight)
{
    if (flight)
        explicit_bzero(flight, sizeof *flight);
    free(flight);
}

static bool ruin(struct rdp_first_flight *flight, const char *why)
{
    flight->place = IN_RUINS;
    flight->why = why;
    return false;
}

// Where to correct what was read at `at`.
static unsigned char *writable(struct rdp_first_flight *flight, const unsigned char *at)
{
    assert(at >= flight->packet && at < flight->packet + sizeof flight->packet);
    return flight->packet + (at - flight->packet);
}

// ---- settings that the client connects with

static void correct_core(struct rdp_first_flight *flight, const unsigned char *block, size_t length)
{
    unsigned char *core = writable(flight, block);
    if (byte_u32(core + CORE_LAYOUT) == 0)
        byte_put_u32(core + CORE_LAYOUT, flight->corrections.keyboard_layout);
    // Clients of long ago leave these fields out.
    if (!flight->corrections.deep_colour || length < CORE_WITH_EARLY_FLAGS)
        return;
    byte_put_u16(core + CORE_HIGH_COLOUR, DEPTH_24);
    byte_put_u16(core + CORE_DEPTHS, (uint16_t)(byte_u16(core + CORE_DEPTHS) | DEPTHS_24_AND_32));
    byte_put_u16(core + CORE_EARLY_FLAGS, (uint16_t)(byte_u16(core + CORE_EARLY_FLAGS) | WANTS_32));
}

static bool may_have_channel(const struct rdp_first_flight *flight, const unsigned char name[CHANNEL_NAME])
{
    const struct {
        const char *name;
        bool may;
    } rows[] = {
        {"cliprdr", flight->corrections.clipboard},
        {"rdpdr", flight->corrections.devices},
    };
    // Some hosts cut a name short that does not end in NUL.
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strncasecmp((const char *)name, rows[i].name, CHANNEL_NAME - 1) == 0)
            return rows[i].may;
    return true;
}

// One that it may not have gets a name that nobody knows: left out, it would be missed in the host's answer, which has
// one number for each.
static bool correct_channels(struct rdp_first_flight *flight, const unsigned char *block, size_t length)
{
    static const unsigned char nameless[CHANNEL_NAME] = "refused";
    struct byte_span rest = {block + BLOCK_HEAD, length - BLOCK_HEAD};
    const unsigned char *count = byte_span_cut(&rest, 4);
    if (!count || rest.left % CHANNEL_ROW != 0 || byte_u32(count) != rest.left / CHANNEL_ROW)
        return false;
    for (const unsigned char *row; (row = byte_span_cut(&rest, CHANNEL_ROW));)
        if (!may_have_channel(flight, row))
            memcpy(writable(flight, row), nameless, sizeof nameless);
    return true;
}

// Each block at most once: of two the host might believe the other one.
static bool correct_blocks(struct rdp_first_flight *flight, struct byte_span blocks)
{
    bool has_core = false, has_channels = false;
    while (blocks.left) {
        const unsigned char *block = blocks.at;
        uint16_t type, length;
        if (!byte_span_u16(&blocks, &type) || !byte_span_u16(&blocks, &length) || length < BLOCK_HEAD ||
            !byte_span_cut(&blocks, length - (size_t)BLOCK_HEAD))
            return false;
        if (type == BLOCK_CORE) {
            if (has_core || length < CORE_LEAST)
                return false;
            has_core = true;
            correct_core(flight, block, length);
        }
        if (type == BLOCK_CHANNELS) {
            if (has_channels || !correct_channels(flight, block, length))
                return false;
            has_channels = true;
        }
    }
    return has_core;
}

// PER (X.691), of up to 16 kB.
static bool read_length(struct byte_span *span, size_t *length)
{
    const unsigned char *first = byte_span_cut(span, 1), *second = NULL;
    if (!first || (*first & PER_TWO_BYTES && (*first & PER_FRAGMENTED || !(second = byte_span_cut(span, 1)))))
        return false;
    *length = second ? (size_t)((*first & ~PER_TWO_BYTES) << 8 | *second) : *first;
    return true;
}

static bool skip_bytes(struct byte_span *span, const unsigned char *bytes, size_t length)
{
    const unsigned char *at = byte_span_cut(span, length);
    return at && memcmp(at, bytes, length) == 0;
}

// T.125's Connect-Initial around T.124's request for a conference, around the blocks. All clients write what is fixed
// here the same way, and the specification asks them to (MS-RDPBCGR 4.1.3).
static bool correct_connect(struct rdp_first_flight *flight, struct byte_span body)
{
    static const unsigned char skipped[] = {0x04, 0x04, 0x01, 0x30, 0x30, 0x30};
    static const unsigned char conference[] = {0, 5, 0, 0x14, 0x7c, 0, 1};
    static const unsigned char request[] = {0, 8, 0, 0x10, 0, 1, 0xc0, 0, 'D', 'u', 'c', 'a'};
    struct byte_span connect, element;
    size_t length;
    if (!byte_span_element(&body, MCS_CONNECT_INITIAL, &connect) || body.left)
        return false;
    for (size_t i = 0; i < sizeof skipped; i++)
        if (!byte_span_element(&connect, skipped[i], &element))
            return false;
    if (!byte_span_element(&connect, 0x04, &element) || connect.left)
        return false;
    // The first of the two lengths means nothing, as hosts have it: IronRDP's is two too small.
    return skip_bytes(&element, conference, sizeof conference) && read_length(&element, &length) &&
           skip_bytes(&element, request, sizeof request) && read_length(&element, &length) && length == element.left &&
           correct_blocks(flight, element);
}

// ---- who logs on

static unsigned char *put_text(unsigned char *at, const struct logon_text *text)
{
    memcpy(at, text->bytes, text->length);
    memset(at + text->length, 0, UTF16_NUL);
    return at + text->length + UTF16_NUL;
}

// The packet once more, with other texts: the broker's name and password; and neither a domain, which xrdp may add to
// the name, nor a program in the desktop's place.
static void write_logon(struct rdp_first_flight *flight, const unsigned char *data, struct byte_span rest)
{
    static const struct logon_text none;
    const struct logon_text *const texts[INFORMATION_TEXTS] = {&none, &flight->user_name, &flight->password, &none,
                                                               &none};
    unsigned char *head = flight->packet + DATA_AT, *at = head + INFORMATION_HEAD;
    size_t size = INFORMATION_HEAD + rest.left;
    for (size_t i = 0; i < INFORMATION_TEXTS; i++)
        size += texts[i]->length + UTF16_NUL;
    assert(DATA_AT + size <= sizeof flight->packet);
    memmove(head + size - rest.left, rest.at, rest.left);
    memmove(head, data, INFORMATION_HEAD);
    for (size_t i = 0; i < INFORMATION_TEXTS; i++) {
        byte_put_u16(head + INFORMATION_LENGTHS + 2 * i, (uint16_t)texts[i]->length);
        at = put_text(at, texts[i]);
    }
    uint32_t flags = byte_u32(head + INFORMATION_FLAGS);
    byte_put_u32(head + INFORMATION_FLAGS, (flags | FLAG_AUTOMATIC) & ~(uint32_t)(FLAG_PROGRAMS | FLAG_CARD));
    head[-2] = (unsigned char)(PER_TWO_BYTES | size >> 8);
    head[-1] = (unsigned char)size;
    flight->held = DATA_AT + size;
    flight->packet[2] = (unsigned char)(flight->held >> 8);
    flight->packet[3] = (unsigned char)flight->held;
}

static bool correct_information(struct rdp_first_flight *flight, struct byte_span data)
{
    const unsigned char *head = byte_span_cut(&data, INFORMATION_HEAD);
    if (!head || !(byte_u16(head) & IS_INFORMATION) || byte_u16(head) & IS_ENCRYPTED)
        return false;
    if (!(byte_u32(head + INFORMATION_FLAGS) & FLAG_UNICODE))
        return false;
    struct byte_span texts[INFORMATION_TEXTS];
    for (size_t i = 0; i < INFORMATION_TEXTS; i++) {
        texts[i] = (struct byte_span){data.at, byte_u16(head + INFORMATION_LENGTHS + 2 * i)};
        if (!byte_span_cut(&data, texts[i].left + UTF16_NUL))
            return false;
    }
    if (!flight->is_known && !typed_proof_fits(&flight->typed, texts[NAME_TEXT], texts[PASSWORD_TEXT]))
        return ruin(flight, "another name or password than at first");
    if (flight->logs_on)
        write_logon(flight, head, data);
    explicit_bzero(&flight->password, sizeof flight->password);
    return true;
}

// ---- what the client can

// Under TLS nothing else of this length and type goes before it.
static bool is_confirm_active(struct byte_span data)
{
    return data.left >= SHARE_HEAD && byte_u16(data.at) == data.left && byte_u16(data.at + 2) == CONFIRM_ACTIVE;
}

static bool correct_capabilities(struct rdp_first_flight *flight, struct byte_span data)
{
    uint16_t source, all, count, type, length;
    uint32_t most = flight->corrections.frames_ahead;
    if (!byte_span_cut(&data, SHARE_HEAD + CONFIRM_SKIPPED) || !byte_span_u16(&data, &source) ||
        !byte_span_u16(&data, &all) || !byte_span_cut(&data, source) || !byte_span_u16(&data, &count) ||
        !byte_span_cut(&data, 2))
        return false;
    for (; count; count--) {
        if (!byte_span_u16(&data, &type) || !byte_span_u16(&data, &length) || length < CAPABILITY_HEAD)
            return false;
        const unsigned char *set = byte_span_cut(&data, length - (size_t)CAPABILITY_HEAD);
        if (!set)
            return false;
        if (type == CAPABILITY_FRAMES && length >= CAPABILITY_HEAD + 4 && most && byte_u32(set) > most)
            byte_put_u32(writable(flight, set), most);
    }
    return true;
}

// ---- packets

static bool correct_data(struct rdp_first_flight *flight, struct byte_span body)
{
    const unsigned char *priority = byte_span_cut(&body, MCS_ADDRESSES) ? byte_span_cut(&body, 1) : NULL;
    size_t length;
    if (!priority || (*priority & MCS_WHOLE) != MCS_WHOLE || !read_length(&body, &length) || length != body.left)
        return ruin(flight, "a message in pieces or of a wrong length");
    if (flight->place == AT_JOINING) {
        flight->place = AT_CAPABILITIES;
        return correct_information(flight, body) || ruin(flight, flight->why ? flight->why : "no client information");
    }
    if (is_confirm_active(body)) {
        flight->place = AT_END;
        return correct_capabilities(flight, body) || ruin(flight, "no capabilities");
    }
    // A second one could log on somebody else.
    if (body.left >= 2 && byte_u16(body.at) & IS_INFORMATION)
        return ruin(flight, "client information for the second time");
    return true;
}

static bool correct_domain_packet(struct rdp_first_flight *flight, struct byte_span body)
{
    const unsigned char *choice = byte_span_cut(&body, 1);
    switch (choice ? *choice >> 2 : 0) {
    case MCS_SEND_DATA:
        return correct_data(flight, body);
    case MCS_ERECT_DOMAIN:
    case MCS_ATTACH_USER:
    case MCS_JOIN_CHANNEL:
        return flight->place == AT_JOINING || ruin(flight, "a channel is joined too late");
    case MCS_DISCONNECT:
        return true;
    default:
        return ruin(flight, "a packet of an unknown kind");
    }
}

static bool correct_packet(struct rdp_first_flight *flight)
{
    static const unsigned char data_head[X224_DATA_HEAD] = {2, 0xf0, 0x80};
    struct byte_span body = {flight->packet, flight->held};
    if (flight->packet[0] == DER_SEQUENCE)
        return true;
    if (!byte_span_cut(&body, TPKT_HEAD) || !skip_bytes(&body, data_head, sizeof data_head))
        return ruin(flight, "no data packet of X.224");
    if (flight->place == AT_CONNECT) {
        flight->place = AT_JOINING;
        return correct_connect(flight, body) || ruin(flight, "no settings to connect with");
    }
    return correct_domain_packet(flight, body);
}

// How long the packet is, as far as that is known: more than there is of it as long as it is not whole. 0: it is none.
static size_t packet_size(const struct rdp_first_flight *flight)
{
    const unsigned char *head = flight->packet;
    if (flight->held == 0)
        return 1;
    if (head[0] == DER_SEQUENCE && flight->place == AT_CONNECT && flight->corrections.nla)
        return byte_span_element_size(head, flight->held);
    if (head[0] != TPKT)
        return 0;
    if (flight->held < TPKT_HEAD)
        return TPKT_HEAD;
    size_t size = (size_t)(head[2] << 8 | head[3]);
    return size > TPKT_HEAD ? size : 0;
}

// False: there is none, or none of a size that it may have.
static bool collect_packet(struct rdp_first_flight *flight, const unsigned char *bytes, size_t length, size_t *used)
{
    size_t size;
    while ((size = packet_size(flight)) > flight->held && size <= RDP_FLIGHT_PACKET_MAX && *used < length) {
        size_t some = size - flight->held < length - *used ? size - flight->held : length - *used;
        memcpy(flight->packet + flight->held, bytes + *used, some);
        flight->held += some;
        *used += some;
    }
    if (size == 0 || size > RDP_FLIGHT_PACKET_MAX)
        return ruin(flight, "no packet of RDP or too long a one");
    return size == flight->held;
}

size_t rdp_first_flight_read(struct rdp_first_flight *flight, const unsigned char *bytes, size_t length,
                             struct rdp_flight_part *part)
{
    size_t used = 0;
    assert(flight->place != AT_END);
    if (flight->is_out) {
        explicit_bzero(flight->packet, flight->held);
        flight->held = 0;
        flight->is_out = false;
    }
    *part = (struct rdp_flight_part){.event = RDP_FLIGHT_MORE};
    if (flight->place != IN_RUINS && collect_packet(flight, bytes, length, &used) && correct_packet(flight)) {
        part->event = flight->place == AT_END ? RDP_FLIGHT_LAST : RDP_FLIGHT_SEND;
        part->data = flight->packet;
        part->length = flight->held;
        flight->is_out = true;
    }
    if (flight->place == IN_RUINS) {
        part->event = RDP_FLIGHT_BROKEN;
        part->why = flight->why;
    }
    return used;
}
