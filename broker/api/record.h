// SPDX-License-Identifier: EUPL-1.2
// Structs by their rows: lists that grow, what is empty, and the end of what a struct owns.
#pragma once
#include "broker/api/types.h"
#include "broker/base/text.h"

// A new row at the end, zeroed; all move when one is added. How many there may be is the caller's to know.
void *record_add(struct record_list *list, const struct record_type *type);
void *record_at(const struct record_list *list, const struct record_type *type, size_t index);
// Sorts the rows, and adds up those that `compare` calls equal: the first of them takes the others in. For records that
// own nothing.
void record_merge(struct record_list *list, const struct record_type *type,
                  int (*compare)(const void *a, const void *b), void (*add)(void *sum, const void *other));
// Frees the lists and strings within and wipes the secrets. The struct itself is the caller's and may be filled again.
void record_free(const struct field *fields, void *record);

// Nothing was written into it; of a record: into any of its fields.
bool field_is_empty(const struct field *field, const void *record);
// The rows of what stands in a FIELD_RECORD, FIELD_RECORDS or FIELD_NOUN of `record`; NULL for the record of no noun.
const struct field *field_rows(const struct field *field, const void *record);
// Its value as one writes it into a file or on a command line; of records nothing.
void field_text(struct text *out, const struct field *field, const void *record);
