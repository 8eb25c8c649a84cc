// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/tcp_watch.h"
#include "broker/base/clock.h"

#include <linux/tcp.h> // glibc's has the first half of struct tcp_info
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { GAP_MS = 2500 }; // what is only lost by chance is sent again before

bool tcp_watch_read(int descriptor, struct tcp_reading *reading)
{
    struct tcp_info info;
    socklen_t length = sizeof info;
    memset(&info, 0, sizeof info); // an older kernel says less
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
        return false;
    uint32_t silent_ms =
        info.tcpi_last_data_recv < info.tcpi_last_ack_recv ? info.tcpi_last_data_recv : info.tcpi_last_ack_recv;
    *reading = (struct tcp_reading){silent_ms, (int64_t)info.tcpi_bytes_received, info.tcpi_rcv_ooopack};
    return true;
}

bool tcp_gap_stays(struct tcp_gap *gap, int descriptor)
{
    struct tcp_reading reading;
    int64_t now_ms = clock_steady_ms();
    if (!tcp_watch_read(descriptor, &reading))
        return false;
    if (!gap->since_ms || reading.received != gap->received)
        *gap = (struct tcp_gap){reading.received, reading.out_of_order, now_ms};
    return reading.out_of_order > gap->out_of_order && now_ms - gap->since_ms >= GAP_MS;
}
