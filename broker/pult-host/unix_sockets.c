// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/unix_sockets.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

enum { STATE_ESTABLISHED = 1, STATE_LISTEN = 10 };

int unix_sockets_open(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

static bool send_question(int netlink, uint32_t inode)
{
    struct {
        struct nlmsghdr head;
        struct unix_diag_req body;
    } question = {
        .head = {.nlmsg_len = sizeof question,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (inode ? 0 : NLM_F_DUMP))},
        .body = {.sdiag_family = AF_UNIX,
                 .udiag_states = 1U << STATE_ESTABLISHED | 1U << STATE_LISTEN,
                 .udiag_ino = inode,
                 .udiag_cookie = {UINT32_MAX, UINT32_MAX}, // whichever it is
                 .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_UID | UDIAG_SHOW_RQLEN},
    };
    return send(netlink, &question, sizeof question, 0) == sizeof question;
}

static bool attribute_is_whole(const struct rtattr *attribute, uint32_t left)
{
    return left >= sizeof *attribute && attribute->rta_len >= sizeof *attribute && attribute->rta_len <= left;
}

static void read_attribute(struct unix_socket *one, const struct rtattr *attribute)
{
    size_t length = RTA_PAYLOAD(attribute);
    struct unix_diag_rqlen queues;
    if (attribute->rta_type == UNIX_DIAG_NAME && length < sizeof one->path) {
        memcpy(one->path, RTA_DATA(attribute), length);
        one->path[length] = 0;
    } else if (attribute->rta_type == UNIX_DIAG_PEER && length == sizeof one->peer) {
        memcpy(&one->peer, RTA_DATA(attribute), sizeof one->peer);
    } else if (attribute->rta_type == UNIX_DIAG_UID && length == sizeof one->uid) {
        memcpy(&one->uid, RTA_DATA(attribute), sizeof one->uid);
    } else if (attribute->rta_type == UNIX_DIAG_RQLEN && length == sizeof queues) {
        memcpy(&queues, RTA_DATA(attribute), sizeof queues);
        one->waiting = queues.udiag_rqueue;
    }
}

static bool read_socket(struct unix_socket *one, const struct nlmsghdr *message)
{
    const struct unix_diag_msg *body = NLMSG_DATA(message);
    *one = (struct unix_socket){.uid = (uid_t)-1};
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof *body) || body->udiag_type != SOCK_STREAM)
        return false;
    one->inode = body->udiag_ino;
    one->listens = body->udiag_state == STATE_LISTEN;
    uint32_t left = message->nlmsg_len - (uint32_t)NLMSG_LENGTH(sizeof *body);
    for (const struct rtattr *at = (const struct rtattr *)(body + 1); attribute_is_whole(at, left);) {
        read_attribute(one, at);
        uint32_t step = RTA_ALIGN(at->rta_len);
        left -= step < left ? step : left;
        at = (const struct rtattr *)((const char *)at + step);
    }
    return true;
}

// 1: there may be more, 0: that was all, -1: it will not say.
static int read_some(int netlink, unix_socket_seen *seen, void *arg)
{
    _Alignas(struct nlmsghdr) char bytes[32 * 1024];
    struct unix_socket found;
    ssize_t got = recv(netlink, bytes, sizeof bytes, 0);
    if (got < 0)
        return errno == EINTR ? 1 : -1;
    unsigned left = (unsigned)got;
    for (const struct nlmsghdr *one = (const struct nlmsghdr *)bytes; NLMSG_OK(one, left);
         one = NLMSG_NEXT(one, left)) {
        if (one->nlmsg_type == NLMSG_DONE)
            return 0;
        if (one->nlmsg_type == NLMSG_ERROR)
            return -1;
        if (one->nlmsg_type == SOCK_DIAG_BY_FAMILY && read_socket(&found, one))
            seen(arg, &found);
    }
    return 1;
}

bool unix_sockets_ask(int netlink, uint32_t inode, unix_socket_seen *seen, void *arg)
{
    int more = netlink >= 0 && send_question(netlink, inode) ? 1 : -1;
    while (more > 0) {
        more = read_some(netlink, seen, arg);
        if (inode && more > 0) // one answer, and nothing behind it
            break;
    }
    return more >= 0;
}

static void keep_it(void *arg, const struct unix_socket *one)
{
    struct unix_socket *found = arg;
    *found = *one;
}

bool unix_sockets_find(int netlink, uint32_t inode, struct unix_socket *found)
{
    *found = (struct unix_socket){.uid = (uid_t)-1};
    return inode && unix_sockets_ask(netlink, inode, keep_it, found) && found->inode == inode;
}
