// SPDX-License-Identifier: EUPL-1.2
// The file of pult-host, /etc/pult/pult-host.conf; pult-host.conf(5) tells what each key means.
#pragma once
#include "broker/base/conf.h"
#include "broker/client/enrol.h"

#define CONFIG_FILE "/etc/pult/pult-host.conf"

struct host_config {
    char broker[ENROL_BROKER_SIZE];
    int64_t broker_port, device_port;
    char broker_ca[CREDENTIAL_PATH_SIZE], state_dir[200],
        run_dir[80]; // run_dir: the path of a Unix socket must fit below
    int64_t rdp_port, sesman_port;
    char certificate[256];
    char probe_account[128];
    char session_keyboard[256];
    char cups_socket[100], print_backend[256];
    int64_t free_percent, desktop_s;
    char language[16];
    int64_t log_level;
};

extern const struct conf_row host_config_rows[];

// Mistakes go to standard error, a line each.
bool host_config_load(struct host_config *config, const char *path) __attribute__((warn_unused_result));
// What the file cannot know: folders, certificates and programs that are not there. Each is told to `report`; true when
// there was none.
bool host_config_check(const struct host_config *config, conf_report *report, void *arg)
    __attribute__((warn_unused_result));
