// SPDX-License-Identifier: EUPL-1.2
#include "tests/started.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_MS = 60 * 1000 };

struct started started_listen(void)
{
    struct started started = {.descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t size = sizeof name.sun_family; // the kernel chooses
    cr_assert_eq(bind(started.descriptor, (struct sockaddr *)&name, size), 0);
    size = sizeof name;
    cr_assert_eq(getsockname(started.descriptor, (struct sockaddr *)&name, &size), 0);
    name.sun_path[size - offsetof(struct sockaddr_un, sun_path)] = 0;
    name.sun_path[0] = '@';
    setenv("NOTIFY_SOCKET", name.sun_path, 1);
    return started;
}

bool started_says_ready(struct started *started)
{
    char said[64] = "";
    struct pollfd one = {.fd = started->descriptor, .events = POLLIN};
    if (poll(&one, 1, PATIENCE_MS) == 1)
        recv(started->descriptor, said, sizeof said - 1, 0);
    close(started->descriptor);
    unsetenv("NOTIFY_SOCKET");
    return text_equal(said, "READY=1");
}
