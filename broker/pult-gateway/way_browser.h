// SPDX-License-Identifier: EUPL-1.2
// GET /v1/browser: the RDP client in a browser, by RDCleanPath in a WebSocket. The TLS of the session ends here, so the
// page needs no password of the session host: the gateway corrects what the client says first, and logs its person on.
#pragma once
#include "broker/pult-gateway/guest.h"

void way_browser_take(struct guest *guest);
