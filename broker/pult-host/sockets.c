// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/sockets.h"
#include "broker/base/text.h"
#include "broker/pult-host/process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TCP_STATE_ESTABLISHED = 1, TCP_STATE_LISTEN = 10 };

// ---- X servers of xrdp

// About one socket; 0: about all of them.
static bool ask_kernel(int netlink, uint32_t inode)
{
    struct {
        struct nlmsghdr head;
        struct unix_diag_req body;
    } question = {
        .head = {.nlmsg_len = sizeof question,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (inode ? 0 : NLM_F_DUMP))},
        .body = {.sdiag_family = AF_UNIX,
                 .udiag_states = 1U << TCP_STATE_ESTABLISHED | 1U << TCP_STATE_LISTEN,
                 .udiag_ino = inode,
                 .udiag_cookie = {UINT32_MAX, UINT32_MAX}, // whichever it is
                 .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_UID},
    };
    return send(netlink, &question, sizeof question, 0) == sizeof question;
}

// The display of a path as ".../xrdp_display_10"; -1: another socket. Anybody may name sockets so, also in xrdp's own
// folder.
static int display_of(const char *path)
{
    static const char start[] = "/run/xrdp/sockdir/", name[] = "xrdp_display_";
    const char *last = strrchr(path, '/');
    int64_t display = -1;
    if (text_starts(path, "/var"))
        path += 4;
    if (!text_starts(path, start) || !last || !text_starts(last + 1, name) ||
        !text_number(last + 1 + strlen(name), 0, 65535, &display))
        return -1;
    return (int)display;
}

struct socket_displays {
    struct socket_display *list;
    size_t count, size;
    int peers; // another netlink socket, to ask about one socket while this one still tells of all; -1: asked about one
};

static void note(struct socket_displays *displays, const struct socket_display *found)
{
    size_t i = 0, theirs = 0;
    for (; i < displays->count; i++) {
        theirs += displays->list[i].uid == found->uid;
        if (displays->list[i].display == found->display && displays->list[i].uid == found->uid)
            break;
    }
    if (i == displays->size || (i == displays->count && theirs == SOCKETS_DISPLAYS_EACH))
        return;
    if (i == displays->count)
        displays->list[displays->count++] = *found;
    else if (found->connected)
        displays->list[i] = *found;
}

static bool attribute_is_whole(const struct rtattr *attribute, uint32_t left)
{
    return left >= sizeof *attribute && attribute->rta_len >= sizeof *attribute && attribute->rta_len <= left;
}

static uid_t owner_of(int netlink, uint32_t inode);

static void read_socket(struct socket_displays *displays, const struct nlmsghdr *message)
{
    const struct unix_diag_msg *body = NLMSG_DATA(message);
    char path[sizeof((struct sockaddr_un *)0)->sun_path + 1] = "";
    struct socket_display found = {.uid = (uid_t)-1};
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof *body))
        return;
    found.connected = body->udiag_state == TCP_STATE_ESTABLISHED;
    uint32_t left = message->nlmsg_len - (uint32_t)NLMSG_LENGTH(sizeof *body);
    for (const struct rtattr *one = (const struct rtattr *)(body + 1); attribute_is_whole(one, left);) {
        size_t length = RTA_PAYLOAD(one);
        if (one->rta_type == UNIX_DIAG_NAME && length < sizeof path) {
            memcpy(path, RTA_DATA(one), length);
            path[length] = 0;
        } else if (one->rta_type == UNIX_DIAG_PEER && length == sizeof found.peer) {
            memcpy(&found.peer, RTA_DATA(one), sizeof found.peer);
        } else if (one->rta_type == UNIX_DIAG_UID && length == sizeof found.uid) {
            memcpy(&found.uid, RTA_DATA(one), sizeof found.uid);
        }
        uint32_t step = RTA_ALIGN(one->rta_len);
        left -= step < left ? step : left;
        one = (const struct rtattr *)((const char *)one + step);
    }
    bool about_one = displays->peers < 0;
    found.display = about_one ? 0 : display_of(path);
    if (found.display < 0)
        return;
    if (!about_one && found.connected && owner_of(displays->peers, found.peer) == found.uid)
        found = (struct socket_display){.display = found.display, .uid = found.uid};
    note(displays, &found);
}

// 1: there is more, 0: that was all, -1: it will not say.
static int read_some(int netlink, struct socket_displays *displays)
{
    _Alignas(struct nlmsghdr) char bytes[32 * 1024];
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
        if (one->nlmsg_type == SOCK_DIAG_BY_FAMILY)
            read_socket(displays, one);
    }
    return 1;
}

