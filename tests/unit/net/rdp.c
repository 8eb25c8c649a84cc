// SPDX-License-Identifier: EUPL-1.2
// The first packet of RDP clients as they send it, and what we ask of a host. What hosts answer: tests/fuzz/x224.c.
#include "broker/net/rdp.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static unsigned char bytes[512];

static size_t load(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/fuzz/corpus/x224/%s", name);
    FILE *file = fopen(path, "rbe");
    cr_assert_not_null(file, "%s", path);
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return length;
}

static const struct {
    const char *name;
    enum rdp_client_answer answer;
    uint32_t protocols;
} rows[] = {
    {"client-freerdp-3.10", RDP_CLIENT_REQUEST, RDP_PROTOCOL_SSL},
    {"client-iron-0.7.0", RDP_CLIENT_REQUEST, RDP_PROTOCOL_SSL},
    {"client-correlation", RDP_CLIENT_REQUEST, RDP_PROTOCOL_SSL | RDP_PROTOCOL_HYBRID | 8},
    {"client-routed", RDP_CLIENT_REQUEST, RDP_PROTOCOL_SSL | RDP_PROTOCOL_HYBRID},
    {"client-bare", RDP_CLIENT_REQUEST, RDP_PROTOCOL_SSL},
    {"client-old", RDP_CLIENT_REQUEST, RDP_PROTOCOL_PLAIN},
    {"client-older", RDP_CLIENT_REQUEST, RDP_PROTOCOL_PLAIN},
    {"client-endless-line", RDP_CLIENT_WRONG, RDP_PROTOCOL_PLAIN},
    {"tls", RDP_CLIENT_WRONG, RDP_PROTOCOL_PLAIN}, // a host's answer
    {"http", RDP_CLIENT_WRONG, RDP_PROTOCOL_PLAIN},
};

Test(rdp, what_clients_ask_for_is_understood)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t wanted, length = load(rows[i].name);
        uint32_t protocols;
        cr_expect_eq(rdp_client_request(bytes, length, &wanted, &protocols), rows[i].answer, "%s", rows[i].name);
        cr_expect_eq(protocols, rows[i].protocols, "%s: %u", rows[i].name, protocols);
        cr_expect(rows[i].answer == RDP_CLIENT_WRONG || wanted == length, "%s", rows[i].name);
    }
}

Test(rdp, a_request_comes_in_pieces)
{
    size_t wanted, length = load("client-freerdp-3.10");
    uint32_t protocols;
    for (size_t part = 0; part < length; part++) {
        cr_expect_eq(rdp_client_request(bytes, part, &wanted, &protocols), RDP_CLIENT_PARTIAL, "%zu", part);
        cr_expect_gt(wanted, part);
    }
    cr_expect_eq(rdp_client_request(bytes, length + 1, &wanted, &protocols), RDP_CLIENT_REQUEST);
    cr_expect_eq(wanted, length);
}

Test(rdp, lengths_that_differ_are_no_request)
{
    size_t wanted, length = load("client-freerdp-3.10");
    uint32_t protocols;
    static const size_t places[] = {2, 3, 4, 36};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        load("client-freerdp-3.10");
        bytes[places[i]] ^= 2;
        cr_expect_neq(rdp_client_request(bytes, length, &wanted, &protocols), RDP_CLIENT_REQUEST, "%zu", places[i]);
    }
}

Test(rdp, our_request_asks_for_what_it_is_told)
{
    unsigned char request[RDP_REQUEST_SIZE];
    size_t wanted;
    uint32_t protocols;
    rdp_request_write(request, RDP_PROTOCOL_SSL);
    cr_expect_eq(rdp_client_request(request, sizeof request, &wanted, &protocols), RDP_CLIENT_REQUEST);
    cr_expect_eq(protocols, RDP_PROTOCOL_SSL);
    rdp_request_write(request, RDP_PROTOCOL_SSL | RDP_PROTOCOL_HYBRID);
    cr_expect_eq(memcmp(request, rdp_request, sizeof request), 0);
}

static bool names(const char *line, size_t length, char token[RDP_TOKEN_SIZE])
{
    unsigned char request[RDP_CLIENT_REQUEST_MAX] = {3, 0};
    memcpy(request + 11, line, strlen(line));
    return rdp_client_token(request, 11 + length, token);
}

Test(rdp, a_token_is_read_to_the_end_of_its_line_or_not_at_all)
{
    static const char line[] = "Cookie: msts=ab_C-9\r\n";
    char token[RDP_TOKEN_SIZE];
    cr_expect(names(line, strlen(line), token));
    cr_expect_str_eq(token, "ab_C-9");
    for (size_t i = 0; i + 1 < strlen(line); i++)
        cr_expect_not(names(line, i, token), "%zu", i);
    static const char *const others[] = {"Cookie: mstshash=anna\r\n", "Cookie: msts=\r\n", "Cookie: msts=a b\r\n",
                                         "cookie: msts=ab\r\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_not(names(others[i], strlen(others[i]), token), "%s", others[i]);
    char longest[100] = "Cookie: msts=";
    memset(longest + 13, 'a', RDP_TOKEN_SIZE - 1);
    memcpy(longest + 13 + RDP_TOKEN_SIZE - 1, "\r\n", 3);
    cr_expect(names(longest, strlen(longest), token));
    memset(longest + 13, 'a', RDP_TOKEN_SIZE);
    memcpy(longest + 13 + RDP_TOKEN_SIZE, "\r\n", 3);
    cr_expect_not(names(longest, strlen(longest), token));
}

Test(rdp, our_answer_is_what_a_client_reads)
{
    unsigned char confirm[RDP_CONFIRM_MAX];
    size_t wanted;
    uint32_t failure;
    rdp_confirm_write(confirm, RDP_PROTOCOL_SSL);
    cr_expect_eq(rdp_confirm(confirm, sizeof confirm, &wanted, &failure), RDP_TLS);
    rdp_failure_write(confirm, RDP_NEEDS_TLS);
    cr_expect_eq(rdp_confirm(confirm, sizeof confirm, &wanted, &failure), RDP_REFUSED);
    cr_expect_eq(failure, RDP_NEEDS_TLS);
}
