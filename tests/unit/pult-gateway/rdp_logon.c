// SPDX-License-Identifier: EUPL-1.2
// What FreeRDP said to a session host, said at the front door: recorded, and with the numbers that it is given here.
#include "broker/pult-gateway/rdp_logon.h"
#include "broker/base/text.h"
#include "broker/pult-gateway/byte_span.h"
#include "broker/pult-gateway/rdp_first_flight.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 64 * 1024, CLIENT_ID = 1100, JOIN = 0x38, PROTOCOLS = 3 };

static unsigned char said[ROOM], heard[ROOM];
static struct rdp_host_answer answer;
static size_t said_length, heard_length;
static struct rdp_logon *logon;
static struct rdp_logon_part part;
static char name[RDP_LOGON_NAME_SIZE];
static struct secret password;
static bool is_known;

static size_t packet_length(const unsigned char *at)
{
    return (size_t)(at[2] << 8 | at[3]);
}

// The client joins the channel that is its own, by the number that it was given by that host: here it is another.
static void renumber(void)
{
    for (size_t at = 0; at + 12 <= said_length && said[at] == 3; at += packet_length(said + at)) {
        unsigned channel = (unsigned)(said[at + 10] << 8 | said[at + 11]);
        bool is_own = said[at + 7] == JOIN && channel == (unsigned)(said[at + 8] << 8 | said[at + 9]) + 1001;
        if (!is_own)
            continue;
        said[at + 10] = CLIENT_ID >> 8;
        said[at + 11] = CLIENT_ID & 0xff;
    }
}

static void load(const char *recorded)
{
    char path[256];
    snprintf(path, sizeof path, "tests/fuzz/corpus/rdp_first_flight/%s", recorded);
    FILE *file = fopen(path, "rbe");
    cr_assert_not_null(file, "%s", path);
    said_length = fread(said, 1, sizeof said, file);
    fclose(file);
    renumber();
}

static void add_font_list(void)
{
    static const unsigned char list[] = {3,    0, 0, 33, 2,    0xf0, 0x80, 0x64, 0, 99, 3, 0xeb, 0x70, 0x80, 18, 18, 0,
                                         0x17, 0, 0, 0,  0xea, 3,    1,    0,    0, 1,  0, 0,    39,   0,    0,  0};
    memcpy(said + said_length, list, sizeof list);
    said_length += sizeof list;
}

static enum rdp_logon_event come(const char *recorded, size_t piece)
{
    load(recorded);
    add_font_list();
    size_t at = 0;
    heard_length = 0;
    is_known = false;
    rdp_logon_free(logon);
    logon = rdp_logon_new(PROTOCOLS);
    part = (struct rdp_logon_part){.event = RDP_LOGON_MORE};
    while (at < said_length && part.event != RDP_LOGON_BROKEN && part.event != RDP_LOGON_WAITING) {
        size_t some = said_length - at < piece ? said_length - at : piece;
        at += rdp_logon_read(logon, said + at, some, &part);
        memcpy(heard + heard_length, part.answer.bytes, part.answer.length);
        heard_length += part.answer.length;
        if (part.event == RDP_LOGON_KNOWN)
            is_known = rdp_logon_take(logon, name, &password);
    }
    return part.event;
}

static void leave(void)
{
    rdp_logon_free(take(logon));
}

TestSuite(rdp_logon, .fini = leave);

static bool hears(const void *bytes, size_t length)
{
    return memmem(heard, heard_length, bytes, length) != NULL;
}

static void packets_are_whole(const unsigned char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        cr_assert_eq(bytes[at], 3);
        at += packet_length(bytes + at);
    }
    cr_assert_eq(at, length);
}

Test(rdp_logon, a_client_is_known_and_waits)
{
    for (size_t piece = 1; piece < ROOM; piece = piece * 3 + 1) {
        cr_assert_eq(come("freerdp-3.10", piece), RDP_LOGON_WAITING, "%s", part.why);
        cr_assert(is_known);
        cr_assert_str_not_empty(name);
        cr_assert_gt(password.length, 0);
        packets_are_whole(heard, heard_length);
    }
}

Test(rdp_logon, the_client_hears_what_it_asked_for_first)
{
    come("freerdp-3.10", ROOM);
    cr_assert(hears("\x01\x0c\x0c\x00\x04\x00\x08\x00\x03\x00\x00\x00", 12), "else some clients go away");
}

Test(rdp_logon, a_domain_is_part_of_the_name)
{
    cr_assert_eq(come("freerdp-3.10-domain", ROOM), RDP_LOGON_WAITING, "%s", part.why);
    cr_assert(is_known);
    cr_assert_not_null(strchr(name, '@'), "%s", name);
}

Test(rdp_logon, what_is_no_client_of_today_is_sent_away)
{
    static const char *const names[] = {"channels-count",        "channels-twice", "core-none",   "information-ansi",
                                        "information-encrypted", "no-rdp",         "long-packet", "capability-short"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cr_expect_eq(come(names[i], ROOM), RDP_LOGON_BROKEN, "%s", names[i]);
        cr_expect_not_null(part.why);
    }
}

