// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/syscall_filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SHARED_MOST = 2 << 20 };

// A group a line.
// clang-format off
static const char *const allowed[] = {
    // Memory
    "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "membarrier", "get_mempolicy", "set_mempolicy", "mbind",
    // Threads, and what they wait for
    "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "gettid", "getpid", "getppid",
    "exit", "exit_group", "wait4", "waitid", "tgkill", "sched_yield", "sched_getaffinity", "sched_setaffinity",
    "sched_getparam", "sched_setparam", "sched_getscheduler", "sched_setscheduler", "sched_get_priority_max",
    "sched_get_priority_min", "getpriority", "setpriority", "getcpu", "restart_syscall", "prctl", "arch_prctl", "execve",
    // Signals
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "rt_sigsuspend", "rt_sigpending", "sigaltstack",
    "signalfd4",
    // Time
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times", "timerfd_create",
    "timerfd_settime", "timerfd_gettime", "setitimer", "getitimer", "alarm",
    // Files: libraries, fonts, and the drives of the desk
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2", "open", "openat",
    "creat", "close", "close_range", "lseek", "stat", "lstat", "fstat", "newfstatat", "statx", "statfs", "fstatfs", "access",
    "faccessat", "faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "fcntl",
    "flock", "dup", "dup2", "dup3", "pipe", "pipe2", "ioctl", "umask", "truncate", "ftruncate", "fallocate", "fadvise64",
    "fsync", "fdatasync", "sendfile", "copy_file_range", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename",
    "renameat", "renameat2", "chmod", "fchmod", "fchmodat", "utime", "utimes", "utimensat", "inotify_init1",
    "inotify_add_watch", "inotify_rm_watch",
    // The X server and the host; other sockets than those of Unix see below
    "connect", "getsockname", "getpeername", "getsockopt", "setsockopt", "sendto", "recvfrom", "sendmsg", "recvmsg",
    "sendmmsg", "recvmmsg", "shutdown", "socketpair", "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2",
    // Servers in the sandbox itself: ALSA has one that mixes
    "bind", "listen", "accept", "accept4",
    // Itself
    "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "getpgrp", "getpgid", "getsid", "capget",
    "uname", "sysinfo", "getrandom", "getrlimit", "getrusage", "prlimit64",
};
// Sound mixed by ALSA, in a namespace of its own; see allow_sound for the one that takes memory.
static const char *const allowed_for_sound[] = {"shmat", "shmdt", "shmctl", "semget", "semop", "semctl", "semtimedop"};
// clang-format on

// What a thread or a process of its own needs, and no new namespace. clone3 hides its flags in memory, where no filter
// can look: libraries take clone then.
static bool allow_clone(scmp_filter_ctx filter)
{
    static const scmp_datum_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                           CLONE_NEWPID | CLONE_NEWNET | 0x80 /* CLONE_NEWTIME */;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces, 0)) ==
           0;
}

static bool allow_unix_sockets(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX)) == 0;
}

// Some exist on other processors only.
static bool allow_list(scmp_filter_ctx filter, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        if (number >= 0 && seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) != 0)
            return false;
    }
    return true;
}

// No limit of a process counts these segments, so they are as small as ALSA's: what is played, some tenths of a second.
static bool allow_sound(scmp_filter_ctx filter)
{
    return allow_list(filter, allowed_for_sound, sizeof allowed_for_sound / sizeof *allowed_for_sound) &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(shmget), 1, SCMP_A1(SCMP_CMP_LE, SHARED_MOST)) == 0;
}

int syscall_filter_open(bool sound, struct fault *why)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int file = memfd_create("syscalls", MFD_CLOEXEC);
    bool made = filter && file >= 0 && allow_list(filter, allowed, sizeof allowed / sizeof *allowed) &&
                allow_clone(filter) && allow_unix_sockets(filter) && (!sound || allow_sound(filter)) &&
                seccomp_export_bpf(filter, file) == 0 && lseek(file, 0, SEEK_SET) == 0;
    if (filter)
        seccomp_release(filter);
    if (made)
        return file;
    if (file >= 0)
        close(file);
    fault_set(why, FAULT_BROKEN, "the viewer's list of system calls cannot be made");
    return -1;
}
