// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/tcp_watch.h"

#include <linux/tcp.h> // glibc's has the first half of struct tcp_info
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

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
