// SPDX-License-Identifier: EUPL-1.2
// Tells whoever started the program that it serves (Type=notify, sd_notify(3)), so that what is ordered after it finds
// it there. The protocol is one datagram, and promised to stay: libsystemd would bring four more libraries for it into
// programs that face the internet.
#pragma once

// Once its ports are open. Where nobody asked for it (NOTIFY_SOCKET), nothing happens.
void readiness_tell(void);
