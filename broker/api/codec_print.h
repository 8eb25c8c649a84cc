// SPDX-License-Identifier: EUPL-1.2
// Structs as JSON text, by their rows and without a tree between.
#pragma once
#include "broker/api/types.h"
#include "broker/base/text.h"

enum codec_form {
    CODEC_CHANGE, // from people: required fields must be there, the broker's own are refused; what is empty is left out
    CODEC_ANSWER, // to people and programs: hidden fields and empty times left out, times as RFC 3339
    CODEC_MESSAGE, // between programs of ours: required fields must be there, what is empty is left out; what the
                   // reader does not know is skipped, unless it is the word of a required choice
    CODEC_JOURNAL, // in the journal: everything that is not empty, times as numbers
};

void codec_print_string(struct text *out, const char *string);
void codec_print_record(struct text *out, const struct field *fields, enum codec_form form, const void *source);
// Its members only, with commas between.
void codec_print_members(struct text *out, const struct field *fields, enum codec_form form, const void *source);
