// SPDX-License-Identifier: EUPL-1.2
// What comes before a connection that was passed on, whole and as it would come in byte by byte, and what a gateway
// of ours says in it.
#include "broker/net/proxy_header.h"
#include "broker/net/proxy_voucher.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

static const char key[] = "key";

// What was understood is said again, and understood as the same.
static void say_again(const struct proxy_header *header, const struct proxy_voucher *voucher)
{
    unsigned char bytes[PROXY_HEADER_MAX];
    char text[PROXY_VOUCHER_SIZE];
    struct proxy_header heard;
    struct proxy_voucher said;
    size_t size = 0;
    proxy_voucher_write(text, voucher, key, &header->caller, header->port);
    size_t length = proxy_header_write(bytes, &header->caller, header->port, text);
    enum proxy_header_answer answer = proxy_header_read(&heard, bytes, length, &size);
    assert(answer == PROXY_HEADER_WHOLE && size == length && heard.names_caller && heard.port == header->port);
    assert(address_equal(&heard.caller, &header->caller) && heard.voucher_length == strlen(text));
    bool is_read = proxy_voucher_read(&said, heard.voucher, heard.voucher_length);
    assert(is_read && proxy_voucher_holds(&said, key, &heard.caller, heard.port));
    assert(said.way == voucher->way && said.number == voucher->number && !strcmp(said.gateway, voucher->gateway));
    (void)answer, (void)is_read;
}

static void look_at(const struct proxy_header *header, const uint8_t *data, size_t size)
{
    struct proxy_voucher voucher;
    if (!header->voucher)
        return;
    const uint8_t *at = (const uint8_t *)header->voucher;
    assert(header->names_caller && at >= data + PROXY_HEADER_HEAD && at + header->voucher_length <= data + size);
    (void)at, (void)data, (void)size;
    if (proxy_voucher_read(&voucher, header->voucher, header->voucher_length))
        say_again(header, &voucher);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header header;
    size_t wanted = 0, length = 0;
    enum proxy_header_answer answer = proxy_header_read(&header, data, 0, &wanted);
    assert(answer == PROXY_HEADER_PARTIAL);
    while (answer == PROXY_HEADER_PARTIAL && length < size) {
        length++;
        answer = proxy_header_read(&header, data, length, &wanted);
        assert(answer != PROXY_HEADER_PARTIAL || (wanted > length && wanted <= PROXY_HEADER_MAX));
        assert(answer != PROXY_HEADER_WHOLE || wanted == length);
    }
    if (answer == PROXY_HEADER_PARTIAL)
        return 0;
    enum proxy_header_answer whole = proxy_header_read(&header, data, size, &wanted);
    assert(whole == answer); // what follows changes nothing
    (void)whole;
    if (answer == PROXY_HEADER_WHOLE)
        look_at(&header, data, wanted);
    return 0;
}
