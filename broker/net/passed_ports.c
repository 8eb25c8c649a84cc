// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/passed_ports.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PASSED_FIRST = 3, DECIMAL = 10 };

static long number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, DECIMAL) : 0;
}

static bool does_listen(int descriptor)
{
    int does = 0;
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &does, &(socklen_t){sizeof does}) == 0 && does &&
           fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 && fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0;
}

bool passed_ports_take(int descriptors[PASSED_PORTS_MAX], int *count, struct fault *why)
{
    long passed = number_of("LISTEN_PID") == getpid() ? number_of("LISTEN_FDS") : 0;
    *count = 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (passed < 0 || passed > PASSED_PORTS_MAX)
        return fault_set(why, FAULT_INVALID, "systemd passes %ld ports; there can be %d", passed, PASSED_PORTS_MAX);
    for (int i = 0; i < (int)passed; i++) {
        descriptors[i] = PASSED_FIRST + i;
        if (!does_listen(descriptors[i]))
            return fault_set(why, FAULT_INVALID, "port %d of those that systemd passes does not listen for connections",
                             i + 1);
    }
    *count = (int)passed;
    return true;
}
