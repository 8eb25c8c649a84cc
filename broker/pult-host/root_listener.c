// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/root_listener.h"
#include "broker/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

int root_listener_open(const char *path, struct fault *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (length >= (int)sizeof address.sun_path) {
        fault_set(why, FAULT_INVALID, "%s: too long for a socket", path);
        return -1;
    }
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(path);
    mode_t before = umask(0177);
    bool fine = listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                listen(listener, BACKLOG) == 0;
    umask(before);
    if (fine)
        return listener;
    fault_set(why, FAULT_UNAVAILABLE, "%s: %s", path, strerror(errno));
    if (listener >= 0)
        close(listener);
    return -1;
}

int root_listener_accept(int listener, pid_t *pid)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t size = sizeof who;
    int one = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (one < 0)
        return -1;
    if (getsockopt(one, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || who.uid != 0) {
        log_warn("socket", "rejected connection from unprivileged peer");
        close(one);
        return -1;
    }
    if (pid)
        *pid = who.pid;
    return one;
}
