// SPDX-License-Identifier: EUPL-1.2
// RDG_OUT_DATA /remoteDesktopGateway/: RDP programs that speak MS-TSGU in a WebSocket. The token is their cookie; where
// the channel leads the broker says, whatever host they name.
#pragma once
#include "broker/pult-gateway/guest.h"

void way_tsgu_take(struct guest *guest);
