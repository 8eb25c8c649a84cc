// SPDX-License-Identifier: EUPL-1.2
// The fields of a noun as people write them: FIELD=VALUE on the command line, scalars in a file.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"
#include "broker/base/text.h"

const struct field *field_find(enum noun noun, const char *name); // NULL when there is none
// Writes `text` into the record by the field's type; else a fault that names the field.
bool field_write(const struct field *field, const char *text, void *record, struct fault *why)
    __attribute__((warn_unused_result));
// Adds a word to a FIELD_LIST.
bool field_add_word(const struct field *field, const char *word, void *record, struct fault *why)
    __attribute__((warn_unused_result));

// The record of a noun that is being written, and which of its fields were: a bit for each row.
struct draft {
    enum noun noun;
    uint64_t given;
    union record record;
};

// One FIELD=VALUE; for a SHA-256, FIELD=@FILE is that of a certificate in PEM. Fields of the broker's own are refused.
bool draft_assign(struct draft *draft, const char *assignment, struct fault *why) __attribute__((warn_unused_result));
void draft_give(struct draft *draft, const struct field *field);
bool draft_has(const struct draft *draft, const struct field *field);
// The names of what is needed and was not given, each behind a space and before `mark`; false when there are none.
bool draft_lacks(const struct draft *draft, const char *mark, struct text *names);
