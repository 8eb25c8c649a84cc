// SPDX-License-Identifier: EUPL-1.2
// Addresses and networks of the internet protocol as numbers. IPv4 is written in IPv6 (::ffff:10.0.0.1), so that both
// spellings of one address are the same.
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct sockaddr;
struct sockaddr_storage;

struct address {
    unsigned char bytes[16];
};

struct address_network {
    struct address address;
    int bits; // of the 128
};

enum { ADDRESS_TEXT_SIZE = 46, ADDRESS_NETWORK_TEXT_SIZE = 56 };

// "10.0.0.1", "::ffff:10.0.0.1", "fd00::1"; no brackets, no zone. False: it is none, a name perhaps.
bool address_read(struct address *address, const char *text) __attribute__((warn_unused_result));
// False: neither IPv4 nor IPv6.
bool address_of_socket(struct address *address, const struct sockaddr *socket) __attribute__((warn_unused_result));
int address_port(const struct sockaddr_storage *socket); // of an IPv4 or IPv6 one
// In IPv6, as the address has it.
void address_to_socket(struct sockaddr_storage *socket, const struct address *address, int port);
// To listen at: the address, or "" for all, those of IPv4 as well. False: it is none.
bool address_to_listen(struct sockaddr_storage *socket, const char *text, int port) __attribute__((warn_unused_result));
// As it is usually written.
void address_print(char text[ADDRESS_TEXT_SIZE], const struct address *address);
bool address_equal(const struct address *a, const struct address *b);
// Loopback, link-local, multicast, broadcast, and the unspecified one, which Linux takes for loopback: never another
// machine that somebody may name.
bool address_is_reserved(const struct address *address);

// "10.0.0.0/8", "fd00::/8", or one address. False also when bits behind the length are set.
bool address_network_read(struct address_network *network, const char *text) __attribute__((warn_unused_result));
bool address_network_has(const struct address_network *network, const struct address *address);
// Words with one space between. False: none of them has it, or one is no network.
bool address_networks_have(const char *networks, const struct address *address);
// The same, but only of a word that is this one address.
bool address_networks_name(const char *networks, const struct address *address);
// Who counts as one when strangers are counted: an IPv4 address, the /64 of an IPv6 one.
void address_network_print(char text[ADDRESS_NETWORK_TEXT_SIZE], const struct address *address);
// The same of one that is written; what is no address stays as it is, cut.
void address_network_text(char text[ADDRESS_NETWORK_TEXT_SIZE], const char *address);
