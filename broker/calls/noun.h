// SPDX-License-Identifier: EUPL-1.2
// What setting one noun and applying many share.
#pragma once
#include "broker/calls/services.h"

#include <string.h>

// A record as people see it: its fields and what is known at the moment (health, presence, names).
json_object *noun_view(const struct services *services, enum noun noun, const void *record);
// The record that `body` (hostile) asks for, with the broker's own fields as they are. Checked against `state`.
bool noun_read(const struct state *state, enum noun noun, const char *id, json_object *body, union record *record,
               struct fault *why) __attribute__((warn_unused_result));
// The version of a record as an HTTP entity tag, with its quotes: a hash of all that is stored of it.
void noun_etag(char etag[ETAG_SIZE], enum noun noun, const void *record);
// After a noun was set or removed: what is kept outside the state follows.
void noun_changed(struct services *services, enum noun noun, const char *id);
