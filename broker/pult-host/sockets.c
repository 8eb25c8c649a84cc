// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/sockets.h"
#include "broker/base/text.h"
#include "broker/pult-host/process.h"
#include "broker/pult-host/unix_sockets.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TCP_STATE_ESTABLISHED = 1, TCP_STATE_LISTEN = 10 };

// ---- X servers of xrdp

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
    int peers; // another netlink socket, to ask about one while the first still tells of all
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

static uid_t owner_of(int netlink, uint32_t inode)
{
    struct unix_socket found;
    return unix_sockets_find(netlink, inode, &found) ? found.uid : (uid_t)-1;
}

static void add_display(void *arg, const struct unix_socket *one)
{
    struct socket_displays *displays = arg;
    struct socket_display found = {.display = display_of(one->path), .uid = one->uid};
    if (found.display < 0)
        return;
    found.connected = !one->listens && owner_of(displays->peers, one->peer) != one->uid;
    found.peer = found.connected ? one->peer : 0;
    note(displays, &found);
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
    struct socket_displays displays = {.list = list, .size = size, .peers = unix_sockets_open()};
    int netlink = unix_sockets_open();
    bool told = displays.peers >= 0 && unix_sockets_ask(netlink, 0, add_display, &displays);
    if (netlink >= 0)
        close(netlink);
    if (displays.peers >= 0)
        close(displays.peers);
    if (displays.count)
        qsort(list, displays.count, sizeof *list, by_display);
    return told ? (int)displays.count : -1;
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

static bool listens(const struct socket_row *row, uint16_t port)
{
    return row->state == TCP_STATE_LISTEN && row->local_port == port;
}

bool sockets_listener(const char *root, uint16_t port, struct socket_listener *found)
{
    struct socket_row row;
    bool is_there = find_row(root, listens, port, &row);
    *found = (struct socket_listener){0};
    if (is_there)
        *found = (struct socket_listener){.inode = row.inode, .waiting = row.receive_queue};
    return is_there;
}

struct path_listener {
    const char *path;
    struct socket_listener found;
};

static void find_listener(void *arg, const struct unix_socket *one)
{
    struct path_listener *wanted = arg;
    if (one->listens && one->uid == 0 && text_equal(one->path, wanted->path))
        wanted->found = (struct socket_listener){.inode = one->inode, .waiting = one->waiting};
}

bool sockets_listener_at(const char *path, struct socket_listener *found)
{
    struct path_listener wanted = {.path = path};
    int netlink = unix_sockets_open();
    unix_sockets_ask(netlink, 0, find_listener, &wanted);
    if (netlink >= 0)
        close(netlink);
    *found = wanted.found;
    return found->inode != 0;
}
