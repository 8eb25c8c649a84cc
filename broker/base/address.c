// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/address.h"
#include "broker/base/text.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96 };

static const unsigned char mapped_prefix[MAPPED_BITS / 8] = {[10] = 0xff, [11] = 0xff};

static bool is_mapped(const struct address *address)
{
    return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

bool address_read(struct address *address, const char *text)
{
    if (inet_pton(AF_INET6, text, address->bytes) == 1)
        return true;
    memcpy(address->bytes, mapped_prefix, sizeof mapped_prefix);
    return inet_pton(AF_INET, text, address->bytes + sizeof mapped_prefix) == 1;
}

bool address_of_socket(struct address *address, const struct sockaddr *socket)
{
    const struct sockaddr_in *v4 = (const void *)socket;
    const struct sockaddr_in6 *v6 = (const void *)socket;
    if (socket->sa_family == AF_INET6) {
        memcpy(address->bytes, &v6->sin6_addr, sizeof address->bytes);
        return true;
    }
    memcpy(address->bytes, mapped_prefix, sizeof mapped_prefix);
    memcpy(address->bytes + sizeof mapped_prefix, &v4->sin_addr, sizeof v4->sin_addr);
    return socket->sa_family == AF_INET;
}

int address_port(const struct sockaddr_storage *socket)
{
    const struct sockaddr_in *v4 = (const void *)socket;
    const struct sockaddr_in6 *v6 = (const void *)socket;
    return ntohs(socket->ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

void address_to_socket(struct sockaddr_storage *socket, const struct address *address, int port)
{
    struct sockaddr_in6 *v6 = (void *)socket;
    assert(port >= 0 && port <= UINT16_MAX);
    memset(socket, 0, sizeof *socket);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    memcpy(&v6->sin6_addr, address->bytes, sizeof address->bytes);
}

bool address_to_listen(struct sockaddr_storage *socket, const char *text, int port)
{
    struct sockaddr_in *v4 = (void *)socket;
    struct sockaddr_in6 *v6 = (void *)socket;
    memset(socket, 0, sizeof *socket);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return true;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    return !text[0] || inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

void address_print(char text[ADDRESS_TEXT_SIZE], const struct address *address)
{
    static_assert(ADDRESS_TEXT_SIZE == INET6_ADDRSTRLEN, "the longest");
    if (is_mapped(address))
        inet_ntop(AF_INET, address->bytes + sizeof mapped_prefix, text, ADDRESS_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, address->bytes, text, ADDRESS_TEXT_SIZE);
}

bool address_equal(const struct address *a, const struct address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

// 0.0.0.0/8 is "this host"; ::a.b.c.d/96 was IPv4 in IPv6 once and holds :: and ::1.
bool address_is_reserved(const struct address *address)
{
    return address_networks_have("0.0.0.0/8 127.0.0.0/8 169.254.0.0/16 224.0.0.0/3 ::/96 fe80::/10 ff00::/8", address);
}

static bool is_zero_behind(const struct address_network *network)
{
    for (int bit = network->bits; bit < ADDRESS_BITS; bit++)
        if (network->address.bytes[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
}

bool address_network_read(struct address_network *network, const char *text)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = 0;
    if (!address_read(&network->address, address))
        return false;
    int before = strchr(address, ':') ? 0 : MAPPED_BITS;
    int64_t bits = ADDRESS_BITS - before;
    if (slash && !text_number(slash + 1, 0, bits, &bits))
        return false;
    network->bits = before + (int)bits;
    return is_zero_behind(network);
}

bool address_network_has(const struct address_network *network, const struct address *address)
{
    int whole = network->bits / 8, rest = network->bits % 8;
    assert(network->bits >= 0 && network->bits <= ADDRESS_BITS);
    if (memcmp(network->address.bytes, address->bytes, (size_t)whole) != 0)
        return false;
    int differs = rest ? network->address.bytes[whole] ^ address->bytes[whole] : 0;
    return (differs & (0xff00 >> rest) & 0xff) == 0;
}

static bool has_network(const char *networks, const struct address *address, int least_bits)
{
    while (*networks) {
        char word[ADDRESS_NETWORK_TEXT_SIZE];
        struct address_network network;
        size_t length = strcspn(networks, " ");
        if (length >= sizeof word)
            return false;
        memcpy(word, networks, length);
        word[length] = 0;
        if (!address_network_read(&network, word))
            return false;
        if (network.bits >= least_bits && address_network_has(&network, address))
            return true;
        networks += length + (networks[length] == ' ');
    }
    return false;
}

bool address_networks_have(const char *networks, const struct address *address)
{
    return has_network(networks, address, 0);
}

bool address_networks_name(const char *networks, const struct address *address)
{
    return has_network(networks, address, ADDRESS_BITS);
}

void address_network_print(char text[ADDRESS_NETWORK_TEXT_SIZE], const struct address *address)
{
    struct address network = *address;
    char first[INET6_ADDRSTRLEN];
    if (is_mapped(address)) {
        inet_ntop(AF_INET, address->bytes + sizeof mapped_prefix, text, ADDRESS_NETWORK_TEXT_SIZE);
        return;
    }
    memset(network.bytes + 8, 0, 8);
    inet_ntop(AF_INET6, network.bytes, first, sizeof first);
    snprintf(text, ADDRESS_NETWORK_TEXT_SIZE, "%s/64", first);
}

void address_network_text(char text[ADDRESS_NETWORK_TEXT_SIZE], const char *address)
{
    struct address read;
    if (address_read(&read, address))
        address_network_print(text, &read);
    else
        text_cut(text, ADDRESS_NETWORK_TEXT_SIZE, address);
}
