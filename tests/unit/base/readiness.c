// SPDX-License-Identifier: EUPL-1.2
// What systemd is told, and that nothing else is needed to start.
#include "broker/base/readiness.h"
#include "tests/folder.h"
#include "tests/started.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

Test(readiness, is_told_to_a_socket_of_the_kernel)
{
    struct started started = started_listen();
    readiness_tell();
    cr_assert(started_says_ready(&started));
}

Test(readiness, is_told_to_a_socket_in_a_folder)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char folder[FOLDER_SIZE], said[64] = "";
    folder_make(folder, "readiness");
    snprintf(name.sun_path, sizeof name.sun_path, "%s/notify", folder);
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(descriptor, (struct sockaddr *)&name, sizeof name), 0);
    setenv("NOTIFY_SOCKET", name.sun_path, 1);
    readiness_tell();
    cr_assert_gt(recv(descriptor, said, sizeof said - 1, MSG_DONTWAIT), 0);
    cr_assert_str_eq(said, "READY=1");
    close(descriptor);
    folder_remove(folder);
}

Test(readiness, needs_nobody_who_asks)
{
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = 0;
    const char *const names[] = {"", "/", "@", "vsock:2:1", "/nowhere/notify", longer};
    unsetenv("NOTIFY_SOCKET");
    readiness_tell();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        readiness_tell();
    }
}
