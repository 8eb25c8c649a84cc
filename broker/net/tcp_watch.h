// SPDX-License-Identifier: EUPL-1.2
// What the kernel knows of a connection: how long nothing at all has come from the other side, be it an answer to a
// keep-alive, and whether what comes has a gap.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct tcp_reading {
    int64_t silent_ms;    // since the last byte or acknowledgement
    int64_t received;     // bytes, in order
    int64_t out_of_order; // packets that came behind a gap, ever
};

// Packets are lost for good: something came behind a gap, and nothing has filled it for seconds. Looked at once in a
// while; begins zeroed.
struct tcp_gap {
    int64_t received, out_of_order, since_ms;
};
bool tcp_gap_stays(struct tcp_gap *gap, int descriptor);

bool tcp_watch_read(int descriptor, struct tcp_reading *reading); // false: it is no TCP connection
