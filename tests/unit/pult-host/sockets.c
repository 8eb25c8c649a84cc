// SPDX-License-Identifier: EUPL-1.2
// Whose display is connected, where everybody may make a socket of any name.
#include "broker/pult-host/sockets.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANNA = 10001, BERT = 10002, XRDP = 999 };

static struct socket_display displays[SOCKETS_DISPLAYS_MAX];

// xrdp's folder, as it makes it: for everybody.
static void start(void)
{
    cr_assert(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    cr_assert_eq(mount("run", "/run", "tmpfs", 0, "size=1m"), 0);
    cr_assert(mkdir("/run/xrdp", 0755) == 0 && mkdir("/run/xrdp/sockdir", 0777) == 0);
    cr_assert_eq(chmod("/run/xrdp/sockdir", 03777), 0);
}

TestSuite(sockets, .init = start, .timeout = 30);

// Ends when its parent does; at once, if that is over already.
static void ends_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
}

// Somebody's process that has done it and waits for the end of the test.
static void as(uid_t uid, void (*does)(const char *path), const char *path)
{
    int ready[2];
    char byte;
    pid_t test = getpid();
    cr_assert_eq(pipe(ready), 0);
    if (fork() == 0) {
        close(ready[0]);
        if (setresuid(uid, uid, uid) != 0)
            _exit(1);
        ends_with(test); // a change of the user would undo it
        does(path);
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return address;
}

static void listens(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 5) != 0)
        _exit(1);
    chmod(path, 0777);
    pid_t owner = getpid();
    if (fork() == 0) {
        ends_with(owner);
        for (;;)
            accept(listener, NULL, NULL);
    }
}

static void connects(const char *path)
{
    struct sockaddr_un address = address_of(path);
    if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address) != 0)
        _exit(1);
}

static const struct socket_display *display_of(int display, uid_t uid)
{
    int count = sockets_displays(displays, SOCKETS_DISPLAYS_MAX);
    cr_assert_geq(count, 0);
    for (int i = 0; i < count; i++)
        if (displays[i].display == display && displays[i].uid == uid)
            return &displays[i];
    return NULL;
}

// Until the connection was accepted.
static void is_connected(int display, uid_t uid)
{
    const struct socket_display *one = NULL;
    while (!(one = display_of(display, uid)) || !one->connected)
        usleep(1000);
    cr_assert(one->peer);
}

#define TENTH "/run/xrdp/sockdir/xrdp_display_10"

Test(sockets, one_that_waits_is_not_connected)
{
    as(ANNA, listens, TENTH);
    const struct socket_display *one = display_of(10, ANNA);
    cr_assert(one && !one->connected);
}

Test(sockets, one_is_connected_when_the_rdp_server_is)
{
    as(ANNA, listens, TENTH);
    as(XRDP, connects, TENTH);
    is_connected(10, ANNA);
}

Test(sockets, nobody_can_stand_for_anybody_else)
{
    static const char fake[] = "/run/xrdp/sockdir/mine/xrdp_display_10";
    as(ANNA, listens, TENTH);
    cr_assert(mkdir("/run/xrdp/sockdir/mine", 0777) == 0 && chmod("/run/xrdp/sockdir/mine", 0777) == 0);
    as(BERT, listens, fake);
    as(XRDP, connects, fake);
    is_connected(10, BERT);
    cr_assert_not(display_of(10, ANNA)->connected);
}

Test(sockets, nobody_can_stand_for_the_rdp_server)
{
    as(ANNA, listens, TENTH);
    as(ANNA, connects, TENTH);
    as(ANNA, listens, "/run/xrdp/sockdir/xrdp_display_11");
    as(XRDP, connects, "/run/xrdp/sockdir/xrdp_display_11");
    is_connected(11, ANNA); // the one before was accepted, too: it was asked for earlier
    cr_assert_not(display_of(10, ANNA)->connected);
    as(XRDP, connects, TENTH);
    is_connected(10, ANNA);
}

static void listens_often(const char *path)
{
    char name[64];
    struct sockaddr_un address;
    for (int i = 20; i < 20 + SOCKETS_DISPLAYS_MAX - 100; i++) {
        snprintf(name, sizeof name, "%s%d", path, i);
        address = address_of(name);
        int listener = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0)
            _exit(1);
    }
}

Test(sockets, nobody_can_hide_the_others_behind_many)
{
    as(BERT, listens_often, "/run/xrdp/sockdir/xrdp_display_");
    cr_assert(mkdir("/run/xrdp/sockdir/more", 0777) == 0 && chmod("/run/xrdp/sockdir/more", 0777) == 0);
    as(BERT + 1, listens_often, "/run/xrdp/sockdir/more/xrdp_display_");
    as(ANNA, listens, TENTH);
    as(XRDP, connects, TENTH);
    is_connected(10, ANNA);
}
