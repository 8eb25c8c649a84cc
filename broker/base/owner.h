// SPDX-License-Identifier: EUPL-1.2
// For a program that root starts by hand on what belongs to a service's user.
#pragma once
#include "broker/base/fault.h"

// When root runs this process, it is the owner of `folder` from here on, with all their groups and nothing of root's:
// what it can read they can, and what it writes is theirs. Nothing changes for others, where the folder is root's own,
// or where there is none.
bool owner_become(const char *folder, struct fault *why) __attribute__((warn_unused_result));
