// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/openapi.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/owner.h"
#include "broker/base/secrecy.h"
#include "broker/broker.h"
#include "broker/broker_restore.h"
#include "broker/machine_check.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2 };

enum action { ACTION_RUN, ACTION_CHECK, ACTION_INIT, ACTION_ACCEPT, ACTION_FIRST_TOKEN, ACTION_RESTORE };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", no_argument, NULL, 'k'},
    {"init", no_argument, NULL, 'i'},
    {"accept-backup", no_argument, NULL, 'a'},
    {"restore", required_argument, NULL, 'r'},
    {"recovery-key", required_argument, NULL, 'y'},
    {"openapi", no_argument, NULL, 'o'},
    {"first-token", no_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void usage(FILE *out)
{
    fputs("usage: pult-broker [-c FILE] [--check | --init | --first-token | --accept-backup]\n"
          "       pult-broker [-c FILE] --restore BACKUP --recovery-key KEY\n"
          "  -c, --config FILE  configuration, usually /etc/pult/pult-broker.conf\n"
          "      --check        say what is wrong with the configuration, and end\n"
          "      --init         first start: make journal and device CA, print the first administrator's token\n"
          "      --first-token  print another such token; for root, when no administrator can log on\n"
          "      --restore BACKUP --recovery-key KEY\n"
          "                     on a new machine: take configuration, journal, keys and credentials from a back-up\n"
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

static bool check(const char *path, const struct broker_config *config)
{
    bool fine = machine_check(path, config);
    fine = machine_check_ports(path, config) && fine;
    if (fine)
        printf("%s: fine\n", path);
    return fine;
}

static bool take_action(enum action action, const char *path, const struct broker_config *config, struct fault *why)
{
    switch (action) {
    case ACTION_CHECK:
        return check(path, config);
    case ACTION_INIT:
        return broker_init(config, why);
    case ACTION_FIRST_TOKEN:
        return broker_first_token(config, why);
    case ACTION_ACCEPT:
        return broker_accept_backup(config, why);
    case ACTION_RESTORE: // there may be no configuration yet
        break;
    case ACTION_RUN:
        return machine_check(path, config) && broker_run(config, why);
    }
    return false;
}

static int act(enum action action, const char *path)
{
    struct broker_config config;
    struct fault why = {0};
    if (!broker_config_load(path, &config))
        return EXIT_REFUSED;
    // The broker's files stay its user's, whoever starts it. To one that runs root speaks as root.
    bool done = (action == ACTION_FIRST_TOKEN || owner_become(config.data_dir, &why)) &&
                take_action(action, path, &config, &why);
    if (!done && why.kind != FAULT_NONE)
        log_error("broker", "%s", why.text);
    return done ? EXIT_SUCCESS : EXIT_REFUSED;
}

static int restore(const char *path, const char *backup, const char *key)
{
    struct fault why = {0};
    if (!backup || !key) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (broker_restore(path, backup, key, &why))
        return EXIT_SUCCESS;
    log_error("backup", "%s", why.text);
    return EXIT_REFUSED;
}

int main(int argc, char **argv)
{
    const char *path = "/etc/pult/pult-broker.conf";
    const char *backup = NULL, *key = NULL;
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
        } else if (option == 'f') {
            action = ACTION_FIRST_TOKEN;
        } else if (option == 'a') {
            action = ACTION_ACCEPT;
        } else if (option == 'r') {
            action = ACTION_RESTORE;
            backup = optarg;
        } else if (option == 'y') {
            key = optarg;
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
    return action == ACTION_RESTORE ? restore(path, backup, key) : act(action, path);
}
