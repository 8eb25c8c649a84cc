// SPDX-License-Identifier: EUPL-1.2
// Who is connected to whom on this machine, by the kernel's word (sock_diag(7), proc(5)).
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SOCKETS_DISPLAYS_MAX = 1024, SOCKETS_DISPLAYS_EACH = 16 }; // of all people, and of one

// The socket at which an X server with xorgxrdp waits for its RDP connection. Anybody may make one of that name; whose
// it is tells the kernel.
struct socket_display {
    int display;
    uid_t uid;
    bool connected; // by somebody else than its owner, who may talk to it as well: by the RDP server
    uint32_t peer;  // inode of the other end, when connected
};

// By display and uid. Returns how many; -1 when the kernel does not say.
int sockets_displays(struct socket_display *list, size_t size);
// The process of this name that has the socket open; 0: none.
pid_t sockets_owner(const char *root, const char *name, uint64_t inode);
bool sockets_holds(const char *root, pid_t pid, uint64_t inode); // that process has it open

struct socket_listener {
    uint64_t inode;
    uint32_t waiting; // connections that nobody has accepted yet
};

// Who listens at this TCP port on any of our addresses.
bool sockets_listener(const char *root, uint16_t port, struct socket_listener *found);
// Who listens at this path, of root: others may have bound a name of theirs there.
bool sockets_listener_at(const char *path, struct socket_listener *found);

// A line of /proc/net/tcp or tcp6.
struct socket_row {
    uint16_t local_port, remote_port;
    unsigned state;
    bool loopback; // its own address
    uint32_t receive_queue;
    uint64_t inode;
};
bool sockets_read_row(const char *line, struct socket_row *row) __attribute__((warn_unused_result));
