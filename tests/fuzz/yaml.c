// SPDX-License-Identifier: EUPL-1.2
// The file of `pultctl apply`, which somebody may have been sent.
#include "admin-tool/yaml.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault why = {0};
    owned(json) json_object *objects = NULL;
    bool read = yaml_read(&objects, (const char *)data, size, &why);
    assert(read == (objects != NULL));
    assert(read || (why.kind == FAULT_INVALID && why.text[0]));
    for (size_t i = 0; read && i < json_object_array_length(objects); i++) {
        json_object *object = json_object_array_get_idx(objects, i);
        enum noun noun = noun_by_name(codec_string(object, "noun"));
        assert(noun != NOUN_NONE && id_is_valid(noun, codec_string(object, "id")));
    }
    return 0;
}
