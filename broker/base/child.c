// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/child.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRACE_MS = 2000, FREE_MS = 1000, OUT_OF_THE_WAY = 100 };

struct child {
    pid_t pid;
    int handle; // pidfd, -1 when it has ended
    struct loop_watch *watch;
    struct loop_timer *grace;
    bool asked; // to end
    child_ended *ended;
    void *arg;
};

bool account_find(struct account *account, const char *name, struct fault *why)
{
    struct passwd entry, *found = NULL;
    char room[4096];
    if (getpwnam_r(name, &entry, room, sizeof room, &found) != 0 || !found)
        return fault_set(why, FAULT_ABSENT, "unknown user \"%.60s\" on this machine", name);
    int count = ACCOUNT_GROUPS_MAX;
    if (getgrouplist(name, entry.pw_gid, account->groups, &count) < 0)
        return fault_set(why, FAULT_INVALID, "the user \"%.60s\" is in too many groups", name);
    account->uid = entry.pw_uid;
    account->gid = entry.pw_gid;
    account->group_count = (size_t)count;
    return true;
}

// ---- in the new process, where only async-signal-safe calls are allowed

static bool become_account(const struct account *account)
{
    return setgroups(account->group_count, account->groups) == 0 &&
           setresgid(account->gid, account->gid, account->gid) == 0 &&
           setresuid(account->uid, account->uid, account->uid) == 0;
}

// Before the change of user, after which the file is root's.
static bool go_first(void)
{
    static const char most[] = "1000";
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    return file >= 0 && write(file, most, sizeof most - 1) == sizeof most - 1;
}

static bool set_limits(const struct child_plan *plan)
{
    for (size_t i = 0; i < plan->limit_count; i++) {
        struct rlimit limit = {plan->limits[i].most, plan->limits[i].most};
        if (setrlimit((__rlimit_resource_t)plan->limits[i].resource, &limit) != 0)
            return false;
    }
    return true;
}

// Targets are low numbers that a source may have too: first all sources go up, then down to their places.
static bool place_descriptors(const struct child_plan *plan, int nothing)
{
    int from[3 + CHILD_PASS_MAX] = {plan->input, plan->output, plan->output};
    int count = 3 + (int)plan->pass_count;
    memcpy(from + 3, plan->pass, plan->pass_count * sizeof *from);
    for (int i = 0; i < count; i++) {
        from[i] = fcntl(from[i] < 0 ? nothing : from[i], F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
        if (from[i] < 0)
            return false;
    }
    for (int i = 0; i < count; i++)
        if (dup2(from[i], i) < 0)
            return false;
    return close_range((unsigned)count, ~0U, 0) == 0;
}

static void run_program(const struct child_plan *plan, int nothing, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    if (plan->no_network && unshare(CLONE_NEWNET) != 0)
        return;
    if (plan->goes_first && !go_first())
        return;
    if (plan->account && !become_account(plan->account))
        return;
    // After the change of user, which would clear it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || !place_descriptors(plan, nothing) || !set_limits(plan))
        return;
    execve(plan->arguments[0], (char *const *)(uintptr_t)plan->arguments, (char *const *)(uintptr_t)plan->environment);
}

// ---- in the agent

static int collect_status(struct child *child)
{
    int status = 0;
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    loop_watch_free(take(child->watch));
    close(child->handle);
    child->handle = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void child_over(void *arg, bool readable, bool writable)
{
    struct child *child = arg;
    (void)readable;
    (void)writable;
    int status = collect_status(child);
    loop_timer_stop(child->grace);
    child->ended(child->arg, status);
}

static void grace_is_over(void *arg)
{
    struct child *child = arg;
    if (child->handle >= 0)
        kill(child->pid, SIGKILL);
}

static pid_t fork_and_run(const struct child_plan *plan)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_t parent = getpid();
    pid_t pid = nothing < 0 ? -1 : fork();
    if (pid == 0) {
        run_program(plan, nothing, parent);
        _exit(CHILD_NOT_STARTED);
    }
    if (nothing >= 0)
        close(nothing);
    return pid;
}

struct child *child_start(struct loop *loop, const struct child_plan *plan, child_ended *ended, void *arg,
                          struct fault *why)
{
    assert(plan->pass_count <= CHILD_PASS_MAX);
    pid_t pid = fork_and_run(plan);
    if (pid < 0) {
        fault_set(why, FAULT_UNAVAILABLE, "cannot start %s: %s", plan->arguments[0], strerror(errno));
        return NULL;
    }
    struct child *child = mem_new(1, sizeof *child);
    child->pid = pid;
    child->handle = pidfd_open(pid, 0);
    assert(child->handle >= 0);
    child->ended = ended;
    child->arg = arg;
    child->grace = loop_timer_new(loop, grace_is_over, child);
    child->watch = loop_watch_new(loop, child->handle, child_over, child);
    loop_watch_set(child->watch, true, false);
    return child;
}

void child_end(struct child *child)
{
    if (child->handle < 0 || child->asked)
        return;
    child->asked = true;
    kill(child->pid, SIGTERM);
    loop_timer_start(child->grace, GRACE_MS);
}

void child_free(struct child *child)
{
    if (!child)
        return;
    if (child->handle >= 0) {
        struct pollfd over = {.fd = child->handle, .events = POLLIN};
        kill(child->pid, SIGTERM);
        // An X server must get the time to hand back its terminal.
        if (poll(&over, 1, FREE_MS) != 1)
            kill(child->pid, SIGKILL);
        collect_status(child);
    }
    loop_timer_free(child->grace);
    free(child);
}
