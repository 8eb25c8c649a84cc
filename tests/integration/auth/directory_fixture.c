// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/auth/directory_fixture.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "tests/network.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN_MAX = 16 };

// libldap loses 8 KiB for each authority file, see auth/ldap_tls.c; everything else is ours to free.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:gnutls_priority_init\n";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

struct loop *fixture_loop;
char fixture_folder[64];
static pid_t children[CHILDREN_MAX];
static size_t child_count;

void fixture_begin(void)
{
    network_own();
    text_put(fixture_folder, sizeof fixture_folder, "/tmp/pult-auth-XXXXXX");
    cr_assert(mkdtemp(fixture_folder));
    fixture_loop = loop_new();
}

void fixture_end(void)
{
    for (size_t i = 0; i < child_count; i++)
        slapd_kill(children[i]);
    const char *const remove[] = {"/bin/rm", "-rf", fixture_folder, NULL};
    waitpid(fixture_start(remove), NULL, 0);
    loop_free(fixture_loop);
}

pid_t fixture_start(const char *const *arguments)
{
    pid_t pid = fork();
    if (pid == 0) { // no cr_assert here: Criterion would be told of it by a stranger, and wait for ever
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(arguments[0], (char *const *)arguments);
        _exit(127);
    }
    cr_assert_gt(pid, 0);
    cr_assert_lt(child_count, CHILDREN_MAX);
    children[child_count++] = pid;
    return pid;
}

static bool port_open(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool open = connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0;
    close(descriptor);
    return open;
}

void await_port(int port)
{
    int64_t until_ms = clock_steady_ms() + 20000;
    while (!port_open(port)) {
        cr_assert_lt(clock_steady_ms(), until_ms, "nothing answers on port %d", port);
        usleep(5000);
    }
}

pid_t slapd_start(const char *name, int port, int people)
{
    return slapd_start_with(name, port, people, NULL, NULL);
}

pid_t slapd_start_with(const char *name, int port, int people, const char *version, const char *group)
{
    char dir[128], suffix[64], port_text[16], people_text[16];
    snprintf(dir, sizeof dir, "%s/%s", fixture_folder, name);
    snprintf(suffix, sizeof suffix, "dc=%s", name);
    snprintf(port_text, sizeof port_text, "%d", port);
    snprintf(people_text, sizeof people_text, "%d", people);
    const char *const arguments[] = {
        "tests/integration/auth/serve-slapd", dir, suffix, port_text, people_text, version, group, NULL};
    pid_t pid = fixture_start(arguments);
    await_port(port + 1);
    return pid;
}

void slapd_kill(pid_t pid)
{
    for (size_t i = 0; i < child_count; i++) {
        if (children[i] != pid || pid == 0)
            continue;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        children[i] = 0;
    }
}

static void write_file(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "w");
    cr_assert(file);
    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

void tenant_trusts(const char *tenant, const char *of)
{
    char path[256], authority[8192];
    snprintf(path, sizeof path, "%s/%s/ca.pem", fixture_folder, of);
    FILE *file = fopen(path, "r");
    cr_assert(file);
    size_t length = fread(authority, 1, sizeof authority, file);
    fclose(file);
    snprintf(path, sizeof path, "%s/%s.ca.pem", fixture_folder, tenant);
    write_file(path, authority, length);
    snprintf(path, sizeof path, "%s/%s.password", fixture_folder, tenant);
    write_file(path, "pult-geheim\n", 12);
}

struct tenant tenant_of(const char *id, const char *of, const char *servers)
{
    struct tenant tenant = {.directory = DIRECTORY_OPENLDAP};
    TEXT_PUT(tenant.id, id);
    TEXT_PUT(tenant.servers, servers);
    snprintf(tenant.user_base, sizeof tenant.user_base, "dc=%s", of);
    snprintf(tenant.bind_dn, sizeof tenant.bind_dn, "cn=pult,dc=%s", of);
    return tenant;
}

struct auth *auth_start(int64_t deadline_ms)
{
    struct directory_config config = {.credentials_dir = fixture_folder, .deadline_ms = deadline_ms};
    return auth_new(fixture_loop, &config);
}

static void answered(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct answer *answer = arg;
    cr_assert_not(answer->came, "answered twice");
    cr_assert_eq(identity != NULL, verdict == AUTH_RIGHT);
    answer->came = true;
    answer->verdict = verdict;
    answer->after_ms = clock_steady_ms() - answer->asked_ms;
    for (size_t i = 0; identity && i < identity->group_count && i < 32; i++)
        TEXT_PUT(answer->groups[i], identity->groups[i]);
    if (identity) {
        TEXT_PUT(answer->user_name, identity->user_name);
        TEXT_PUT(answer->key, identity->key);
        TEXT_PUT(answer->name, identity->name);
        answer->group_count = identity->group_count;
        answer->locked = identity->locked;
    }
    if (answer->missing && --*answer->missing == 0)
        loop_stop(fixture_loop);
}

static struct secret secret_of(const char *text)
{
    struct secret secret;
    cr_assert(secret_set(&secret, text, strlen(text)));
    return secret;
}

void ask_check(struct auth *auth, const struct tenant *tenant, const char *name, const char *password,
               struct answer *answer)
{
    struct auth_port port = auth_port(auth);
    owned(secret) struct secret secret = secret_of(password);
    *answer = (struct answer){.asked_ms = clock_steady_ms()};
    port.check(port.self, tenant, name, &secret, answered, answer);
    cr_assert_not(answer->came, "answered from within the call");
}

