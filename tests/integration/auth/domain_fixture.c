// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/auth/domain_fixture.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "tests/network.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void domain_start(void)
{
    domain_start_with(0);
}

void domain_start_with(int people)
{
    enum { MADE_MS = 40000, PERSON_MS = 100 }; // it is made once
    char path[256], people_text[16];
    network_replace_file("/etc/hosts", "127.0.0.1 localhost dir.burgstadt.example\n");
    snprintf(path, sizeof path, "%s/krb5.conf", fixture_folder);
    setenv("KRB5_CONFIG", path, 1);
    setenv("KRB5RCACHEDIR", fixture_folder, 1);
    snprintf(people_text, sizeof people_text, "%d", people);
    const char *const arguments[] = {"tests/integration/auth/serve-domain", fixture_folder, people_text, NULL};
    fixture_start(arguments);
    snprintf(path, sizeof path, "%s/domain/ready", fixture_folder);
    int64_t until_ms = clock_steady_ms() + MADE_MS + people * PERSON_MS;
    while (access(path, F_OK) != 0) {
        cr_assert_lt(clock_steady_ms(), until_ms, "no domain controller: %s/domain/logs", fixture_folder);
        usleep(5000);
    }
}

static bool link_of(const char *pid, const char *name, char *to, size_t size)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    ssize_t length = readlink(path, to, size - 1);
    to[length > 0 ? length : 0] = 0;
    return length > 0;
}

// It alone is called so in this network.
static void tell(pid_t pid, int signal)
{
    if (signal == SIGSTOP)
        program_freeze(pid);
    else
        cr_assert_eq(kill(pid, signal), 0);
}

void domain_signal(int signal)
{
    char ours[64], theirs[64], program[256];
    DIR *processes = opendir("/proc");
    size_t told = 0;
    cr_assert(processes && link_of("self", "ns/net", ours, sizeof ours));
    for (struct dirent *one; (one = readdir(processes));) {
        int pid = atoi(one->d_name);
        if (pid <= 1 || !link_of(one->d_name, "ns/net", theirs, sizeof theirs) || !text_equal(ours, theirs) ||
            !link_of(one->d_name, "exe", program, sizeof program) || !strstr(program, "/samba"))
            continue;
        tell(pid, signal);
        told++;
    }
    closedir(processes);
    cr_assert_gt(told, 0, "no domain controller runs");
}

struct tenant domain_tenant(void)
{
    struct tenant tenant = {.id = "burgstadt",
                            .directory = DIRECTORY_ACTIVE_DIRECTORY,
                            .servers = "ldaps://dir.burgstadt.example",
                            .user_base = "ou=people,dc=burgstadt,dc=example",
                            .group_base = "ou=groups,dc=burgstadt,dc=example",
                            .bind_method = BIND_METHOD_KERBEROS,
                            .bind_dn = "pult@BURGSTADT.EXAMPLE",
                            .realm = "BURGSTADT.EXAMPLE"};
    return tenant;
}
