// SPDX-License-Identifier: EUPL-1.2
// What a client asks for first, and what a host answers, whole and as it would come in byte by byte.
#include "broker/net/rdp.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

static void read_confirm(const uint8_t *data, size_t size)
{
    size_t wanted = 0, length = 0;
    uint32_t failure;
    enum rdp_answer answer = rdp_confirm(data, 0, &wanted, &failure);
    assert(answer == RDP_PARTIAL && wanted > 0);
    while (answer == RDP_PARTIAL && length < size) {
        length++;
        answer = rdp_confirm(data, length, &wanted, &failure);
        assert(wanted <= RDP_CONFIRM_MAX);
        assert(answer != RDP_PARTIAL || wanted > length);
        assert(rdp_failure_text(failure)[0]);
    }
    if (answer == RDP_PARTIAL)
        return;
    enum rdp_answer whole = rdp_confirm(data, size, &wanted, &failure);
    assert(whole == answer); // what follows the confirm changes nothing
    (void)whole;
}

static void read_client_request(const uint8_t *data, size_t size)
{
    size_t wanted = 0, length = 0;
    uint32_t protocols, again;
    enum rdp_client_answer answer = rdp_client_request(data, 0, &wanted, &protocols);
    assert(answer == RDP_CLIENT_PARTIAL && wanted > 0);
    while (answer == RDP_CLIENT_PARTIAL && length < size) {
        length++;
        answer = rdp_client_request(data, length, &wanted, &protocols);
        assert(wanted <= RDP_CLIENT_REQUEST_MAX);
        assert(answer != RDP_CLIENT_PARTIAL || wanted > length);
        assert(answer == RDP_CLIENT_REQUEST || protocols == RDP_PROTOCOL_PLAIN);
    }
    if (answer == RDP_CLIENT_PARTIAL)
        return;
    enum rdp_client_answer whole = rdp_client_request(data, size, &wanted, &again);
    assert(whole == answer && again == protocols);
    (void)whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_confirm(data, size);
    read_client_request(data, size);
    return 0;
}
