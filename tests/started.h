// SPDX-License-Identifier: EUPL-1.2
// Hears from a program that is started next whether it serves, as systemd does.
#pragma once
#include <stdbool.h>

struct started {
    int descriptor;
};

struct started started_listen(void);              // sets NOTIFY_SOCKET
bool started_says_ready(struct started *started); // within a minute; true once
