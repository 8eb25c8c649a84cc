// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/openapi.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/secrecy.h"
#include "broker/broker.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2 };

enum action { ACTION_RUN, ACTION_CHECK, ACTION_INIT, ACTION_ACCEPT };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
    {"init", no_argument, NULL, 'i'},         {"accept-backup", no_argument, NULL, 'a'},
    {"openapi", no_argument, NULL, 'o'},      {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0},
};

static void usage(FILE *out)
{
    fputs("usage: pult-broker [-c FILE] [--check | --init | --accept-backup]\n"
          "  -c, --config FILE  configuration, usually /etc/pult/pult-broker.conf\n"
          "      --check        say what is wrong with the configuration, and end\n"
          "      --init         first start: make journal and device CA, print the first administrator's token\n"
          "      --accept-backup\n"
          "                     after a restore: go on with the journal as it stands, and write down what it lacks\n"
          "      --openapi      print the description of the API (OpenAPI 3.1), and end\n"
          "      --version, --help\n",
          out);
}

static int print_openapi(void)
{
    owned(text) struct text text = {0};
    openapi_print(&text);
    return puts(text.bytes) >= 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_REFUSED;
}

// A descriptor per device, and some.
static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < 131072 ? files.rlim_max : 131072;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int act(enum action action, const char *path)
{
    struct broker_config config;
    struct fault why = {0};
    if (!broker_config_load(path, &config))
        return EXIT_REFUSED;
    bool done = false;
    switch (action) {
    case ACTION_CHECK:
        done = broker_config_check_machine(path, &config);
        if (done)
            printf("%s: fine\n", path);
        return done ? EXIT_SUCCESS : EXIT_REFUSED;
    case ACTION_INIT:
        done = broker_init(&config, &why);
        break;
    case ACTION_ACCEPT:
        done = broker_accept_backup(&config, &why);
        break;
    case ACTION_RUN:
        done = broker_config_check_machine(path, &config) && broker_run(&config, &why);
        break;
    }
    if (!done && why.kind != FAULT_NONE)
        log_error("broker", "%s", why.text);
    return done ? EXIT_SUCCESS : EXIT_REFUSED;
}

int main(int argc, char **argv)
{
    const char *path = "/etc/pult/pult-broker.conf";
    enum action action = ACTION_RUN;
    secrecy_keep();
    umask(077); // no file that others may read
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    for (int option; (option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1;) {
        if (option == 'c') {
            path = optarg;
        } else if (option == 'k') {
            action = ACTION_CHECK;
        } else if (option == 'i') {
            action = ACTION_INIT;
        } else if (option == 'a') {
            action = ACTION_ACCEPT;
        } else if (option == 'o') {
            return print_openapi();
        } else if (option == 'V') {
            puts("pult-broker " PULT_VERSION);
            return EXIT_SUCCESS;
        } else {
            usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
        }
    }
    if (optind < argc) {
        usage(stderr);
        return EXIT_USAGE;
    }
    return act(action, path);
}
