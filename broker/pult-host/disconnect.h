// SPDX-License-Identifier: EUPL-1.2
// RDP connections that are to end: their server processes get SIGTERM, and SIGKILL a second later.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-host/process.h"

#include <stdint.h>

struct disconnects;

struct disconnects *disconnects_new(struct loop *loop);
void disconnects_free(struct disconnects *disconnects); // NULL allowed
// The one that holds this socket (inode; 0: none); `what` is for the log.
void disconnects_add(struct disconnects *disconnects, uint64_t inode, const char *what);
void disconnects_add_process(struct disconnects *disconnects, const struct process *process, const char *what);
