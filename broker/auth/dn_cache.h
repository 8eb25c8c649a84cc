// SPDX-License-Identifier: EUPL-1.2
// Where the people seen lately stand in their directory, so that a logon need not search for them again. Only who was
// found with a full entry gets here, so nobody fills it by guessing names.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { DN_CACHE_MAX = 16384 }; // people; the one put in first makes room

struct dn_cache;

struct cached_dn {
    const char *dn;  // as the directory writes it
    const char *key; // its unchanging id
};

struct dn_cache *dn_cache_new(int64_t keep_ms);
void dn_cache_free(struct dn_cache *known);
// False when the person is not known, or for too long. What `person` points to holds until the next put or drop.
_Bool dn_cache_find(struct dn_cache *known, const char *user_name, int64_t now_ms, struct cached_dn *person);
void dn_cache_put(struct dn_cache *known, const char *user_name, const struct cached_dn *person, int64_t now_ms);
void dn_cache_drop(struct dn_cache *known, const char *user_name);
