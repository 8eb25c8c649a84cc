// SPDX-License-Identifier: EUPL-1.2
// Opens a TCP connection: looks up the name and tries its addresses as RFC 8305 has it: the next one after a quarter of
// a second, or at once when one fails, and the first that answers wins. A descriptor is non-blocking and the
// receiver's; keep-alive is set so that a pulled cable shows within 15 s. The faults are sentences: "cannot connect to
// port 3389: Connection refused".
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "broker/net/resolver.h"

struct dial;

// A descriptor, or -1 with a fault. Comes once, never from within dial_new.
typedef void dial_done(void *arg, int descriptor, const struct fault *why);

// `name` may be an address. `resolver` remembers names, and outlives the dial; NULL: the name server is asked each
// time.
struct dial *dial_new(struct loop *loop, struct resolver *resolver, const char *name, int port, int64_t deadline_ms,
                      dial_done *done, void *arg);
// Only addresses of which `may` says so are tried: by the one that is connected to, so that no answer of a name server
// leads elsewhere. At once after dial_new.
typedef bool dial_may(void *arg, const struct sockaddr *address);
void dial_restrict(struct dial *dial, dial_may *may, void *arg);
// Neither side sends packets of more than some 500 bytes, instead of 1,200: for a way on which those are lost. Before
// the loop goes on. Whoever has learned that of a way believes it for SMALL_PACKETS_MS: ways change.
enum { SMALL_PACKETS_MS = 60 * 60 * 1000 };
void dial_use_small_packets(struct dial *dial);
// `done` does not come any more. Also from `done`. NULL allowed.
void dial_free(struct dial *dial);

// The same in a thread that may block, where looking up the name takes its own time. -1 with why.
int dial_now(const char *name, int port, int64_t deadline_ms, struct fault *why);

// Other times for a connection that is quiet for long: it is asked after `idle_s` (0: never), and ends when that, or
// what was sent, is not answered in time.
void dial_watch_over(int descriptor, int idle_s, int every_s, int64_t unanswered_ms);
