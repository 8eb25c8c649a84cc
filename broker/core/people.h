// SPDX-License-Identifier: EUPL-1.2
// Who is who, in memory: the rows of the erasable table of people, by opaque id and by the directory's key.
#pragma once
#include "broker/base/sorted_table.h"
#include "broker/core/port.h"

struct people {
    struct sorted_table by_id;  // struct store_person
    struct sorted_table by_key; // "tenant key" -> id
};

void people_put(struct people *people, const struct store_person *person); // copied; replaces the row of the same id
void people_remove(struct people *people, const char *id);
void people_clear(struct people *people);
const struct store_person *people_find(const struct people *people, const char *id);
// Those of a tenant with this user name, of whom the directory knows one only: `after` is the one before, NULL at
// first.
const struct store_person *people_by_name(const struct people *people, const char *tenant_id, const char *name,
                                          const struct store_person *after);
const struct store_person *people_by_key(const struct people *people, const char *tenant_id, const char *key);
