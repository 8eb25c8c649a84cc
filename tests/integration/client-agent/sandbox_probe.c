// SPDX-License-Identifier: EUPL-1.2
// Loaded into the viewer in its sandbox: tries what nobody in there may do, and tells the host what came of it, a line
// each: "what: errno's name", or "what: done".
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHUNK = 1 << 20 };

static FILE *host;

static void tell(const char *what, bool done)
{
    fprintf(host, "%s: %s\n", what, done ? "done" : strerrorname_np(errno));
}

static FILE *dial_host(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/pult/host.sock"};
    int line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(line, (struct sockaddr *)&address, sizeof address) == 0 ? fdopen(line, "w") : NULL;
}

static void fill(const char *path)
{
    static char chunk[CHUNK];
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    int written = 0;
    while (file >= 0 && written < 200 && write(file, chunk, sizeof chunk) == sizeof chunk)
        written++;
    tell(path, written == 200);
    close(file);
    unlink(path);
}

static void list_sound(void)
{
    DIR *nodes = opendir("/dev/snd");
    for (struct dirent *node; nodes && (node = readdir(nodes));)
        if (*node->d_name != '.')
            fprintf(host, "sound: %s\n", node->d_name);
}

__attribute__((constructor)) static void probe(void)
{
    struct rlimit processes = {0};
    if (strcmp(program_invocation_short_name, "xfreerdp3") != 0 || !(host = dial_host()))
        return;
    tell("unshare a user namespace", unshare(CLONE_NEWUSER) == 0);
    tell("clone a user namespace", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) >= 0);
    tell("clone3", syscall(SYS_clone3, NULL, 0) >= 0);
    tell("mount", mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
    tell("trace", ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    tell("socket of the internet", socket(AF_INET, SOCK_STREAM, 0) >= 0);
    tell("socket of netlink", socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
    tell("2 GiB",
         mmap(NULL, (size_t)2 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    tell("16 MiB",
         mmap(NULL, (size_t)16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    tell("memory file", syscall(SYS_memfd_create, "x", 0) >= 0);
    tell("file in /", open("/x", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0);
    fill("/tmp/x");
    fill("/home/viewer/x");
    fill("/dev/shm/x");
    fill("/dev/x");
    tell("shared memory of 64 MiB", shmget(IPC_PRIVATE, (size_t)64 << 20, 0600) >= 0);
    tell("shared memory of 64 KiB", shmget(IPC_PRIVATE, (size_t)64 << 10, 0600) >= 0);
    tell("last when memory is short", open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC) >= 0);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    tell("process", child > 0);
    getrlimit(RLIMIT_NPROC, &processes);
    fprintf(host, "processes: %llu\n", (unsigned long long)processes.rlim_max);
    list_sound();
    fprintf(host, "end\n");
    fclose(host);
}
