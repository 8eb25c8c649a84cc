// SPDX-License-Identifier: EUPL-1.2
#include "tests/network.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

void network_own(void)
{
    cr_assert_eq(unshare(CLONE_NEWNET), 0, "no network namespace (root is needed): %s", strerror(errno));
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(ioctl(descriptor, SIOCSIFFLAGS, &lo), 0, "lo: %s", strerror(errno));
    close(descriptor);
}

void network_replace_file(const char *path, const char *content)
{
    cr_assert_eq(unshare(CLONE_NEWNS), 0, "no mount namespace: %s", strerror(errno));
    cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0, "mount: %s", strerror(errno));
    char name[] = "/tmp/pult-test-XXXXXX";
    int descriptor = mkstemp(name);
    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, content, strlen(content)), (ssize_t)strlen(content));
    close(descriptor);
    chmod(name, 0644);
    cr_assert_eq(mount(name, path, NULL, MS_BIND, NULL), 0, "%s: %s", path, strerror(errno));
    unlink(name);
}
