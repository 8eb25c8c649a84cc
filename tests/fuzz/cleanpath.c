// SPDX-License-Identifier: EUPL-1.2
// What a browser says first, whole and as it would come in byte by byte.
#include "broker/pult-gateway/cleanpath.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cleanpath_request request;
    size_t wanted = 0, length = 0;
    enum cleanpath_answer answer = cleanpath_read(&request, data, 0, &wanted);
    assert(answer == CLEANPATH_PARTIAL && wanted > 0);
    while (answer == CLEANPATH_PARTIAL && length < size) {
        length++;
        answer = cleanpath_read(&request, data, length, &wanted);
        assert(wanted <= CLEANPATH_REQUEST_MAX);
        assert(answer != CLEANPATH_PARTIAL || wanted > length);
    }
    if (answer == CLEANPATH_PARTIAL)
        return 0;
    size_t needed = wanted;
    enum cleanpath_answer whole = cleanpath_read(&request, data, size, &wanted);
    assert(whole == answer && wanted == needed); // what follows the request changes nothing
    (void)needed, (void)whole;
    size_t token = strlen(request.token);
    assert(token == 0 || token == CHANNEL_TOKEN_SIZE - 1);
    (void)token;
    if (answer == CLEANPATH_REQUEST)
        assert(request.rdp_request > data && request.rdp_request + request.rdp_request_length <= data + wanted);
    else
        assert(!request.rdp_request && !token);
    return 0;
}
