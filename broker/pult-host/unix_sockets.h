// SPDX-License-Identifier: EUPL-1.2
// What the kernel tells of Unix stream sockets that have a name or a peer (sock_diag(7)). Used in pam_pult.so as well,
// so it stands on libc alone.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

struct unix_socket {
    uint32_t inode, peer; // peer 0: none, or it has gone
    bool listens;
    uint32_t waiting; // of one that listens: connections that nobody has accepted yet
    uid_t uid;        // who made it
    char path[sizeof((struct sockaddr_un *)0)->sun_path + 1]; // hostile: anybody may choose it; "": it has none
};

typedef void unix_socket_seen(void *arg, const struct unix_socket *one);

int unix_sockets_open(void); // -1: the kernel has no answers
// About one socket by its inode, or (0) about all that listen or are connected. False when the kernel does not say.
bool unix_sockets_ask(int netlink, uint32_t inode, unix_socket_seen *seen, void *arg);
// About one; false when there is none such.
bool unix_sockets_find(int netlink, uint32_t inode, struct unix_socket *found);
