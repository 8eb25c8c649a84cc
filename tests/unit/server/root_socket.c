// SPDX-License-Identifier: EUPL-1.2
// Root asks, nobody else is answered.
#include "broker/server/root_socket.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[FOLDER_SIZE];
static struct loop *loop;
static struct root_socket *root_socket;
static struct root_request *kept;

static void say_hello(void *arg, struct root_request *request)
{
    root_request_answer(request, true, arg);
}

static void refuse(void *arg, struct root_request *request)
{
    (void)arg;
    root_request_answer(request, false, "not today");
}

static void answer_kept(void *arg)
{
    (void)arg;
    root_request_answer(kept, true, "later");
}

static void keep(void *arg, struct root_request *request)
{
    kept = request;
    loop_post(loop, answer_kept, arg);
}

static const struct root_command_row rows[] = {{"hello", say_hello}, {"refuse", refuse}, {"keep", keep}, {NULL, NULL}};

static void start(void)
{
    struct fault why = {0};
    static char hello[] = "hello, root";
    folder_make(folder, "root-socket");
    loop = loop_new();
    root_socket = root_socket_open(loop, folder, rows, hello, &why);
    cr_assert(root_socket, "%s", why.text);
}

static void stop(void)
{
    root_socket_free(root_socket);
    loop_free(loop);
    folder_remove(folder);
}

TestSuite(root_socket, .init = start, .fini = stop, .timeout = 60);

static void child_ended(void *arg)
{
    loop_stop(arg);
}

// A process that asks while this one answers: 0 when it got `expected` as its answer, 1 when it was refused so.
static int ask_as(uid_t user, const char *word, const char *expected)
{
    int status = 0;
    loop_on_signal(loop, SIGCHLD, child_ended, loop);
    pid_t pid = fork();
    if (pid == 0) {
        struct fault why = {0};
        char line[ROOT_LINE_SIZE];
        if (setuid(user) != 0)
            _exit(3);
        bool answered = root_socket_ask(folder, word, line, &why);
        _exit(strcmp(answered ? line : why.text, expected) != 0 ? 2 : answered ? 0 : 1);
    }
    loop_run(loop);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

Test(root_socket, answers_root_at_once_and_later)
{
    cr_assert_eq(ask_as(0, "hello", "hello, root"), 0);
    cr_assert_eq(ask_as(0, "keep", "later"), 0);
}

Test(root_socket, says_why_not)
{
    cr_assert_eq(ask_as(0, "refuse", "the broker that runs here says: not today"), 1);
    cr_assert_eq(
        ask_as(0, "unheard-of", "the broker that runs here says: this broker does not know what it was asked for"), 1);
}

Test(root_socket, answers_nobody_else_even_who_can_open_it)
{
    char path[FOLDER_SIZE + 20];
    snprintf(path, sizeof path, "%s/root.socket", folder);
    chmod(folder, 0755);
    cr_assert_eq(chmod(path, 0666), 0);
    cr_assert_eq(ask_as(65534, "hello", "the broker that runs here answers root alone"), 1);
    cr_assert_eq(ask_as(0, "hello", "hello, root"), 0);
}

Test(root_socket, of_a_broker_that_has_ended_is_as_good_as_none)
{
    struct fault why = {0};
    char line[ROOT_LINE_SIZE];
    root_socket_free(root_socket);
    root_socket = NULL;
    cr_assert_not(root_socket_ask(folder, "hello", line, &why));
    cr_assert_eq(why.kind, FAULT_ABSENT, "%s", why.text);
    root_socket = root_socket_open(loop, folder, rows, NULL, &why);
    cr_assert(root_socket, "it lies in the way: %s", why.text);
}
