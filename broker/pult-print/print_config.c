// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/print_config.h"
#include "broker/base/log.h"
#include "broker/client/credential.h"

#include <stddef.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct print_config, member), .size = sizeof(((struct print_config *)0)->member)

// A row a line.
// clang-format off
const struct conf_row print_config_rows[] = {
    {.key = "broker", .type = CONF_TEXT, AT(broker), .sentence = "host name of the broker, as in its certificate; empty: as the enrolment token said"},
    {.key = "broker-port", .type = CONF_NUMBER, AT(broker_port), .min = 1, .max = 65535, .preset = "8443", .sentence = "the broker's public port, used to enrol"},
    {.key = "device-port", .type = CONF_NUMBER, AT(device_port), .min = 1, .max = 65535, .preset = "8444", .sentence = "the broker's port for machines that are enrolled"},
    {.key = "broker-ca", .type = CONF_PATH, AT(broker_ca), .preset = "/etc/pult/broker-ca.crt", .sentence = "certificate of the CA that signed the broker's certificate (PEM); no such file: the one that the enrolment token named"},
    {.key = "state-dir", .type = CONF_PATH, AT(state_dir), .preset = "/var/lib/pult-print", .sentence = "where key, certificate, jobs and accounts are kept"},
    {.key = "run-dir", .type = CONF_PATH, AT(run_dir), .preset = "/run/pult-print", .sentence = "where the socket for the Kerberos door is made"},
    {.key = "address", .type = CONF_TEXT, AT(address), .sentence = "address to take jobs of session hosts on, in numbers; empty: all"},
    {.key = "port", .type = CONF_NUMBER, AT(port), .min = 1, .max = 65535, .preset = "8631", .sentence = "the port of that"},
    {.key = "door-user", .type = CONF_TEXT, AT(door_user), .preset = "lp", .sentence = "who may use the socket of the Kerberos door, beside root"},
    {.key = "job-mib", .type = CONF_NUMBER, AT(job_mib), .min = 1, .max = 65536, .preset = "1024", .sentence = "largest document, in MiB"},
    {.key = "jobs", .type = CONF_NUMBER, AT(jobs), .min = 1, .max = 100000, .preset = "10000", .sentence = "jobs that may wait, in all"},
    {.key = "host-jobs", .type = CONF_NUMBER, AT(host_jobs), .min = 1, .max = 100000, .preset = "5000", .sentence = "jobs of one session host that may wait"},
    {.key = "user-jobs", .type = CONF_NUMBER, AT(user_jobs), .min = 1, .max = 100000, .preset = "500", .sentence = "jobs of one person that may wait"},
    {.key = "disk-reserve-mib", .type = CONF_NUMBER, AT(disk_reserve_mib), .min = 0, .max = 1048576, .preset = "512", .sentence = "MiB of the disk below which no new job is taken"},
    {.key = "patience-seconds", .type = CONF_NUMBER, AT(patience_s), .min = 1, .max = 600, .preset = "20", .sentence = "how long a client may take for its next step before it is cut off"},
    {.key = "log-level", .type = CONF_CHOICE, AT(log_level), .choices = log_level_choices, .preset = "info", .sentence = "error, warn, info or debug; debug: every step"},
    {.key = NULL},
};
// clang-format on

bool print_config_load(struct print_config *config, const char *path)
{
    memset(config, 0, sizeof *config);
    return conf_load(path, print_config_rows, config, conf_report_stderr, (void *)(uintptr_t)path);
}

bool print_config_check(const struct print_config *config, conf_report *report, void *arg)
{
    struct conf_check check = {.report = report, .arg = arg};
    conf_check_folder(&check, "state-dir", config->state_dir);
    conf_check_folder(&check, "run-dir", config->run_dir);
    if (credential_check(&check, NOUN_PRINT_SERVER, config->state_dir, "pult-print")) {
        conf_check_file(&check, "broker-ca", config->broker_ca);
        if (!*config->broker)
            conf_found(&check, "broker is missing: host name of the broker, as in its certificate");
    }
    return !check.failed;
}
