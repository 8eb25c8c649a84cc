// SPDX-License-Identifier: EUPL-1.2
// pult-gateway as systemd starts it: nobody in particular, without a capability, its port passed to it.
#include "broker/base/file.h"
#include "tests/folder.h"
#include "tests/network.h"
#include "tests/program.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PORT = 443, PASSED = 3, NOBODY = 65534 };

static char folder[FOLDER_SIZE];

static void set_up(void)
{
    char line[900];
    network_own();
    folder_make(folder, "passed");
    snprintf(line, sizeof line,
             "cd %s && mkdir state && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 "
             "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key -out crt 2>&1 && "
             "cat key crt >state/gateway.pem && echo district/gw >state/gateway.id && "
             "printf 'broker = localhost\\nbroker-ca = %s/crt\\nstate-dir = %s/state\\ncertificate = %s/crt\\n"
             "key = %s/key\\n' >conf && chown -R %d .",
             folder, folder, folder, folder, folder, NOBODY);
    program_shell(line);
}

static void tear_down(void)
{
    folder_remove(folder);
}

TestSuite(passed_port, .init = set_up, .fini = tear_down, .timeout = 120);

static int listen_at_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0 && listen(descriptor, 16) == 0);
    return descriptor;
}

static void become_gateway(int passed)
{
    char program[300], config[FOLDER_SIZE + 8], log[FOLDER_SIZE + 8], own_pid[16];
    snprintf(program, sizeof program, "%s/broker/pult-gateway/pult-gateway", getenv("PULT_BUILD"));
    snprintf(config, sizeof config, "%s/conf", folder);
    snprintf(log, sizeof log, "%s/log", folder);
    snprintf(own_pid, sizeof own_pid, "%d", getpid());
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), STDERR_FILENO);
    if (passed >= 0) {
        dup2(passed, PASSED);
        setenv("LISTEN_PID", own_pid, 1);
        setenv("LISTEN_FDS", "1", 1);
    }
    if (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0)
        execl(program, program, "--config", config, NULL);
    _exit(EXIT_FAILURE);
}

static pid_t start_gateway(int passed)
{
    pid_t pid = fork();
    if (pid == 0)
        become_gateway(passed);
    return pid;
}

static void log_says(const char *words)
{
    char path[FOLDER_SIZE + 8], text[4000];
    struct fault why = {0};
    snprintf(path, sizeof path, "%s/log", folder);
    cr_assert(file_read_text(path, text, sizeof text, &why), "%s", why.text);
    cr_assert(strstr(text, words), "%s", text);
}

// Whoever asks waits in the kernel until it is there. There is no broker, and it says so.
Test(passed_port, whoever_is_passed_the_port_needs_no_right_to_open_it)
{
    char line[200];
    int descriptor = listen_at_port();
    pid_t pid = start_gateway(descriptor);
    close(descriptor);
    snprintf(line, sizeof line,
             "test \"$(curl -s --max-time 60 --cacert %s/crt -o /dev/null -w '%%{http_code}' "
             "https://localhost/healthz)\" = 503",
             folder);
    program_shell(line);
    log_says("listening where systemd does");
    program_stop(pid);
}

Test(passed_port, whoever_is_not_cannot_open_it)
{
    int status;
    pid_t pid = start_gateway(-1);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
    log_says("cannot listen on  port 443: Permission denied");
}

Test(passed_port, what_is_passed_has_to_listen)
{
    int status, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t pid = start_gateway(descriptor);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
    log_says("does not listen for connections");
    close(descriptor);
}
