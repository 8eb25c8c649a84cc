// SPDX-License-Identifier: EUPL-1.2
// What a host answers to the RDP request, whole and as it would come in byte by byte.
#include "broker/net/rdp.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
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
        return 0;
    enum rdp_answer whole = rdp_confirm(data, size, &wanted, &failure);
    assert(whole == answer); // what follows the confirm changes nothing
    (void)whole;
    return 0;
}
