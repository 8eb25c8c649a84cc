// SPDX-License-Identifier: EUPL-1.2
// The file of pult-print, /etc/pult/pult-print.conf; pult-print.conf(5) tells what each key means.
#pragma once
#include "broker/base/conf.h"
#include "broker/client/enrol.h"

#define PRINT_CONFIG_FILE "/etc/pult/pult-print.conf"

struct print_config {
    char broker[ENROL_BROKER_SIZE];
    int64_t broker_port, device_port;
    char broker_ca[CREDENTIAL_PATH_SIZE], state_dir[200];
    char run_dir[80]; // the path of a Unix socket must fit below
    char address[64];
    int64_t port;
    char door_user[64];
    int64_t job_mib, jobs, host_jobs, user_jobs, disk_reserve_mib, patience_s;
    int64_t log_level;
};

extern const struct conf_row print_config_rows[];

// Every mistake goes to standard error.
bool print_config_load(struct print_config *config, const char *path) __attribute__((warn_unused_result));
// What the file cannot know is looked for on the machine.
bool print_config_check(const struct print_config *config, conf_report *report, void *arg)
    __attribute__((warn_unused_result));
