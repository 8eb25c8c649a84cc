// SPDX-License-Identifier: EUPL-1.2
// What people call the browser that they sit at: "Firefox, Windows".
#pragma once
#include <stddef.h>

enum { BROWSER_NAME_SIZE = 64 };

// Of what it says of itself (User-Agent), hostile: only words of ours come out of it. Empty: it is none that we know.
void browser_name(char name[BROWSER_NAME_SIZE], const char *user_agent);
