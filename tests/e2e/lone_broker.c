// SPDX-License-Identifier: EUPL-1.2
#include "tests/e2e/lone_broker.h"
#include "tests/integration/client/fake_broker.h"
#include "tests/started.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lone_broker lone;

static char line[512];

void lone_write(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", lone.town, name);
    FILE *file = fopen(path, "we");
    cr_assert(file, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void make_folder(const char *name, const char *variable)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", lone.town, name);
    mkdir(path, 0700);
    if (variable)
        setenv(variable, path, 1);
}

static const char config_text[] = "listen-address = 127.0.0.1\n"
                                  "certificate = %1$s/tls/broker.crt\nkey = %1$s/tls/broker.key\n"
                                  "data-dir = %1$s/data\ncredentials-dir = %1$s/credentials\n";

void lone_broker_configure(const char *more)
{
    char form[1024], text[2048];
    snprintf(form, sizeof form, "%s%s", config_text, more);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, form, lone.town);
#pragma GCC diagnostic pop
    lone_write("broker.conf", text);
    snprintf(lone.conf, sizeof lone.conf, "%s/broker.conf", lone.town);
}

int lone_broker_runs(const char *words)
{
    snprintf(line, sizeof line, "broker/pult-broker -c %s%s%s", lone.conf, *words ? " " : "", words);
    program_run(&lone.said, line, NULL);
    return lone.said.exit_code;
}

void lone_broker_start(void)
{
    char log[200];
    struct started started = started_listen();
    snprintf(line, sizeof line, "broker/pult-broker -c %s", lone.conf);
    snprintf(log, sizeof log, "%s/broker.log", lone.town);
    lone.pid = program_start(line, log);
    setenv("PULT_BROKER", "127.0.0.1", 1);
    cr_assert(started_says_ready(&started), "%s", log);
    program_run(&lone.said, "openssl s_client -connect 127.0.0.1:8443", "");
    cr_assert_eq(lone.said.exit_code, 0, "it said that it serves: %s", lone.said.err);
}

void lone_broker_stop(void)
{
    if (lone.pid)
        program_stop(lone.pid);
    lone.pid = 0;
}

void lone_broker_open(const char *more)
{
    char path[200];
    lone.town = fake_town();
    make_folder("data", NULL);
    make_folder("credentials", NULL);
    make_folder("run", "XDG_RUNTIME_DIR");
    make_folder("settings", "XDG_CONFIG_HOME");
    snprintf(path, sizeof path, "%s/tls/ca.crt", lone.town);
    setenv("PULT_CA", path, 1);
    unsetenv("PULT_TOKEN_FILE");
    setenv("LC_ALL", "C", 1);
    lone_broker_configure(more);
    cr_assert_eq(lone_broker_runs("--init"), 0, "%s", lone.said.err);
    snprintf(lone.token, sizeof lone.token, "%.250s", lone.said.out);
    lone_broker_start();
}

void lone_broker_close(void)
{
    lone_broker_stop();
}

int lone_pultctl(const char *words, const char *input)
{
    snprintf(line, sizeof line, "admin-tool/pultctl %s", words);
    program_run(&lone.said, line, input);
    return lone.said.exit_code;
}

void lone_must(const char *words, const char *input)
{
    cr_assert_eq(lone_pultctl(words, input), 0, "pultctl %s\n%s%s", words, lone.said.out, lone.said.err);
}

bool lone_shows(const char *part)
{
    return strstr(lone.said.out, part);
}

bool lone_logs(const char *part)
{
    char path[200];
    static char text[256 * 1024];
    snprintf(path, sizeof path, "%s/broker.log", lone.town);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = 0;
    return strstr(text, part);
}

void lone_soon_logs(const char *part)
{
    for (int i = 0; i < 1200 && !lone_logs(part); i++)
        usleep(50 * 1000);
    cr_assert(lone_logs(part), "the broker's log does not say: %s", part);
}
