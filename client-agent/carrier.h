// SPDX-License-Identifier: EUPL-1.2
// Whether the desk's own network cable has a connection: the kernel's word (netlink), there at once.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

struct carrier;

typedef void carrier_changed(void *arg, bool is_there);

// `changed` never comes from within. NULL with a fault when the kernel cannot be asked.
struct carrier *carrier_new(struct loop *loop, carrier_changed *changed, void *arg, struct fault *why);
void carrier_free(struct carrier *carrier); // NULL allowed
// The interface that this connection goes by is the one that counts from now on. Before: any at all.
void carrier_follow(struct carrier *carrier, int descriptor);
