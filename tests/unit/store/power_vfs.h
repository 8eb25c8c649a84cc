// SPDX-License-Identifier: EUPL-1.2
// A disk in memory whose power can fail, under SQLite (as the VFS "power") and under base/file.
// What is written is only seen until it is synced; a cut keeps, drops and tears the rest at random by a seed: sectors
// of 512 bytes, each for itself, some of them half written; names likewise. It does what the usual VFS does, no more:
// the folder of a new log is synced with the log, a file that SQLite cuts short is not synced.
// One thread at a time.
#pragma once
#include "broker/base/file.h"

#include <stdint.h>

#define POWER_VFS "power"

void power_start(void); // puts it under both; an empty disk, power on
void power_seed(uint64_t seed);
uint64_t power_random(uint64_t below);

// A copy of all files, all of it durable.
struct power_image;
struct power_image *power_image_new(void);
void power_image_free(struct power_image *image);
void power_restore(const struct power_image *image); // whatever is open then must be closed first

bool power_equals(const struct power_image *image);

// The power goes at the `operations`th change from now on; 0: never. From then on everything fails.
void power_cut_after(int operations);
bool power_is_off(void);
void power_back(void); // everything must be closed

size_t power_used(void);            // bytes in all files
void power_set_space(size_t bytes); // what does not fit is written in part; SIZE_MAX: enough
// The nth sync from now on fails, 0: none: what was not durable by then may never be, though it can be read.
void power_fail_sync(int nth);

// For damage: a file's bytes, durable at once. NULL when there is no such file.
unsigned char *power_file(const char *path, size_t *length);
void power_resize(const char *path, size_t length);
bool power_holds(const char *text); // somewhere in some file
int power_changes(void);            // counted since the start
