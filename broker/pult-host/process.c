// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/process.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

enum { PROCESSES_MAX = 100 * 1000 };

size_t process_file(const char *root, pid_t pid, const char *name, char *bytes, size_t size)
{
    char path[128];
    bytes[0] = 0;
    int length = snprintf(path, sizeof path, "%s/%d/%s", root, (int)pid, name);
    int file = length < (int)sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    size_t total = 0;
    for (ssize_t got; total + 1 < size && (got = read(file, bytes + total, size - 1 - total)) > 0;)
        total += (size_t)got;
    close(file);
    bytes[total] = 0;
    return total;
}

const char *process_word(const char *bytes, size_t length, const char *start)
{
    size_t start_length = strlen(start);
    for (const char *at = bytes; at < bytes + length; at += strnlen(at, (size_t)(bytes + length - at)) + 1)
        if (strncmp(at, start, start_length) == 0)
            return at + start_length;
    return NULL;
}

// proc(5), "stat". The name is in parentheses and may hold parentheses itself.
static bool parse(const char *line, struct process *process)
{
    const char *open = strchr(line, '('), *close = strrchr(line, ')');
    int parent = 0;
    if (!open || !close || close < open || (size_t)(close - open - 1) >= sizeof process->name)
        return false;
    memset(process->name, 0, sizeof process->name);
    memcpy(process->name, open + 1, (size_t)(close - open - 1));
    int found = sscanf(close + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
                       &process->state, &parent, &process->started);
    process->parent = parent;
    return found == 3;
}

bool process_read(const char *root, pid_t pid, struct process *process)
{
    char line[1024];
    process->pid = pid;
    return process_file(root, pid, "stat", line, sizeof line) > 0 && parse(line, process);
}

static int by_pid(const void *a, const void *b)
{
    const struct process *left = a, *right = b;
    return (left->pid > right->pid) - (left->pid < right->pid);
}

void process_list_read(struct process_list *list, const char *root)
{
    list->count = 0;
    DIR *folder = opendir(root);
    if (!folder)
        return;
    for (const struct dirent *entry; list->count < PROCESSES_MAX && (entry = readdir(folder)) != NULL;) {
        struct process process;
        int64_t pid = 0;
        if (!isdigit((unsigned char)entry->d_name[0]) || !text_number(entry->d_name, 1, INT32_MAX, &pid) ||
            !process_read(root, (pid_t)pid, &process))
            continue;
        mem_reserve(&list->rows, &list->capacity, list->count + 1, sizeof *list->rows);
        list->rows[list->count++] = process;
    }
    closedir(folder);
    if (list->count)
        qsort(list->rows, list->count, sizeof *list->rows, by_pid);
}

void process_list_drop(struct process_list *list)
{
    free(list->rows);
    *list = (struct process_list){0};
}

const struct process *process_find(const struct process_list *list, pid_t pid)
{
    struct process wanted = {.pid = pid};
    return list->count ? bsearch(&wanted, list->rows, list->count, sizeof wanted, by_pid) : NULL;
}

static void read_groups(char *words, struct process_owner *owner)
{
    int64_t group = 0;
    for (char *word; owner->group_count < PROCESS_GROUPS_MAX && (word = strsep(&words, " \t")) != NULL;)
        if (*word && text_number(word, 0, UINT32_MAX, &group))
            owner->groups[owner->group_count++] = (gid_t)group;
}

bool process_owner(const char *root, pid_t pid, struct process_owner *owner)
{
    char text[4096];
    unsigned uid = 0, gid = 0;
    if (!process_file(root, pid, "status", text, sizeof text))
        return false;
    const char *uids = strstr(text, "\nUid:"), *gids = strstr(text, "\nGid:"), *groups = strstr(text, "\nGroups:");
    if (!uids || !gids || sscanf(uids, "\nUid: %*u %u", &uid) != 1 || sscanf(gids, "\nGid: %*u %u", &gid) != 1)
        return false;
    owner->uid = uid;
    owner->gid = gid;
    owner->group_count = 0;
    if (groups) {
        char *line = text + (groups - text) + strlen("\nGroups:");
        line[strcspn(line, "\n")] = 0;
        read_groups(line, owner);
    }
    return true;
}

bool process_lives(const char *root, const struct process *process)
{
    struct process now;
    return process_read(root, process->pid, &now) && now.started == process->started && now.state != 'Z' &&
           now.state != 'X';
}

bool process_signal(const struct process *process, int signal)
{
    int handle = pidfd_open(process->pid, 0);
    bool sent = handle >= 0 && process_lives("/proc", process) && pidfd_send_signal(handle, signal, NULL, 0) == 0;
    if (handle >= 0)
        close(handle);
    return sent;
}
