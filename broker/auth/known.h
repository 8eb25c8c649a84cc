// SPDX-License-Identifier: EUPL-1.2
// Where the people seen lately stand in their directory, so that a log-on need not search for them again. Only who was
// found with a full entry gets here, so nobody fills it by guessing names.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { KNOWN_MAX = 16384 }; // people; the one put in first makes room

struct known;

struct known_person {
    const char *dn;  // as the directory writes it
    const char *key; // its unchanging id
};

struct known *known_new(int64_t keep_ms);
void known_free(struct known *known);
// False when the person is not known, or for too long. What `person` points to holds until the next put or drop.
_Bool known_find(struct known *known, const char *login, int64_t now_ms, struct known_person *person);
void known_put(struct known *known, const char *login, const struct known_person *person, int64_t now_ms);
void known_drop(struct known *known, const char *login);
