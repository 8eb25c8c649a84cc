// SPDX-License-Identifier: EUPL-1.2
// The file of `pultctl apply`, which somebody may have been sent.
#include "admin-tool/yaml.h"
#include "broker/api/record.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault why = {0};
    struct apply_request request;
    bool read = yaml_read(&request, (const char *)data, size, &why);
    assert(read || (why.kind == FAULT_INVALID && why.text[0] && !request.objects.rows));
    for (size_t i = 0; i < request.objects.count; i++) {
        const struct apply_object *object = record_at(&request.objects, &apply_object_type, i);
        assert(object->noun != NOUN_NONE && id_is_valid((enum noun)object->noun, object->record.id));
    }
    record_free(apply_request_type.fields, &request);
    return 0;
}
