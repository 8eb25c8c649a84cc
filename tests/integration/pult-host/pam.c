// SPDX-License-Identifier: EUPL-1.2
// The real libpam, pam_pult.so and pult-host, without any broker.
#include "broker/api/otp.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "broker/pult-host/pam_protocol.h"
#include "tests/integration/client/fake_broker.h"
#include "tests/program.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *town;
static char conf[128], log_path[128], verifier[128], typed[OTP_TEXT_SIZE + 200];
static struct otp_maker *maker;
static pid_t agent;
static struct program_result said;

static void put(const char *path, mode_t mode, const char *text)
{
    FILE *file = fopen(path, "we");
    cr_assert(file, "%s", path);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static void start_agent(void)
{
    char line[256];
    snprintf(line, sizeof line, "broker/pult-host/pult-host --config %s", conf);
    unlink(verifier);
    agent = program_start(line, log_path);
    for (int i = 0; i < 3000 && access(verifier, F_OK) != 0; i++)
        usleep(10 * 1000);
    cr_assert_eq(access(verifier, F_OK), 0, "no socket");
}

static void stop_agent(void)
{
    program_stop(agent);
}

// A machine with two services: one as pam_pult(8) wants it, and one whose passwords are always right.
static void make_services(void)
{
    char text[1200], check[128];
    const char *build = getenv("PULT_BUILD");
    cr_assert(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    cr_assert_eq(mount("services", "/etc/pam.d", "tmpfs", 0, "size=1m"), 0);
    snprintf(check, sizeof check, "%s/check", town);
    put(check, 0755, "#!/bin/sh\n[ \"$(tr -d '\\0')\" = geheim ]\n");
    snprintf(text, sizeof text,
             "auth [success=1 ignore=ignore default=die] %1$s/broker/pult-host/pam_pult.so socket=%2$s\n"
             "auth required pam_exec.so expose_authtok quiet %3$s\n"
             "auth required pam_permit.so\n"
             "account required %1$s/broker/pult-host/pam_pult.so\n"
             "account required pam_permit.so\nsession required pam_permit.so\n",
             build, verifier, check);
    put("/etc/pam.d/pult-test", 0644, text);
    snprintf(text, sizeof text,
             "auth required pam_permit.so\naccount required %s/broker/pult-host/pam_pult.so\n"
             "account required pam_permit.so\nsession required pam_permit.so\n",
             build);
    put("/etc/pam.d/pult-walk-around", 0644, text);
}

static void make_host(void)
{
    char text[600], path[128], key[OTP_KEY_TEXT_SIZE];
    struct fault why = {0};
    snprintf(path, sizeof path, "%s/state", town);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/broker-otp.secret", town);
    maker = otp_maker_open(path, &why);
    cr_assert(maker, "%s", why.text);
    cr_assert(otp_maker_key(maker, "neustadt/ts1", "", key));
    snprintf(path, sizeof path, "%s/state/otp.key", town);
    put(path, 0600, key);
    snprintf(path, sizeof path, "%s/state/host.id", town);
    put(path, 0600, "neustadt/ts1\n");
    snprintf(text, sizeof text,
             "cp %1$s/tls/desk1.crt %1$s/state/host.crt && cp %1$s/tls/desk1.key %1$s/state/host.key", town);
    program_shell(text);
    snprintf(conf, sizeof conf, "%s/pult-host.conf", town);
    snprintf(text, sizeof text,
             "broker = 127.0.0.1\nbroker-ca = %1$s/tls/ca.crt\nstate-dir = %1$s/state\nrun-dir = %1$s\n"
             "certificate = %1$s/tls/desk1.crt\nsession-keyboard = /bin/true\n",
             town);
    put(conf, 0600, text);
}

static void start(void)
{
    town = fake_town();
    snprintf(verifier, sizeof verifier, "%s/pam.sock", town);
    snprintf(log_path, sizeof log_path, "%s/agent.log", town);
    make_host();
    make_services();
    start_agent();
}

static void stop(void)
{
    stop_agent();
    otp_maker_free(maker);
    umount("/etc/pam.d");
}

TestSuite(pam, .init = start, .fini = stop, .timeout = 60);

static struct otp for_anna(int64_t fence)
{
    struct otp otp = {
        .host = "neustadt/ts1", .user_name = "anna", .fence = fence, .until_ms = clock_wall_ms() + OTP_MS};
    TEXT_PUT(otp.session, "neustadt/s-0123456789abcdef-01234567");
    return otp;
}

// What a person's desk would send as the password.
static const char *password(struct otp otp, const char *behind)
{
    char text[OTP_TEXT_SIZE];
    otp.password_follows = behind != NULL;
    cr_assert(otp_make(maker, "", &otp, text));
    snprintf(typed, sizeof typed, "%s%s%s\n", text, behind ? ":" : "", behind ? behind : "");
    return typed;
}

static bool enters(const char *service, const char *user_name, const char *words)
{
    char line[256];
    snprintf(line, sizeof line, "pamtester %s %s authenticate acct_mgmt setcred open_session", service, user_name);
    program_run(&said, line, words);
    return said.exit_code == 0;
}

#define ENTERS(user_name, words) cr_assert(enters("pult-test", user_name, words), "%s%s", said.out, said.err)
#define STAYS_OUT(user_name, words) cr_assert_not(enters("pult-test", user_name, words), "%s%s", said.out, said.err)

Test(pam, a_one_time_password_opens_once)
{
    ENTERS("anna", password(for_anna(1), NULL));
    STAYS_OUT("anna", typed);
    ENTERS("anna", password(for_anna(1), NULL));
}

Test(pam, nothing_else_opens)
{
    struct otp otp = for_anna(1);
    STAYS_OUT("anna", "geheim\n");
    STAYS_OUT("anna", "\n");
    STAYS_OUT("bert", password(otp, NULL));
    otp.until_ms = clock_wall_ms() - 1000;
    STAYS_OUT("anna", password(otp, NULL));
    otp = for_anna(1);
    TEXT_PUT(otp.host, "neustadt/ts2");
    STAYS_OUT("anna", password(otp, NULL));
    ENTERS("anna", password(for_anna(5), NULL));
    STAYS_OUT("anna", password(for_anna(4), NULL));
    memset(typed, 'P', sizeof typed - 2);
    STAYS_OUT("anna", typed);
}

// As where accounts come from a domain: xrdp from 0.10 on asks about the name that the host gives back for the account.
Test(pam, a_name_with_its_domain_is_the_plain_one_where_both_are_one_account)
{
    char path[128];
    snprintf(path, sizeof path, "%s/passwd", town);
    put(path, 0644,
        "root:x:0:0::/root:/bin/sh\nanna:x:12001:100::/:/bin/sh\nNEUSTADT\\anna:x:12001:100::/:/bin/sh\n"
        "anna@neustadt.example:x:12001:100::/:/bin/sh\nanna@altdorf.example:x:12002:100::/:/bin/sh\n"
        "bert@neustadt.example:x:12003:100::/:/bin/sh\n");
    cr_assert_eq(mount(path, "/etc/passwd", NULL, MS_BIND, NULL), 0);
    ENTERS("anna@neustadt.example", password(for_anna(1), NULL));
    ENTERS("NEUSTADT\\anna", password(for_anna(2), NULL));
    STAYS_OUT("anna@altdorf.example", password(for_anna(3), NULL));
    STAYS_OUT("bert@neustadt.example", password(for_anna(3), NULL));
    struct otp whole = for_anna(4);
    TEXT_PUT(whole.user_name, "anna@neustadt.example");
    ENTERS("anna@neustadt.example", password(whole, NULL));
    umount("/etc/passwd");
}

Test(pam, the_typed_password_behind_it_is_for_the_next_module)
{
    char most[164]; // as many as fit behind it in what xrdp passes on
    cr_assert_eq(OTP_TEXT_SIZE - 1 + 1 + sizeof most - 1, 255);
    ENTERS("anna", password(for_anna(1), "geheim"));
    STAYS_OUT("anna", password(for_anna(1), "falsch"));
    memset(most, 'x', sizeof most - 1);
    most[sizeof most - 1] = 0;
    STAYS_OUT("anna", password(for_anna(1), most));
    STAYS_OUT("anna", password(for_anna(1), ""));
}

Test(pam, a_right_password_does_not_bypass_the_module)
{
    cr_assert_not(enters("pult-walk-around", "anna", "geheim\n"));
    cr_assert(strstr(said.out, "expired") || strstr(said.err, "expired"), "%s%s", said.out, said.err);
}

Test(pam, what_was_used_stays_used_when_the_agent_is_killed)
{
    char used[sizeof typed];
    ENTERS("anna", password(for_anna(7), NULL));
    TEXT_PUT(used, typed);
    kill(agent, SIGKILL);
    stop_agent();
    start_agent();
    STAYS_OUT("anna", used);
    STAYS_OUT("anna", password(for_anna(6), NULL));
    ENTERS("anna", password(for_anna(7), NULL));
}

static int64_t time_outside_ms(int times)
{
    int64_t before_ms = clock_steady_ms();
    for (int i = 0; i < times; i++)
        STAYS_OUT("anna", password(for_anna(1), NULL));
    return clock_steady_ms() - before_ms;
}

// How long that takes is the machine's affair, too; but who waits for no answer waits for no deadline.
Test(pam, an_agent_that_hangs_is_waited_for_and_one_that_is_not_there_is_not)
{
    enum { TIMES = 5 };
    program_freeze(agent);
    int64_t took_ms = time_outside_ms(1);
    kill(agent, SIGCONT);
    cr_assert_geq(took_ms, PAM_DEADLINE_MS);
    stop_agent();
    took_ms = time_outside_ms(TIMES);
    cr_assert_lt(took_ms, TIMES * PAM_DEADLINE_MS, "%lld ms", (long long)took_ms);
    start_agent();
}

// ---- the connection that asks

enum { SESMAN_PORT = 3350 };

struct asking {
    pid_t pid; // at its other end
    int descriptor;
};

// How the session manager is asked: up to xrdp 0.9, and from 0.10 on.
enum way { BY_PORT, BY_SOCKET, WAYS };

static socklen_t sesman_address(enum way way, struct sockaddr_storage *address)
{
    *address = (struct sockaddr_storage){.ss_family = AF_INET};
    if (way == BY_PORT) {
        struct sockaddr_in *internet = (struct sockaddr_in *)address;
        internet->sin_port = htons(SESMAN_PORT);
        internet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof *internet;
    }
    struct sockaddr_un *path = (struct sockaddr_un *)address;
    path->sun_family = AF_UNIX;
    snprintf(path->sun_path, sizeof path->sun_path, "%s/sesman.socket", town);
    unlink(path->sun_path);
    return sizeof *path;
}

// A process of this name has asked the session manager, which this test is: who is started next has the connection.
static struct asking asks(const char *name, enum way way)
{
    struct sockaddr_storage address;
    socklen_t size = sesman_address(way, &address);
    int listener = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    cr_assert(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0);
    pid_t pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0) {
        int own = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, name);
        if (connect(own, (struct sockaddr *)&address, size) != 0 || send(own, "?", 1, 0) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    struct asking asking = {.pid = pid, .descriptor = accept(listener, NULL, NULL)};
    char question = 0;
    cr_assert(asking.descriptor >= 0 && read(asking.descriptor, &question, 1) == 1);
    close(listener);
    return asking;
}

// How it ended: the signal; SIGKILL: of this test, nobody else had ended it.
static int how_it_ends(struct asking *asking)
{
    int status = 0;
    if (waitpid(asking->pid, &status, WNOHANG) == 0) {
        kill(asking->pid, SIGKILL);
        cr_assert_eq(waitpid(asking->pid, &status, 0), asking->pid);
    }
    close(asking->descriptor);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

// Else xrdp shows a logon box of its own.
static void ends_who_asks(const char *name, const char *words, int expected)
{
    for (enum way way = 0; way < WAYS; way++) {
        struct asking asking = asks(name, way);
        STAYS_OUT("anna", words);
        struct pollfd closed = {.fd = asking.descriptor, .events = POLLIN};
        if (expected == SIGTERM)
            cr_expect_eq(poll(&closed, 1, 10000), 1, "%s was not ended", name);
        cr_expect_eq(how_it_ends(&asking), expected, "%s", name);
    }
}

Test(pam, a_connection_is_ended_that_pult_host_is_silent_about)
{
    program_freeze(agent);
    ends_who_asks("xrdp", password(for_anna(1), NULL), SIGTERM);
    kill(agent, SIGCONT);
    stop_agent();
    ends_who_asks("xrdp", password(for_anna(1), NULL), SIGTERM);
    ends_who_asks("xrdp-chansrv", password(for_anna(1), NULL), SIGKILL);
    ends_who_asks("sshd", password(for_anna(1), NULL), SIGKILL);
    start_agent();
}

Test(pam, pult_host_ends_the_connection_of_a_rejected_logon)
{
    ends_who_asks("xrdp", "streng-geheim\n", SIGTERM);
    ends_who_asks("sshd", "streng-geheim\n", SIGKILL);
}

Test(pam, a_connection_is_ended_whose_question_is_none_for_pult_host)
{
    char words[OTP_TEXT_SIZE + 400];
    memset(words, 'x', sizeof words - 2);
    words[sizeof words - 2] = '\n';
    words[sizeof words - 1] = 0;
    stop_agent();
    ends_who_asks("xrdp", words, SIGTERM);
    start_agent();
}

Test(pam, a_connection_that_is_let_in_goes_on)
{
    for (enum way way = 0; way < WAYS; way++) {
        struct asking asking = asks("xrdp", way);
        ENTERS("anna", password(for_anna(way + 1), NULL));
        cr_assert_eq(how_it_ends(&asking), SIGKILL);
    }
}

Test(pam, the_log_tells_no_password)
{
    char line[300];
    ENTERS("anna", password(for_anna(1), "geheim"));
    STAYS_OUT("anna", "streng-geheim\n");
    snprintf(line, sizeof line, "grep -e geheim -e P1\\. -e %.20s %s", typed, log_path);
    program_run(&said, line, NULL);
    cr_assert_eq(said.exit_code, 1, "%s", said.out);
}
