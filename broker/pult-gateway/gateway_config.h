// SPDX-License-Identifier: EUPL-1.2
// The file of pult-gateway, /etc/pult/pult-gateway.conf; pult-gateway.conf(5) tells what each key means.
#pragma once
#include "broker/base/conf.h"
#include "broker/client/enrol.h"

#define GATEWAY_CONFIG_FILE "/etc/pult/pult-gateway.conf"

struct gateway_config {
    char broker[ENROL_BROKER_SIZE];
    int64_t broker_port, device_port, gateway_port;
    char broker_ca[CREDENTIAL_PATH_SIZE], state_dir[200];
    char address[64];
    char proxies[512];   // networks, one space between
    int64_t proxy_field; // enum forwarded_field
    int64_t port, front_door_port;
    char certificate[CREDENTIAL_PATH_SIZE], key[CREDENTIAL_PATH_SIZE];
    int64_t tunnels, person_tunnels, network_tunnels, unproven, network_unproven, patience_s, buffer_mib;
    int64_t log_level;
};

extern const struct conf_row gateway_config_rows[];

// Every mistake goes to standard error.
bool gateway_config_load(struct gateway_config *config, const char *path) __attribute__((warn_unused_result));
// What the file cannot know is looked for on the machine.
bool gateway_config_check(const struct gateway_config *config, conf_report *report, void *arg)
    __attribute__((warn_unused_result));
