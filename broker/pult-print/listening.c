// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/listening.h"
#include "broker/base/address.h"
#include "broker/base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 512 };

static int close_with_error(int descriptor)
{
    int error = errno;
    if (descriptor >= 0)
        close(descriptor);
    errno = error;
    return -1;
}

static int open_at(const char *text, int port)
{
    int on = 1;
    struct sockaddr_storage address;
    errno = EINVAL;
    if (!address_to_listen(&address, text, port))
        return -1;
    int descriptor = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(descriptor, (const struct sockaddr *)&address, sizeof address) == 0 && listen(descriptor, BACKLOG) == 0)
        return descriptor;
    return close_with_error(descriptor);
}

int listening_on_port(const char *address, int port, struct fault *why)
{
    int descriptor = open_at(address, port);
    if (descriptor < 0 && !address[0] && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        descriptor = open_at("0.0.0.0", port);
    if (descriptor < 0)
        fault_set(why, FAULT_UNAVAILABLE, "cannot listen on %s port %d: %s", address, port, strerror(errno));
    return descriptor;
}

int listening_on_path(const char *path, struct fault *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = -1;
    errno = ENAMETOOLONG;
    if (text_copy(address.sun_path, sizeof address.sun_path, path))
        descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unlink(path);
    if (descriptor >= 0 && bind(descriptor, (const struct sockaddr *)&address, sizeof address) == 0 &&
        chmod(path, 0666) == 0 && listen(descriptor, BACKLOG) == 0)
        return descriptor;
    fault_set(why, FAULT_UNAVAILABLE, "cannot listen on %s: %s", path, strerror(errno));
    return close_with_error(descriptor);
}
