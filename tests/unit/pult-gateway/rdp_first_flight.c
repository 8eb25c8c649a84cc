// SPDX-License-Identifier: EUPL-1.2
// What clients say after TLS, and what of it the host hears. FreeRDP's was recorded; IronRDP's is as its sources write
// it.
#include "broker/pult-gateway/rdp_first_flight.h"
#include "broker/pult-gateway/byte_span.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 64 * 1024 };

static unsigned char said[ROOM], heard[ROOM];
static size_t said_length, heard_length, taken;
static char why[128];

static const struct rdp_corrections nothing = {.clipboard = true, .devices = true};
static const struct rdp_corrections all = {.keyboard_layout = 0x407,
                                           .frames_ahead = 2,
                                           .deep_colour = true,
                                           .clipboard = true,
                                           .devices = true,
                                           .user_name = "anna.müller",
                                           .password = "otp-1"};

static void load(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/fuzz/corpus/rdp_first_flight/%s", name);
    FILE *file = fopen(path, "rbe");
    cr_assert_not_null(file, "%s", path);
    said_length = fread(said, 1, sizeof said, file);
    fclose(file);
}

// Has what is said corrected, in pieces; the last event.
static enum rdp_flight_event hear(const struct rdp_corrections *corrections, size_t piece)
{
    struct rdp_first_flight *flight = rdp_first_flight_new(corrections);
    struct rdp_flight_part part = {.event = RDP_FLIGHT_MORE};
    cr_assert_not_null(flight);
    heard_length = taken = 0;
    while (taken < said_length && part.event != RDP_FLIGHT_LAST && part.event != RDP_FLIGHT_BROKEN) {
        size_t some = said_length - taken < piece ? said_length - taken : piece;
        taken += rdp_first_flight_read(flight, said + taken, some, &part);
        memcpy(heard + heard_length, part.data ? part.data : heard, part.length);
        heard_length += part.length;
    }
    snprintf(why, sizeof why, "%s", part.why ? part.why : "");
    rdp_first_flight_free(flight);
    return part.event;
}

static unsigned char *find(unsigned char *in, size_t in_length, const void *bytes, size_t length)
{
    return memmem(in, in_length, bytes, length);
}

static size_t utf16(unsigned char *to, const char *from)
{
    size_t length = strlen(from);
    for (size_t i = 0; i < length; i++)
        byte_put_u16(to + 2 * i, (unsigned char)from[i]);
    return 2 * length;
}

static bool hears(const char *ascii)
{
    unsigned char wide[256];
    return find(heard, heard_length, wide, utf16(wide, ascii)) != NULL;
}

// The block of settings, of the length that all clients of today send.
static unsigned char *core(unsigned char *in, size_t length)
{
    unsigned char *at = find(in, length, "\x01\xc0\xea\x00", 4);
    cr_assert_not_null(at);
    return at;
}

static uint32_t frames_heard(void)
{
    unsigned char *at = find(heard, heard_length, "\x1e\x00\x08\x00", 4);
    cr_assert_not_null(at);
    return byte_u32(at + 4);
}

static void packets_are_whole(void)
{
    size_t at = 0;
    while (at < heard_length) {
        cr_assert_eq(heard[at], 3);
        at += (size_t)(heard[at + 2] << 8 | heard[at + 3]);
    }
    cr_assert_eq(at, heard_length);
}

Test(rdp_first_flight, uncorrected_it_is_what_the_client_says)
{
    static const char *const names[] = {"freerdp-3.10", "freerdp-3.10-domain", "iron-0.7.0", "licence",
                                        "shell",        "information-bare"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        load(names[i]);
        cr_expect_eq(hear(&nothing, ROOM), RDP_FLIGHT_LAST, "%s: %s", names[i], why);
        cr_expect_eq(heard_length, taken, "%s", names[i]);
        cr_expect_lt(taken, said_length, "%s: what follows is not read", names[i]);
        cr_expect_eq(memcmp(heard, said, taken), 0, "%s", names[i]);
    }
}

