// SPDX-License-Identifier: EUPL-1.2
// What setting one noun and applying many share.
#pragma once
#include "broker/calls/services.h"

#include <string.h>

// Fills what noun_status_types[noun] says: the record and what is known at the moment (health, presence, names).
void noun_fill_status(void *filled, const struct services *services, enum noun noun, const void *record);
// Makes of a record that was asked for the one to be stored, with the broker's own fields as they are, and checks it
// against `state`. It has no id yet, or this one.
bool noun_check(const struct state *state, enum noun noun, const char *id, union record *record, struct fault *why)
    __attribute__((warn_unused_result));
// The version of a record as an HTTP entity tag, with its quotes: a hash of all that is stored of it.
void noun_etag(char etag[ETAG_SIZE], enum noun noun, const void *record);
// After a noun was set or removed: what is kept outside the state follows.
void noun_changed(struct services *services, enum noun noun, const char *id);
