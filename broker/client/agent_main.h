// SPDX-License-Identifier: EUPL-1.2
// The command line that the programs with a certificate of the broker's share: they serve, say what is wrong (--check),
// also when that is the way to the broker, or get their certificate (--enrol).
#pragma once
#include "broker/base/loop.h"
#include "broker/client/enrol.h"
#include "broker/client/uplink.h"

// Exit codes, as the manual pages list them.
enum agent_exit {
    AGENT_FINE,
    AGENT_FAILED,
    AGENT_USAGE,
    AGENT_CONFIG,
    AGENT_REFUSED,
    AGENT_UNREACHABLE,
};

struct agent_program {
    const char *name;        // "pult-host"
    const char *task, *what; // "manages this session host", "host": for the usage
    const char *config_file;
    const char *unit; // "pult-host.service", which enrolling starts
    // Mistakes go to standard error, a line each. `load` comes first; what it read is the program's to keep.
    bool (*load)(const char *path);
    void (*complete)(void); // with what the enrolment told; for all but another enrolment
    bool (*check)(const char *path);
    struct enrol_config (*where)(void);
    struct uplink_config (*link)(void);
    // The daemon begins; false with why. `end` is called when it did, after the loop has run.
    bool (*begin)(struct loop *loop, struct fault *why);
    void (*end)(void);
};

// For main: ends what holds secrets in, then does as the words say.
enum agent_exit agent_main(const struct agent_program *program, int count, char **words);