Test(rdp_first_flight, iron_gets_what_it_lacks)
{
    load("iron-0.7.0");
    cr_assert_eq(hear(&all, ROOM), RDP_FLIGHT_LAST, "%s", why);
    const unsigned char *before = core(said, said_length), *after = core(heard, heard_length);
    cr_expect_eq(byte_u32(before + 16), 0);
    cr_expect_eq(byte_u32(after + 16), 0x407);
    cr_expect_eq(byte_u16(before + 140), 16);
    cr_expect_eq(byte_u16(after + 140), 24);
    cr_expect_eq(byte_u16(after + 142), 15);
    cr_expect_eq(byte_u16(before + 144), 0x829);
    cr_expect_eq(byte_u16(after + 144), 0x82b);
    cr_expect_eq(frames_heard(), 2);
    cr_expect(hears("otp-1"));
    packets_are_whole();
}

// The head of the client's information, behind its packet's.
static const unsigned char *information(void)
{
    const unsigned char *at = find(heard, heard_length, "\x03\xeb\x70", 3);
    cr_assert_not_null(at);
    at += at[3] & 0x80 ? 5 : 4;
    cr_assert_eq(byte_u16(at), 0x40);
    return at;
}

Test(rdp_first_flight, the_broker_says_who_logs_on)
{
    static const char *const names[] = {"freerdp-3.10", "freerdp-3.10-domain", "iron-0.7.0", "shell",
                                        "information-bare"};
    static const unsigned char user_name[] = "a\0n\0n\0a\0.\0m\0\xfc\0l\0l\0e\0r\0\0";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        load(names[i]);
        cr_assert_eq(hear(&all, ROOM), RDP_FLIGHT_LAST, "%s: %s", names[i], why);
        const unsigned char *head = information(), *texts = head + 22;
        cr_expect_eq(byte_u32(head + 8) & 0x48018, 0x18, "%s: on its own, a whole desktop, without a card", names[i]);
        cr_expect_eq(byte_u16(head + 12), 0, "%s: domain", names[i]);
        cr_expect_eq(byte_u16(head + 14), 22, "%s: user name", names[i]);
        cr_expect_eq(byte_u16(head + 16), 10, "%s: password", names[i]);
        cr_expect_eq(byte_u32(head + 18), 0, "%s: shell and folder", names[i]);
        cr_expect_eq(memcmp(texts + 2, user_name, 24), 0, "%s", names[i]);
        cr_expect_eq(memcmp(texts + 26, "o\0t\0p\0-\0001\0\0\0\0\0\0\0", 16), 0, "%s", names[i]);
        cr_expect(!hears("geheim") && !hears("neustadt") && !hears("/bin/sh"), "%s", names[i]);
        packets_are_whole();
    }
}

Test(rdp_first_flight, what_the_client_says_of_itself_stays)
{
    load("iron-0.7.0");
    cr_assert_eq(hear(&all, ROOM), RDP_FLIGHT_LAST);
    cr_expect(hears("mstscax.dll"));
    load("freerdp-3.10");
    core(said, said_length)[16] = 0x0c; // French
    cr_assert_eq(hear(&all, ROOM), RDP_FLIGHT_LAST);
    cr_expect_eq(byte_u32(core(heard, heard_length) + 16), byte_u32(core(said, said_length) + 16));
    struct rdp_corrections more = all;
    more.frames_ahead = 20;
    cr_assert_eq(hear(&more, ROOM), RDP_FLIGHT_LAST);
    cr_expect_eq(frames_heard(), 2, "FreeRDP wants no more");
}

