// SPDX-License-Identifier: EUPL-1.2
// libwebsockets 4.1 (Debian 12) reads a WebSocket for as long as OpenSSL has more of a TLS record, and also one that
// takes nothing any more because it ends as soon as its last answer is out: round and round, with no way out. Whoever
// has a link could stop the broker that way. (Mended in its 4.3 by c11311ff5, "close wsi rather than spin".) So its
// question is answered here: after the same answer many times, that there is nothing more, until the loop comes round
// again.
#pragma once
#include <stdbool.h>

// Whether libwebsockets asks us. False would be a mistake in how the program was linked.
bool lws_spin_guard_works(void);
