// SPDX-License-Identifier: EUPL-1.2
// How long nobody has touched anything, asked of a real X server; and of one that hangs.
#include "broker/pult-host/idle.h"
#include "tests/network.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Abstract sockets belong to the network, which is our own; the path in /tmp is everybody's.
enum { DISPLAY_FIRST = 500, DISPLAYS = 400, TURN_MS = 50, TURNS_MAX = 300 };

static struct loop *loop;
static struct idle *idle;
static struct xrdp_session session;
static pid_t server;

static void write_cookie(void)
{
    // Family "wild", no address, no number; name and cookie with their lengths.
    static const char bytes[] = "\xff\xff\0\0\0\0\0\x12MIT-MAGIC-COOKIE-1\0\x10"
                                "0123456789abcdef";
    FILE *file = fopen(session.cookies, "we");
    cr_assert(file && fwrite(bytes, sizeof bytes - 1, 1, file) == 1);
    fclose(file);
}

static void run_server(void)
{
    char display[16];
    snprintf(display, sizeof display, ":%d", session.display);
    server = fork();
    if (server != 0) {
        cr_assert_gt(server, 0);
        return;
    }
    if (setresgid(session.owner.gid, session.owner.gid, session.owner.gid) != 0 ||
        setresuid(session.owner.uid, session.owner.uid, session.owner.uid) != 0)
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execlp("Xvfb", "Xvfb", display, "-auth", session.cookies, "-nolisten", "tcp", "-screen", "0", "64x64x8", NULL);
    _exit(127);
}

static void start(void)
{
    network_own();
    loop = loop_new();
    session.display = DISPLAY_FIRST + getpid() % DISPLAYS;
    session.owner.uid = getuid();
    session.owner.gid = getgid();
    snprintf(session.cookies, sizeof session.cookies, "/tmp/pult-idle-%d", getpid());
    write_cookie();
    run_server();
    idle = idle_new(loop, &session);
}

static void finish(void)
{
    kill(server, SIGCONT);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    idle_free(idle);
    loop_free(loop);
    unlink(session.cookies);
}

TestSuite(idle, .init = start, .fini = finish);

static void stop_loop(void *arg)
{
    loop_stop(arg);
}

static void turn(void)
{
    struct loop_timer *timer = loop_timer_new(loop, stop_loop, loop);
    loop_timer_start(timer, TURN_MS);
    loop_run(loop);
    loop_timer_free(timer);
}

// The server may take a while to start; after a failure it is asked again only much later.
static void await_server(void)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/.X11-unix/X%d", session.display);
    for (int i = 0; i < TURNS_MAX && access(path, F_OK) != 0; i++)
        turn();
    cr_assert_eq(access(path, F_OK), 0, "Xvfb does not start");
}

static void await_idle(bool known)
{
    for (int i = 0; i < TURNS_MAX && (idle_s(idle) > 0) != known; i++) {
        idle_ask(idle);
        turn();
    }
    cr_assert_eq(idle_s(idle) > 0, known);
}

static void be_of_somebody_with_a_full_home(void)
{
    static const uid_t somebody = 54321;
    network_own();
    loop = loop_new();
    session.display = DISPLAY_FIRST + getpid() % DISPLAYS;
    session.owner.uid = somebody;
    session.owner.gid = somebody;
    snprintf(session.cookies, sizeof session.cookies, "/tmp/pult-idle-%d", getpid());
    fclose(fopen(session.cookies, "we"));
    run_server();
    idle = idle_new(loop, &session);
}

TestSuite(idle_of_full_home, .init = be_of_somebody_with_a_full_home, .fini = finish);

// Whether their X server lets this account look at what it shows.
static bool admits(uid_t uid)
{
    char display[16];
    int status = -1;
    snprintf(display, sizeof display, ":%d", session.display);
    pid_t child = fork();
    if (child == 0) {
        if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
            _exit(126);
        execlp("env", "env", "-u", "XAUTHORITY", "HOME=/nonexistent", "xprop", "-display", display, "-root", NULL);
        _exit(126);
    }
    cr_assert(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) != 126);
    return WEXITSTATUS(status) == 0;
}

// Their X server knows no cookie, and admits everybody on the host until it is told otherwise.
Test(idle_of_full_home, is_told_without_a_cookie_and_nobody_else_may_look)
{
    await_server();
    await_idle(true);
    cr_assert_eq(getuid() + geteuid(), 0, "only the thread that dials was the person");
    cr_assert(admits(session.owner.uid));
    cr_assert_not(admits(session.owner.uid + 1));
    cr_assert_not(admits(0));
}

Test(idle, is_told_by_the_server_and_not_known_when_that_hangs)
{
    await_server();
    await_idle(true);
    program_freeze(server);
    // Whoever is at work there must not be locked because nobody can ask any more.
    await_idle(false);
}
