// SPDX-License-Identifier: EUPL-1.2
// JSON from devices, administrators and browsers: parsed, read by every table of fields, and what was taken in must
// come back unchanged from the journal.
#include "broker/api/codec.h"
#include "broker/api/method.h"
#include "broker/api/record.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

enum { STRUCT_MAX = 16 * 1024 };

static _Alignas(16) char target[STRUCT_MAX], again[STRUCT_MAX];

// What `form` writes can be parsed, and read unless a field is empty that must not be; in the journal nouns say the
// same.
static void comes_back(const struct field *fields, size_t size, enum codec_form form, bool readable, bool same)
{
    struct fault why = {0};
    owned(json) json_object *written = codec_write(fields, form, target);
    owned(text) struct text printed = {0};
    codec_print(&printed, written);
    owned(json) json_object *parsed = NULL;
    bool right = codec_parse(&parsed, printed.bytes, printed.length, &why);
    assert(right);
    right = codec_read(fields, size, form, parsed, again, &why);
    assert(right || !readable);
    assert(!same || memcmp(target, again, size) == 0);
    if (right)
        record_free(fields, again);
}

static void read_by(const struct field *fields, size_t size, bool noun, json_object *object)
{
    assert(size <= STRUCT_MAX);
    for (enum codec_form form = CODEC_CHANGE; form <= CODEC_JOURNAL; form++) {
        struct fault why = {0};
        if (!codec_read(fields, size, form, object, target, &why)) {
            assert(why.kind == FAULT_INVALID && why.text[0]);
            continue;
        }
        bool ours = form != CODEC_ANSWER;
        comes_back(fields, size, CODEC_JOURNAL, ours, ours && noun);
        comes_back(fields, size, CODEC_ANSWER, form == CODEC_CHANGE && noun, false);
        record_free(fields, target);
    }
}

static void read_by_method(const struct method *method, json_object *object)
{
    if (method->body)
        read_by(method->body->fields, method->body->size, false, object);
    if (method->answer)
        read_by(method->answer->fields, method->answer->size, false, object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault why = {0};
    owned(json) json_object *object = NULL;
    if (!codec_parse(&object, (const char *)data, size, &why)) {
        assert(!object && why.kind == FAULT_INVALID && why.text[0]);
        return 0;
    }
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        read_by(noun_rows[noun].fields, noun_rows[noun].size, true, object);
    for (size_t i = 0; i < method_count; i++)
        read_by_method(&method_rows[i], object);
    read_by(problem_type.fields, problem_type.size, false, object);
    codec_wipe(object);
    return 0;
}