Test(rdp_logon, a_channel_that_is_not_there_is_not_joined)
{
    load("freerdp-3.10");
    for (size_t at = 0; at + 12 <= said_length && said[at] == 3; at += packet_length(said + at))
        if (said[at + 7] == JOIN)
            said[at + 10] = 0x7f;
    size_t at = 0;
    logon = rdp_logon_new(PROTOCOLS);
    part.event = RDP_LOGON_MORE;
    while (at < said_length && part.event == RDP_LOGON_MORE)
        at += rdp_logon_read(logon, said + at, said_length - at, &part);
    cr_assert_eq(part.event, RDP_LOGON_BROKEN);
}

Test(rdp_logon, sends_elsewhere_by_a_token)
{
    static const char cookie[] = "Cookie: msts=abc_-9\r\n";
    answer.length = 0;
    rdp_host_redirect(&answer, "abc_-9");
    packets_are_whole(answer.bytes, answer.length);
    const unsigned char *at = memmem(answer.bytes, answer.length, cookie, sizeof cookie - 1);
    cr_assert_not_null(at);
    cr_assert_eq(byte_u32(at - 4), sizeof cookie - 1);
    cr_assert_eq(byte_u32(at - 8), 0x22, "by this, and by nothing that would stand behind it");
    cr_assert_eq(byte_u16(at - 14), byte_u16(answer.bytes + 15) - 9, "both say where the packet ends");
}

Test(rdp_logon, says_why_not_and_goodbye)
{
    answer.length = 0;
    rdp_host_refuse(&answer, RDP_ERROR_FRESH_CREDENTIALS);
    packets_are_whole(answer.bytes, answer.length);
    cr_assert_eq(byte_u32(answer.bytes + packet_length(answer.bytes) - 4), 10);
    cr_assert_eq(answer.bytes[answer.length - 2], 0x21);
}

static void replace_name(const char *with, size_t length)
{
    load("freerdp-3.10");
    add_font_list();
    for (size_t at = 0; at < said_length && said[at] == 3; at += packet_length(said + at)) {
        unsigned char *head = said + at + 15; // with a length of two bytes
        if (said[at + 7] != 0x64 || byte_u16(head) != 0x40)
            continue;
        size_t domain = byte_u16(head + 12), had = byte_u16(head + 14);
        cr_assert_geq(had, length);
        memcpy(head + 22 + domain + 2, with, length);
        return;
    }
    cr_assert_fail("no client information");
}

static void is_known_here(void)
{
    size_t at = 0;
    rdp_logon_free(logon);
    logon = rdp_logon_new(PROTOCOLS);
    part.event = RDP_LOGON_MORE;
    while (at < said_length && part.event == RDP_LOGON_MORE)
        at += rdp_logon_read(logon, said + at, said_length - at, &part);
    cr_assert_eq(part.event, RDP_LOGON_KNOWN, "%s", part.why);
}

static bool is_taken(void)
{
    is_known_here();
    return rdp_logon_take(logon, name, &password);
}

Test(rdp_logon, names_are_letters)
{
    replace_name("\xe4\0", 2);
    cr_assert(is_taken());
    cr_assert_eq(memcmp(name, "\xc3\xa4", 2), 0);
    replace_name("\x3d\xd8\x00\xde", 4);
    cr_assert(is_taken());
    cr_assert_eq(memcmp(name, "\xf0\x9f\x98\x80", 4), 0);
    static const char *const wrong[] = {"\x3d\xd8", "\x00\xde", "\x0a\0", "\x00\x00", "\x7f\0"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        replace_name(wrong[i], 2);
        cr_expect_not(is_taken(), "%zu", i);
        cr_expect_eq(password.length, 0);
    }
}

// ---- who comes a second time

static enum rdp_flight_event come_again(const struct typed_proof *typed)
{
    const struct rdp_corrections corrections = {.user_name = "anna", .password = "one-time", .typed = typed};
    struct rdp_first_flight *flight = rdp_first_flight_new(&corrections);
    struct rdp_flight_part again = {.event = RDP_FLIGHT_MORE};
    size_t at = 0;
    while (at < said_length && again.event != RDP_FLIGHT_LAST && again.event != RDP_FLIGHT_BROKEN)
        at += rdp_first_flight_read(flight, said + at, said_length - at, &again);
    rdp_first_flight_free(flight);
    return again.event;
}

Test(rdp_logon, who_comes_again_shows_the_same_name_and_password)
{
    struct typed_proof typed;
    replace_name("a\0n\0", 4);
    is_known_here();
    rdp_logon_prove(logon, &typed);
    cr_expect_eq(come_again(&typed), RDP_FLIGHT_LAST);
    replace_name("a\0m\0", 4);
    cr_expect_eq(come_again(&typed), RDP_FLIGHT_BROKEN);
    replace_name("a\0n\0", 4);
    typed.key[0] ^= 1;
    cr_expect_eq(come_again(&typed), RDP_FLIGHT_BROKEN);
}

Test(rdp_logon, what_moves_from_the_name_into_the_password_is_not_the_same)
{
    struct typed_proof typed;
    const struct byte_span all = {(const unsigned char *)"abcd", 4}, left = {all.at, 2}, right = {all.at + 2, 2},
                           none = {all.at + 4, 0};
    typed_proof_make(&typed, left, right);
    cr_expect(typed_proof_fits(&typed, left, right));
    cr_expect_not(typed_proof_fits(&typed, all, none));
    cr_expect_not(typed_proof_fits(&typed, none, all));
}