Test(rdp_first_flight, however_it_is_cut_the_host_hears_the_same)
{
    static unsigned char first[ROOM];
    static const char *const names[] = {"freerdp-3.10", "iron-0.7.0", "licence", "nla"};
    static const size_t pieces[] = {1, 2, 3, 7, 1000};
    struct rdp_corrections corrections = all;
    corrections.nla = true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        load(names[i]);
        cr_assert_eq(hear(&corrections, ROOM), RDP_FLIGHT_LAST, "%s: %s", names[i], why);
        size_t length = heard_length, all_taken = taken;
        memcpy(first, heard, length);
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            cr_assert_eq(hear(&corrections, pieces[p]), RDP_FLIGHT_LAST, "%s by %zu", names[i], pieces[p]);
            cr_expect(heard_length == length && taken == all_taken && memcmp(first, heard, length) == 0, "%s by %zu",
                      names[i], pieces[p]);
        }
    }
}

Test(rdp_first_flight, channels_that_are_not_allowed_are_not_there)
{
    static const struct {
        const char *name;
        bool clipboard, devices;
    } cases[] = {{"cliprdr", false, true}, {"rdpdr\0\0", true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int spelling = 0; spelling < 3; spelling++) {
            load("freerdp-3.10");
            unsigned char *name = find(said, said_length, cases[i].name, 8);
            cr_assert_not_null(name);
            if (spelling == 1)
                name[2] = (unsigned char)(name[2] - 'a' + 'A'); // hosts do not mind
            if (spelling == 2)
                name[7] = 'x';
            size_t at = (size_t)(name - said);
            struct rdp_corrections corrections = nothing;
            corrections.clipboard = cases[i].clipboard;
            corrections.devices = cases[i].devices;
            cr_assert_eq(hear(&corrections, ROOM), RDP_FLIGHT_LAST, "%s", why);
            cr_expect_eq(memcmp(heard + at, "refused", 8), 0, "%s", cases[i].name);
            memcpy(said + at, "refused", 8);
            cr_expect_eq(memcmp(heard, said, taken), 0, "the others are as they were");
        }
}

Test(rdp_first_flight, credssp_comes_first_where_it_may)
{
    struct rdp_corrections corrections = nothing;
    load("nla");
    cr_expect_eq(hear(&corrections, ROOM), RDP_FLIGHT_BROKEN);
    cr_expect_eq(heard_length, 0);
    corrections.nla = true;
    cr_expect_eq(hear(&corrections, ROOM), RDP_FLIGHT_LAST, "%s", why);
    cr_expect_eq(memcmp(heard, said, taken), 0);
    load("iron-0.7.0");
    size_t connect = (size_t)(said[2] << 8 | said[3]);
    memcpy(said + connect, "\x30\x03\x02\x01\x06", 5);
    cr_expect_eq(hear(&corrections, ROOM), RDP_FLIGHT_BROKEN, "once it has connected, no more");
}

Test(rdp_first_flight, what_is_no_first_flight_is_broken)
{
    static const struct {
        const char *name, *why;
    } cases[] = {
        {"core-none", "no settings to connect with"},
        {"core-twice", "no settings to connect with"},
        {"channels-twice", "no settings to connect with"},
        {"channels-count", "no settings to connect with"},
        {"information-ansi", "no client information"},
        {"information-encrypted", "no client information"},
        {"information-twice", "client information for the second time"},
        {"capabilities-count", "no capabilities"},
        {"capability-empty", "no capabilities"},
        {"in-pieces", "a message in pieces or of a wrong length"},
        {"key-too-early", "no packet of RDP or too long a one"},
        {"no-rdp", "no packet of RDP or too long a one"},
        {"long-packet", "no packet of RDP or too long a one"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        load(cases[i].name);
        cr_expect_eq(hear(&all, ROOM), RDP_FLIGHT_BROKEN, "%s", cases[i].name);
        cr_expect_str_eq(why, cases[i].why, "%s", cases[i].name);
        cr_expect_eq(hears("otp-1"), i >= 6 && i <= 8, "%s", cases[i].name);
    }
}

Test(rdp_first_flight, old_clients_and_those_that_go_are_let_through)
{
    load("core-old");
    cr_expect_eq(hear(&all, ROOM), RDP_FLIGHT_LAST, "%s", why);
    cr_expect_eq(byte_u32(find(heard, heard_length, "\x01\xc0\x84\x00", 4) + 16), 0x407);
    load("capability-short");
    cr_expect_eq(hear(&all, ROOM), RDP_FLIGHT_LAST, "%s", why);
    load("disconnect");
    cr_expect_eq(hear(&all, ROOM), RDP_FLIGHT_SEND, "%s", why);
    cr_expect_eq(heard_length, said_length);
}

// What is said ends with the packet at `at`, which gets this length.
static void lengthen(unsigned char *at, size_t length)
{
    size_t data = 0x8000 | (length - 15);
    at[2] = (unsigned char)(length >> 8);
    at[3] = (unsigned char)length;
    at[13] = (unsigned char)(data >> 8);
    at[14] = (unsigned char)data;
    said_length = (size_t)(at - said) + length;
}

// A packet behind the client's information.
static void say_licence(size_t length)
{
    load("licence");
    unsigned char *at = find(said, said_length, "\x80\x00\x00\x00\x13\x83", 6);
    cr_assert_not_null(at);
    lengthen(at - 15, length);
    memset(at + 6, 0, length - 15 - 6);
}

Test(rdp_first_flight, a_packet_may_be_so_long_and_no_longer)
{
    say_licence(RDP_FLIGHT_PACKET_MAX);
    cr_expect_eq(hear(&all, 4096), RDP_FLIGHT_SEND, "%s", why);
    say_licence(RDP_FLIGHT_PACKET_MAX + 1);
    cr_expect_eq(hear(&all, 4096), RDP_FLIGHT_BROKEN);
}

// The longest name and password there may be, in the longest packet.
Test(rdp_first_flight, there_is_room_for_the_longest_logon)
{
    char longest[RDP_LOGON_UNITS + 2] = {0};
    struct rdp_corrections corrections = all;
    corrections.user_name = corrections.password = longest;
    memset(longest, 'x', RDP_LOGON_UNITS);
    load("iron-0.7.0");
    unsigned char *at = find(said, said_length, "\x03\xeb\x70", 3) - 10;
    lengthen(at, RDP_FLIGHT_PACKET_MAX);
    cr_expect_eq(hear(&corrections, ROOM), RDP_FLIGHT_SEND, "%s", why);
    cr_expect_eq(byte_u16(information() + 14), 2 * RDP_LOGON_UNITS);
    packets_are_whole();
    longest[RDP_LOGON_UNITS] = 'x';
    cr_expect_null(rdp_first_flight_new(&corrections), "too long");
    corrections.user_name = "\xff";
    corrections.password = "x";
    cr_expect_null(rdp_first_flight_new(&corrections), "no UTF-8");
}

Test(rdp_first_flight, the_password_is_wiped_once_it_is_out)
{
    struct rdp_first_flight *flight = rdp_first_flight_new(&all);
    struct rdp_flight_part part = {.event = RDP_FLIGHT_MORE};
    unsigned char wide[16];
    size_t length = utf16(wide, "otp-1");
    load("iron-0.7.0");
    const unsigned char *out = NULL;
    size_t at = 0, out_length = 0;
    while (!out && at < said_length) {
        at += rdp_first_flight_read(flight, said + at, said_length - at, &part);
        if (part.length && memmem(part.data, part.length, wide, length)) {
            out = part.data;
            out_length = part.length;
        }
    }
    cr_assert_not_null(out);
    rdp_first_flight_read(flight, said + at, 0, &part);
    cr_expect_eq(part.event, RDP_FLIGHT_MORE);
    for (size_t i = 0; i < out_length; i++)
        cr_assert_eq(out[i], 0, "%zu", i);
    rdp_first_flight_free(flight);
}
