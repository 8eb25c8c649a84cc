// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/readiness.h"
#include "broker/base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char ready[] = "READY=1";

// A path, or "@" and a name in the kernel's own space. 0: it is neither.
static socklen_t read_socket_name(struct sockaddr_un *to, const char *name)
{
    size_t length = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof to->sun_path)
        return 0;
    to->sun_family = AF_UNIX;
    memcpy(to->sun_path, name, length);
    if (name[0] == '@')
        to->sun_path[0] = 0;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static int send_ready(const char *name)
{
    struct sockaddr_un to = {0};
    socklen_t size = read_socket_name(&to, name);
    int descriptor = size ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    int error = EINVAL;
    if (descriptor >= 0 && sendto(descriptor, ready, strlen(ready), MSG_NOSIGNAL, (struct sockaddr *)&to, size) > 0)
        error = 0;
    else if (size)
        error = errno;
    if (descriptor >= 0)
        close(descriptor);
    return error;
}

void readiness_tell(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    int error = name ? send_ready(name) : 0;
    if (error)
        log_warn("start", "cannot tell systemd that the program serves: %s", strerror(error));
}
