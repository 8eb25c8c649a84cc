// SPDX-License-Identifier: EUPL-1.2
// The fields of a noun as people write them: FIELD=VALUE on the command line, scalars in a file.
#pragma once
#include "broker/api/codec.h"

const struct field *field_find(enum noun noun, const char *name); // NULL when there is none
// The JSON value of `text` by the field's type; NULL with a fault that names the field.
json_object *field_value(const struct field *field, const char *text, struct fault *why);
// Sets one FIELD=VALUE in `object`; for a SHA-256, FIELD=@FILE is that of a certificate in PEM. Fields of the broker's
// own are refused.
bool field_assign(enum noun noun, json_object *object, const char *assignment, struct fault *why)
    __attribute__((warn_unused_result));
// A new object with what people set of `present` (NULL: empty), without the id.
json_object *fields_of_people(enum noun noun, json_object *present);
