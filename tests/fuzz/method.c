// SPDX-License-Identifier: EUPL-1.2
// The verb and the path of a request, as `VERB path`.
#include "broker/api/method.h"
#include "broker/base/text.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    owned(bytes) char *verb = mem_new(1, size + 1);
    memcpy(verb, data, size);
    char *space = strchr(verb, ' ');
    if (!space)
        return 0;
    *space = 0;
    char id[ID_SIZE];
    bool path_known = false;
    const struct method *method = method_match(verb, space + 1, id, &path_known);
    if (!method) {
        assert(id[0] == 0);
        return 0;
    }
    assert(path_known && text_equal(method->verb, verb) && method->who != ROLE_NOBODY);
    if (strstr(method->path, "{id}"))
        assert(id_is_valid(method->noun, id) && strstr(space + 1, id));
    else
        assert(id[0] == 0 && text_equal(method->path, space + 1));
    return 0;
}
