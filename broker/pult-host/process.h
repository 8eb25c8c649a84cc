// SPDX-License-Identifier: EUPL-1.2
// Processes of this machine by /proc. What stands there of other people's processes (names, arguments, environment) is
// theirs to choose: hostile.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid, parent;
    uint64_t started; // ticks since boot; with pid it names the process for ever
    char state;
    char name[16];
};

struct process_list {
    struct process *rows; // by pid
    size_t count, capacity;
};

enum { PROCESS_GROUPS_MAX = 32 };

struct process_owner {
    uid_t uid;
    gid_t gid, groups[PROCESS_GROUPS_MAX];
    size_t group_count;
};

// `root` is "/proc", or a test's folder like it.
bool process_read(const char *root, pid_t pid, struct process *process) __attribute__((warn_unused_result));
void process_list_read(struct process_list *list, const char *root); // anew; rows stay the list's
void process_list_drop(struct process_list *list);
const struct process *process_find(const struct process_list *list, pid_t pid); // NULL: none
bool process_owner(const char *root, pid_t pid, struct process_owner *owner) __attribute__((warn_unused_result));
// At most size - 1 bytes of /proc/PID/NAME, with a NUL behind; NULs within stay ("cmdline", "environ"). 0: nothing.
size_t process_file(const char *root, pid_t pid, const char *name, char *bytes, size_t size);
// Whether one of the NUL-ended words begins with `start`; its rest, or NULL.
const char *process_word(const char *bytes, size_t length, const char *start);
// Only if it still is the process that was looked at. False when there is none such.
bool process_signal(const struct process *process, int signal);
// True while it runs; a zombie does not.
bool process_lives(const char *root, const struct process *process);
