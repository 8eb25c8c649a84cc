// SPDX-License-Identifier: EUPL-1.2
// A folder of a test's own.
#pragma once

enum { FOLDER_SIZE = 40 };

// A new one below /tmp, which only its owner may enter; `name` says whose it is.
void folder_make(char path[FOLDER_SIZE], const char *name);
void folder_empty(const char *path);  // of all that is in it
void folder_remove(const char *path); // and itself
