// SPDX-License-Identifier: EUPL-1.2
// What a browser sends of a form (application/x-www-form-urlencoded), read by the rows of a struct. Hostile.
#pragma once
#include "broker/api/record.h"
#include "broker/base/fault.h"

// Fills `record` (zeroed first) by rows of the types FIELD_TEXT, FIELD_ID, FIELD_CHOICE and FIELD_FLAG, of which a
// browser sends those that are ticked. FAULT_INVALID naming the field: one that is unknown, there twice, too long, no
// clean text, or required and empty; nothing is left in `record` then. Works in `bytes` and wipes them: there may be a
// password within.
bool page_form_read(const struct record_type *type, char *bytes, size_t length, void *record, struct fault *why)
    __attribute__((warn_unused_result));
