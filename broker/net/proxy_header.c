// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/proxy_header.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum {
    AT_VERSION = 12,
    AT_FAMILY = 13,
    AT_LENGTH = 14,
    VERSION = 0x20, // with the command in its lower half
    COMMAND_LOCAL = VERSION | 0,
    COMMAND_PROXY = VERSION | 1,
    UNKNOWN = 0x00,
    TCP_V4 = 0x11,
    UDP_V4 = 0x12,
    TCP_V6 = 0x21,
    UDP_V6 = 0x22,
    UNIX_STREAM = 0x31,
    UNIX_DATAGRAM = 0x32,
    V4_SIZE = 4,
    V6_SIZE = 16,
    PORT_SIZE = 2,
    VECTOR_HEAD = 3,       // type and length
    VECTOR_VOUCHER = 0xe0, // the first one that is for anybody's own use
};

static const unsigned char signature[AT_VERSION] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                    0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

static size_t number_at(const unsigned char *at)
{
    return (size_t)at[0] << 8 | at[1];
}

static void put_number(unsigned char *at, size_t number)
{
    at[0] = (unsigned char)(number >> 8);
    at[1] = (unsigned char)number;
}

// ---- reading

// Of somebody else's kinds there may be any, and they mean nothing here.
static bool read_vectors(struct proxy_header *header, const unsigned char *at, size_t left)
{
    while (left) {
        size_t size = left < VECTOR_HEAD ? left + 1 : VECTOR_HEAD + number_at(at + 1);
        if (size > left)
            return false;
        if (at[0] == VECTOR_VOUCHER) {
            if (header->voucher)
                return false;
            header->voucher = (const char *)at + VECTOR_HEAD;
            header->voucher_length = size - VECTOR_HEAD;
        }
        at += size;
        left -= size;
    }
    return true;
}

// Both addresses, both ports, then the vectors.
static bool read_caller(struct proxy_header *header, size_t address_size, const unsigned char *at, size_t length)
{
    static const struct address mapped = {{[10] = 0xff, [11] = 0xff}};
    size_t addresses = 2 * (address_size + PORT_SIZE);
    if (length < addresses)
        return false;
    header->names_caller = true;
    header->caller = mapped;
    memcpy(header->caller.bytes + V6_SIZE - address_size, at, address_size);
    header->port = (int)number_at(at + 2 * address_size);
    return read_vectors(header, at + addresses, length - addresses);
}

static bool read_content(struct proxy_header *header, const unsigned char *bytes, size_t length)
{
    const unsigned char *content = bytes + PROXY_HEADER_HEAD;
    if (bytes[AT_VERSION] == COMMAND_LOCAL)
        return true; // whatever else it says
    if (bytes[AT_VERSION] != COMMAND_PROXY)
        return false;
    switch (bytes[AT_FAMILY]) {
    case TCP_V4:
        return read_caller(header, V4_SIZE, content, length);
    case TCP_V6:
        return read_caller(header, V6_SIZE, content, length);
    case UNKNOWN:
    case UDP_V4:
    case UDP_V6:
    case UNIX_STREAM:
    case UNIX_DATAGRAM:
        return true; // none of them is an address that somebody calls from by TCP
    default:
        return false;
    }
}

enum proxy_header_answer proxy_header_read(struct proxy_header *header, const unsigned char *bytes, size_t length,
                                           size_t *size)
{
    *header = (struct proxy_header){.names_caller = false};
    *size = PROXY_HEADER_HEAD;
    if (memcmp(bytes, signature, length < sizeof signature ? length : sizeof signature) != 0)
        return PROXY_HEADER_ABSENT;
    if (length < PROXY_HEADER_HEAD)
        return PROXY_HEADER_PARTIAL;
    size_t content = number_at(bytes + AT_LENGTH);
    *size = PROXY_HEADER_HEAD + content;
    if (*size > PROXY_HEADER_MAX)
        return PROXY_HEADER_BROKEN;
    if (length < *size)
        return PROXY_HEADER_PARTIAL;
    return read_content(header, bytes, content) ? PROXY_HEADER_WHOLE : PROXY_HEADER_BROKEN;
}

// ---- writing

// IPv4 is written in IPv6 here, as everywhere.
size_t proxy_header_write(unsigned char bytes[PROXY_HEADER_MAX], const struct address *caller, int port,
                          const char *voucher)
{
    enum { ADDRESSES = 2 * (V6_SIZE + PORT_SIZE), AT_VECTOR = PROXY_HEADER_HEAD + ADDRESSES };
    size_t said = strlen(voucher), size = AT_VECTOR + VECTOR_HEAD + said;
    assert(size <= PROXY_HEADER_MAX && port >= 0 && port <= UINT16_MAX);
    memset(bytes, 0, size);
    memcpy(bytes, signature, sizeof signature);
    bytes[AT_VERSION] = COMMAND_PROXY;
    bytes[AT_FAMILY] = TCP_V6;
    put_number(bytes + AT_LENGTH, size - PROXY_HEADER_HEAD);
    memcpy(bytes + PROXY_HEADER_HEAD, caller->bytes, V6_SIZE);
    put_number(bytes + PROXY_HEADER_HEAD + 2 * V6_SIZE, (size_t)port);
    bytes[AT_VECTOR] = VECTOR_VOUCHER;
    put_number(bytes + AT_VECTOR + 1, said);
    memcpy(bytes + AT_VECTOR + VECTOR_HEAD, voucher, said);
    return size;
}
