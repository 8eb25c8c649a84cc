// SPDX-License-Identifier: EUPL-1.2
// Netlink only says that something has changed; what is so now is looked up.
#include "client-agent/carrier.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct carrier {
    int netlink, control; // control: to ask for an interface's flags
    struct loop_watch *watch;
    struct loop_timer *soon;     // whoever asked is told later
    char interface[IF_NAMESIZE]; // "": not known yet
    bool is_there;
    carrier_changed *changed;
    void *arg;
};

static bool runs(const struct carrier *carrier, const char *interface)
{
    struct ifreq request = {.ifr_flags = 0};
    TEXT_PUT(request.ifr_name, interface);
    bool known = ioctl(carrier->control, SIOCGIFFLAGS, &request) == 0;
    return known && (request.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
}

static bool any_runs(void)
{
    struct ifaddrs *all = NULL;
    bool found = getifaddrs(&all) != 0; // who cannot know does not blame the cable
    for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next)
        found = !(one->ifa_flags & IFF_LOOPBACK) && one->ifa_flags & IFF_UP && one->ifa_flags & IFF_RUNNING;
    freeifaddrs(all);
    return found;
}

static void look_again(void *arg)
{
    struct carrier *carrier = arg;
    bool is_there = carrier->interface[0] ? runs(carrier, carrier->interface) : any_runs();
    if (is_there == carrier->is_there)
        return;
    carrier->is_there = is_there;
    log_info("carrier", "%s: the cable %s", carrier->interface[0] ? carrier->interface : "all interfaces",
             is_there ? "has a connection" : "has no connection");
    carrier->changed(carrier->arg, is_there);
}

static void heard_of_change(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct carrier *carrier = arg;
    char bytes[8192];
    while (recv(carrier->netlink, bytes, sizeof bytes, MSG_DONTWAIT) > 0 || errno == ENOBUFS)
        errno = 0;
    look_again(carrier);
}

struct carrier *carrier_new(struct loop *loop, carrier_changed *changed, void *arg, struct fault *why)
{
    struct sockaddr_nl links = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    struct carrier *carrier = mem_new(1, sizeof *carrier);
    carrier->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    carrier->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    carrier->soon = loop_timer_new(loop, look_again, carrier);
    carrier->is_there = true;
    carrier->changed = changed;
    carrier->arg = arg;
    if (carrier->netlink < 0 || carrier->control < 0 ||
        bind(carrier->netlink, (struct sockaddr *)&links, sizeof links) != 0) {
        fault_set(why, FAULT_UNAVAILABLE, "netlink: %s", strerror(errno));
        carrier_free(carrier);
        return NULL;
    }
    carrier->watch = loop_watch_new(loop, carrier->netlink, heard_of_change, carrier);
    loop_watch_set(carrier->watch, true, false);
    loop_timer_start(carrier->soon, 0);
    return carrier;
}

void carrier_free(struct carrier *carrier)
{
    if (!carrier)
        return;
    loop_watch_free(carrier->watch);
    loop_timer_free(carrier->soon);
    if (carrier->netlink >= 0)
        close(carrier->netlink);
    if (carrier->control >= 0)
        close(carrier->control);
    free(carrier);
}

static bool is_address(const struct sockaddr *one, const struct sockaddr_storage *other)
{
    const struct sockaddr_in *v4 = (const void *)other;
    const struct sockaddr_in6 *v6 = (const void *)other;
    if (!one || one->sa_family != other->ss_family)
        return false;
    if (one->sa_family == AF_INET)
        return memcmp(&((const struct sockaddr_in *)(const void *)one)->sin_addr, &v4->sin_addr, 4) == 0;
    return one->sa_family == AF_INET6 &&
           memcmp(&((const struct sockaddr_in6 *)(const void *)one)->sin6_addr, &v6->sin6_addr, 16) == 0;
}

void carrier_follow(struct carrier *carrier, int descriptor)
{
    struct sockaddr_storage own = {0};
    socklen_t length = sizeof own;
    struct ifaddrs *all = NULL;
    if (getsockname(descriptor, (struct sockaddr *)&own, &length) != 0 || getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *one = all; one; one = one->ifa_next)
        if (is_address(one->ifa_addr, &own))
            TEXT_PUT(carrier->interface, one->ifa_name);
    freeifaddrs(all);
    loop_timer_start(carrier->soon, 0);
}
