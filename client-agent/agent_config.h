// SPDX-License-Identifier: EUPL-1.2
// The agent's configuration file, /etc/pult/pult-agent.conf; pult-agent.conf(5) tells what each key means.
#pragma once
#include "broker/base/conf.h"
#include "broker/base/fault.h"
#include "broker/client/enrol.h"

#define CONFIG_FILE "/etc/pult/pult-agent.conf"

enum config_language { CONFIG_GERMAN, CONFIG_ENGLISH };

struct agent_config {
    char broker[ENROL_BROKER_SIZE];
    int64_t broker_port, device_port;
    char broker_ca[CREDENTIAL_PATH_SIZE];
    char gateway[256], gateway_ca[CREDENTIAL_PATH_SIZE];
    int64_t gateway_port;
    char state_dir[256], run_dir[80]; // run_dir: the path of a Unix socket must fit below
    char realm[128];
    char desk_name[128], help_desk[128];
    int64_t language;
    char greeter[256], viewer[256], rdp_client_start[256], sandbox[256];
    char greeter_server[512], rdp_client_server[512], switch_command[512];
    int64_t first_vt;
    char greeter_user[64], rdp_client_user[64];
    char drives_dir[256];
    int64_t log_level;
};

extern const struct conf_row agent_config_rows[];
extern const char *const config_languages[];

// Mistakes go to standard error, a line each.
bool agent_config_load(struct agent_config *config, const char *path) __attribute__((warn_unused_result));
// What the file cannot know: programs, users, certificates and folders that are not there. Each is told to `report`;
// true when there was none.
bool agent_config_check(const struct agent_config *config, conf_report *report, void *arg)
    __attribute__((warn_unused_result));
