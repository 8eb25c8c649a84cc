// SPDX-License-Identifier: EUPL-1.2
// pult-broker.conf: where the broker listens and where its files lie. Everything else is set through the API.
#pragma once
#include "broker/base/fault.h"

#include <stdint.h>

enum { CONFIG_PATH_SIZE = 400 };

struct broker_config {
    char listen_address[64];
    int64_t port, device_port, admin_port, gateway_port;
    char name[128];                                                    // empty: as this machine is called
    char certificate[CONFIG_PATH_SIZE], key[CONFIG_PATH_SIZE];         // the same file where the broker makes them
    bool makes_certificate;                                            // by its own CA: the configuration names none
    char admin_ca[CONFIG_PATH_SIZE];                                   // empty: no administrators by certificate
    char portal_dir[CONFIG_PATH_SIZE];                                 // empty: no pages for browsers
    char rdp_certificate[CONFIG_PATH_SIZE], rdp_key[CONFIG_PATH_SIZE]; // that sign .rdp files; empty: there are none
    char data_dir[CONFIG_PATH_SIZE];
    char journal_head_dir[CONFIG_PATH_SIZE]; // empty: data_dir
    char credentials_dir[CONFIG_PATH_SIZE];
    char wake_command[CONFIG_PATH_SIZE];
    char backup_certificates[CONFIG_PATH_SIZE]; // of those who can open a back-up; empty: none is made
    char path[CONFIG_PATH_SIZE];                // its own
    int64_t keep_sessions_days, keep_audit_days, keep_journal_days; // 0: for ever
    int64_t certificate_lifetime_s;                                 // of devices and session hosts
    int64_t unproven_connections, unproven_per_port, unproven_per_network, unproven_handshakes, unproven_patience_s;
    int64_t directory_deadline_ms, directory_connections, admin_password_tries, outside_password_tries;
    int64_t log_level;
};

// Every mistake goes to standard error, with its line. True when there was none.
bool broker_config_load(const char *path, struct broker_config *config) __attribute__((warn_unused_result));
// A file of the data folder.
void broker_config_data_file(const struct broker_config *config, const char *name, char path[CONFIG_PATH_SIZE + 64]);
