// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/address.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

static bool has(const char *networks, const char *text)
{
    struct address address;
    cr_assert(address_read(&address, text), "%s", text);
    return address_networks_have(networks, &address);
}

Test(address, is_one_in_both_spellings)
{
    struct address a, b;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a000001)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    cr_assert(address_read(&a, "10.0.0.1") && address_read(&b, "::ffff:10.0.0.1"));
    cr_expect(address_equal(&a, &b));
    cr_expect(address_of_socket(&b, (struct sockaddr *)&v4) && address_equal(&a, &b));
    memcpy(&v6.sin6_addr, &a, sizeof a);
    cr_expect(address_of_socket(&b, (struct sockaddr *)&v6) && address_equal(&a, &b));
    v4.sin_family = AF_UNIX;
    cr_expect_not(address_of_socket(&b, (struct sockaddr *)&v4));
    static const char *const none[] = {"", "ts1.example", "10.1", "10.0.0.256", "[::1]", "fe80::1%lo", "::1 "};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect_not(address_read(&a, none[i]), "%s", none[i]);
}

Test(address, networks_hold_theirs_only)
{
    cr_expect(has("10.0.0.0/8", "10.255.1.2") && !has("10.0.0.0/8", "11.0.0.0"));
    cr_expect(has("10.0.0.0/8", "::ffff:10.1.2.3"));
    cr_expect(has("172.16.0.0/12", "172.31.255.255") && !has("172.16.0.0/12", "172.32.0.0"));
    cr_expect(has("10.0.0.0/8 fd00::/9", "fd7f::1") && !has("10.0.0.0/8 fd00::/9", "fd80::1"));
    cr_expect(has("10.1.2.3", "10.1.2.3") && !has("10.1.2.3", "10.1.2.2"));
    cr_expect(has("0.0.0.0/0", "8.8.8.8") && !has("0.0.0.0/0", "2001:db8::1"));
    cr_expect(has("::/0", "8.8.8.8") && has("::/0", "2001:db8::1"));
    cr_expect_not(has("", "10.0.0.1"));
}

Test(address, of_a_network_ends_with_zeros)
{
    static const char *const none[] = {
        "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10/8", "fd00::1/8", "fd00::/129", "", "/8", "ts1/8"};
    struct address_network network;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect_not(address_network_read(&network, none[i]), "%s", none[i]);
}

Test(address, of_no_other_machine_is_reserved)
{
    static const char *const reserved[] = {"127.0.0.1", "127.1.2.3",        "::1",         "::",          "0.0.0.0",
                                           "0.1.2.3",   "::ffff:127.0.0.1", "169.254.1.1", "fe80::1",     "224.0.0.1",
                                           "ff02::1",   "255.255.255.255",  "::127.0.0.1", "febf::1:2:3", "::ffff:0:0"},
                             *const others[] = {"10.0.0.1",    "192.168.1.1", "8.8.8.8", "fd00::1",
                                                "2001:db8::1", "128.0.0.1",   "fec0::1"};
    struct address address;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        cr_expect(address_read(&address, reserved[i]) && address_is_reserved(&address), "%s", reserved[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect(address_read(&address, others[i]) && !address_is_reserved(&address), "%s", others[i]);
}

Test(address, strangers_count_by_what_one_of_them_can_have)
{
    static const char *const rows[][2] = {{"::ffff:10.0.0.1", "10.0.0.1"},
                                          {"10.0.0.1", "10.0.0.1"},
                                          {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
                                          {"::1", "::/64"},
                                          {"somewhere", "somewhere"}};
    char text[ADDRESS_NETWORK_TEXT_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        address_network_text(text, rows[i][0]);
        cr_expect_str_eq(text, rows[i][1]);
    }
}

Test(address, goes_into_a_socket_and_comes_out_again)
{
    static const char *const texts[] = {"10.0.0.1", "2001:db8::1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct address address, again;
        struct sockaddr_storage socket;
        char text[ADDRESS_TEXT_SIZE];
        cr_assert(address_read(&address, texts[i]));
        address_to_socket(&socket, &address, 4711);
        cr_assert(address_of_socket(&again, (const struct sockaddr *)&socket) && address_equal(&address, &again));
        cr_expect_eq(address_port(&socket), 4711);
        address_print(text, &again);
        cr_expect_str_eq(text, texts[i]);
    }
}
