// SPDX-License-Identifier: EUPL-1.2
// The port where any RDP program of the hall comes: it hears who is there (rdp_logon), asks the broker, and sends the
// program to itself once more with a token (MS-RDPBCGR 2.2.13). By that the second connection finds its channel; the
// token goes in the clear, so whoever comes with it has to show the same name and password as at first.
#pragma once
#include "broker/base/fault.h"
#include "broker/pult-gateway/guest_room.h"

struct front_door;
struct unproven_table;

// `port`: which one it is in the table. NULL with why.
struct front_door *front_door_new(struct guest_room *room, struct unproven_table *unproven, int port, size_t open_max,
                                  struct fault *why);
void front_door_free(struct front_door *door); // after its guests; NULL allowed