// (uid_t)-1: it is gone, or the kernel does not say.
static uid_t owner_of(int netlink, uint32_t inode)
{
    struct socket_display found = {.uid = (uid_t)-1};
    struct socket_displays one = {.list = &found, .size = 1, .peers = -1};
    if (inode && ask_kernel(netlink, inode))
        read_some(netlink, &one);
    return found.uid;
}

static int by_display(const void *a, const void *b)
{
    const struct socket_display *left = a, *right = b;
    if (left->display != right->display)
        return left->display - right->display;
    return left->uid == right->uid ? 0 : left->uid < right->uid ? -1 : 1;
}

int sockets_displays(struct socket_display *list, size_t size)
{
    struct socket_displays displays = {.list = list, .size = size};
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    displays.peers = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    int more = netlink >= 0 && displays.peers >= 0 && ask_kernel(netlink, 0) ? 1 : -1;
    while (more > 0)
        more = read_some(netlink, &displays);
    if (netlink >= 0)
        close(netlink);
    if (displays.peers >= 0)
        close(displays.peers);
    if (displays.count)
        qsort(list, displays.count, sizeof *list, by_display);
    return more < 0 ? -1 : (int)displays.count;
}

// ---- whose socket

static bool has_open(const char *root, pid_t pid, const char *wanted)
{
    char path[128], target[64];
    snprintf(path, sizeof path, "%s/%d/fd", root, (int)pid);
    DIR *folder = opendir(path);
    bool found = false;
    for (const struct dirent *entry; folder && !found && (entry = readdir(folder)) != NULL;) {
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
        target[length > 0 ? length : 0] = 0;
        found = text_equal(target, wanted);
    }
    if (folder)
        closedir(folder);
    return found;
}

bool sockets_holds(const char *root, pid_t pid, uint64_t inode)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "socket:[%" PRIu64 "]", inode);
    return inode && has_open(root, pid, wanted);
}

pid_t sockets_owner(const char *root, const char *name, uint64_t inode)
{
    struct process_list list = {0};
    char wanted[64];
    pid_t owner = 0;
    snprintf(wanted, sizeof wanted, "socket:[%" PRIu64 "]", inode);
    process_list_read(&list, root);
    for (size_t i = 0; inode && !owner && i < list.count; i++)
        if (text_equal(list.rows[i].name, name) && has_open(root, list.rows[i].pid, wanted))
            owner = list.rows[i].pid;
    process_list_drop(&list);
    return owner;
}

// ---- TCP

// proc_net_tcp: "sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode". Addresses
// are hexadecimal, in the machine's byte order word by word.
bool sockets_read_row(const char *line, struct socket_row *row)
{
    char address[33];
    unsigned local = 0, remote = 0;
    int found = sscanf(
        line, " %*d: %32[0-9A-Fa-f]:%4x %*32[0-9A-Fa-f]:%4x %2x %*8x:%8" SCNx32 " %*2x:%*8x %*8x %*u %*u %" SCNu64,
        address, &local, &remote, &row->state, &row->receive_queue, &row->inode);
    size_t length = found == 6 ? strlen(address) : 0;
    if (length != 8 && length != 32)
        return false;
    row->local_port = (uint16_t)local;
    row->remote_port = (uint16_t)remote;
    const char *last = address + length - 8;
    row->loopback = strcasecmp(last, "0100007F") == 0 || strcasecmp(address, "00000000000000000000000001000000") == 0;
    return true;
}

typedef bool row_fits(const struct socket_row *row, uint16_t port);

static bool find_row(const char *root, row_fits *fits, uint16_t port, struct socket_row *found)
{
    static const char *const files[] = {"net/tcp", "net/tcp6"};
    char path[128], line[512];
    bool is = false;
    for (size_t i = 0; !is && i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", root, files[i]);
        FILE *file = fopen(path, "re");
        while (file && !is && fgets(line, sizeof line, file))
            is = sockets_read_row(line, found) && fits(found, port);
        if (file)
            fclose(file);
    }
    return is;
}

static bool is_client(const struct socket_row *row, uint16_t port)
{
    return row->state == TCP_STATE_ESTABLISHED && row->local_port == port && row->loopback;
}

static bool listens(const struct socket_row *row, uint16_t port)
{
    return row->state == TCP_STATE_LISTEN && row->local_port == port;
}

uint64_t sockets_of_port(const char *root, uint16_t port)
{
    struct socket_row row;
    return find_row(root, is_client, port, &row) ? row.inode : 0;
}

int sockets_unaccepted(const char *root, uint16_t port)
{
    struct socket_row row;
    return find_row(root, listens, port, &row) ? (int)row.receive_queue : -1;
}
