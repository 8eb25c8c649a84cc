// SPDX-License-Identifier: EUPL-1.2
// What the configuration says, looked at on this machine, by the user who runs the broker: folders, certificate, key,
// authorities, keytabs, ports.
#pragma once
#include "broker/broker_config.h"

// With which the broker cannot start goes to standard error, and makes it false; with which something will not work
// goes there as a warning. `path`: the configuration's.
bool machine_check(const char *path, const struct broker_config *config) __attribute__((warn_unused_result));
// Whether its ports can be had, unless a broker has them that runs on the same data folder.
bool machine_check_ports(const char *path, const struct broker_config *config) __attribute__((warn_unused_result));
