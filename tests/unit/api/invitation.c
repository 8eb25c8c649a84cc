// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/invitation.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <string.h>

#define PIN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void splits(const char *broker, const char *host, int64_t port)
{
    char got[64];
    int64_t got_port = 8443;
    cr_assert(invitation_split(broker, got, sizeof got, &got_port), "%s", broker);
    cr_assert_str_eq(got, host);
    cr_assert_eq(got_port, port);
}

Test(invitation, knows_host_and_port)
{
    splits("broker", "broker", 8443);
    splits("broker.example:443", "broker.example", 443);
    splits("10.0.0.1", "10.0.0.1", 8443);
    splits("[fd00::1]", "fd00::1", 8443);
    splits("[fd00::1]:443", "fd00::1", 443);
    splits("fd00::1", "fd00::1", 8443);
    static const char *const wrong[] = {"", ":443", "broker:", "broker:0", "broker:x", "[fd00::1", "[]", "[fd00::1]x"};
    char got[64];
    int64_t port;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_not(invitation_split(wrong[i], got, sizeof got, &port), "%s", wrong[i]);
}

static void reads(const char *text, const char *token, const char *host, int64_t port, const char *pin)
{
    struct invitation got;
    char again[INVITATION_SIZE];
    cr_assert(invitation_read(&got, text), "%s", text);
    cr_assert_str_eq(got.token, token);
    cr_assert_str_eq(got.host, host);
    cr_assert_eq(got.port, port);
    cr_assert_str_eq(got.pin, pin);
    invitation_print(&got, again);
    cr_assert_str_eq(again, text);
}

Test(invitation, is_one_word)
{
    reads("abc", "abc", "", 8443, "");
    reads("abc@broker.example:8443", "abc", "broker.example", 8443, "");
    reads("abc@broker.example:9/" PIN, "abc", "broker.example", 9, PIN);
    reads("abc@[fd00::1]:8443/" PIN, "abc", "fd00::1", 8443, PIN);
}

Test(invitation, may_leave_out_the_port)
{
    struct invitation got;
    cr_assert(invitation_read(&got, "abc@broker.example"));
    cr_assert_eq(got.port, 8443);
}

Test(invitation, is_refused_when_it_is_none)
{
    struct invitation got;
    char longest[2 * INVITATION_SIZE];
    static const char *const wrong[] = {"",
                                        "@broker",
                                        "abc@",
                                        "abc@broker:0",
                                        "abc@broker/00",
                                        "abc@:443",
                                        "abc@broker/",
                                        "abc@/" PIN,
                                        "abc@broker/" PIN "00",
                                        "a\nb",
                                        "abc@b/x" PIN,
                                        "\xff\xfe"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_not(invitation_read(&got, wrong[i]), "%s", wrong[i]);
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = 0;
    cr_assert_not(invitation_read(&got, longest));
    longest[NAME_SIZE] = 0;
    cr_assert_not(invitation_read(&got, longest));
}
