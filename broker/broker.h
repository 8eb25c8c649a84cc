// SPDX-License-Identifier: EUPL-1.2
// The broker put together: the only place that knows which store, directories and hosts fill core's ports.
#pragma once
#include "broker/broker_config.h"

// First start: journal, device CA and the first administrator's token, which is written to standard output.
// Goes on with a journal that came from a backup; what it lacks is written down in it.
bool broker_accept_backup(const struct broker_config *config, struct fault *why) __attribute__((warn_unused_result));
bool broker_init(const struct broker_config *config, struct fault *why) __attribute__((warn_unused_result));
// Prints a new token for the first administrator, which is written in the journal; for root, whether or not a broker
// runs.
bool broker_first_token(const struct broker_config *config, struct fault *why) __attribute__((warn_unused_result));
// Serves until SIGTERM or SIGINT. False: it could not start.
bool broker_run(const struct broker_config *config, struct fault *why) __attribute__((warn_unused_result));
// What a store copied into the data folder of `config`, whose journal-head-dir is another one, becomes a journal that
// can be started: what it lacks is written down, and who was erased since is erased again.
bool broker_adopt_journal(const struct broker_config *config, struct fault *why) __attribute__((warn_unused_result));
