// SPDX-License-Identifier: EUPL-1.2
// Processes of the RDP server that are to end: asked, and made to a second later.
#pragma once
#include "broker/base/loop.h"

#include <stdint.h>

struct cuts;

struct cuts *cuts_new(struct loop *loop);
void cuts_free(struct cuts *cuts); // NULL allowed
// The one that holds this socket (inode; 0: none); `what` is for the log.
void cuts_add(struct cuts *cuts, uint64_t inode, const char *what);