static void stop_loop(void *arg)
{
    (void)arg;
    loop_stop(fixture_loop);
}

void run_for(int64_t wait_ms)
{
    struct loop_timer *timer = loop_timer_new(fixture_loop, stop_loop, NULL);
    loop_timer_start(timer, wait_ms);
    loop_run(fixture_loop);
    loop_timer_free(timer);
}

void await_answers(struct answer *answers, size_t count, int64_t wait_ms)
{
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        missing += !answers[i].came;
        answers[i].missing = &missing;
    }
    if (missing > 0)
        run_for(wait_ms);
    cr_assert_eq(missing, 0, "%zu of %zu answers did not come", missing, count);
}

struct answer check(struct auth *auth, const struct tenant *tenant, const char *name, const char *password)
{
    struct answer answer;
    ask_check(auth, tenant, name, password, &answer);
    await_answers(&answer, 1, 20000);
    return answer;
}

struct answer look_up(struct auth *auth, const struct tenant *tenant, const char *name)
{
    struct auth_port port = auth_port(auth);
    struct answer answer = {.asked_ms = clock_steady_ms()};
    port.look_up(port.self, tenant, name, answered, &answer);
    await_answers(&answer, 1, 20000);
    return answer;
}

struct answer change(struct auth *auth, const struct tenant *tenant, const char *name, const char *old_password,
                     const char *new_password)
{
    struct auth_port port = auth_port(auth);
    struct answer answer = {.asked_ms = clock_steady_ms()};
    owned(secret) struct secret old = secret_of(old_password), new = secret_of(new_password);
    port.change(port.self, tenant, name, &old, &new, answered, &answer);
    await_answers(&answer, 1, 20000);
    return answer;
}

bool is_in(const struct answer *answer, const char *group)
{
    for (size_t i = 0; i < answer->group_count && i < 32; i++)
        if (text_equal(answer->groups[i], group))
            return true;
    return false;
}

// ---- A look at a directory

static struct check_step steps[64];
static size_t step_count;

static void examined(void *arg, const struct check_step *rows, size_t count)
{
    cr_assert_lt(count, 64);
    memcpy(steps, rows, count * sizeof *rows);
    step_count = count;
    *(bool *)arg = true;
    loop_stop(fixture_loop);
}

void examine(struct auth *auth, const struct tenant *tenant, const char *name)
{
    struct auth_port port = auth_port(auth);
    bool came = false;
    cr_assert(port.examine(port.self, tenant, name, examined, &came));
    cr_assert_not(came, "answered from within the call");
    run_for(20000);
    cr_assert(came);
}

void expect_step(enum check_step_kind kind, enum check_state state, const char *text)
{
    for (size_t i = 0; i < step_count; i++)
        if (steps[i].step == kind && steps[i].state == state && strstr(steps[i].text, text))
            return;
    for (size_t i = 0; i < step_count; i++)
        cr_log_warn("%d %d %s", (int)steps[i].step, (int)steps[i].state, steps[i].text);
    cr_assert_fail("no step %d in state %d with \"%s\"", kind, state, text);
}

void expect_no_failure(void)
{
    for (size_t i = 0; i < step_count; i++)
        cr_expect(steps[i].state == CHECK_OK || steps[i].state == CHECK_SKIPPED, "%s", steps[i].text);
}

static void person_explained(void *arg, enum auth_verdict verdict, enum person_finding finding,
                             const struct identity *identity)
{
    struct answer *answer = arg;
    answer->finding = finding;
    answered(answer, verdict, identity);
}

struct answer explain(struct auth *auth, const struct tenant *tenant, const char *name)
{
    struct auth_port port = auth_port(auth);
    struct answer answer = {.asked_ms = clock_steady_ms()};
    port.explain(port.self, tenant, name, person_explained, &answer);
    await_answers(&answer, 1, 20000);
    return answer;
}

struct found_group {
    enum group_standing standing;
    char *dn;
};

static void group_answered(void *arg, enum group_standing standing, const char *dn)
{
    struct found_group *found = arg;
    found->standing = standing;
    text_put(found->dn, DN_SIZE, dn);
    loop_stop(fixture_loop);
}

enum group_standing find_group(struct auth *auth, const struct tenant *tenant, const char *group, char dn[DN_SIZE])
{
    struct auth_port port = auth_port(auth);
    struct found_group found = {.standing = GROUP_UNKNOWN, .dn = dn};
    text_put(dn, DN_SIZE, "not answered");
    port.find_group(port.self, tenant, group, group_answered, &found);
    cr_assert_str_eq(dn, "not answered", "answered from within the call");
    run_for(20000);
    cr_assert_str_neq(dn, "not answered");
    return found.standing;
}

void slapd_modify(const char *name, int port, const char *ldif)
{
    char path[128], uri[64], root[64], authority[128];
    snprintf(path, sizeof path, "%s/change.ldif", fixture_folder);
    snprintf(authority, sizeof authority, "LDAPTLS_CACERT=%s/%s/ca.pem", fixture_folder, name);
    snprintf(uri, sizeof uri, "ldaps://127.0.0.1:%d", port + 1);
    snprintf(root, sizeof root, "cn=root,dc=%s", name);
    write_file(path, ldif, strlen(ldif));
    int status = 1;
    const char *const change[] = {"/usr/bin/env", "-u", "LDAPNOINIT", authority,     "ldapmodify", "-x", "-H", uri,
                                  "-D",           root, "-w",         "root-geheim", "-f",         path, NULL};
    waitpid(fixture_start(change), &status, 0);
    cr_assert_eq(status, 0, "%s", ldif);
}
