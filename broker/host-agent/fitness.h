// SPDX-License-Identifier: EUPL-1.2
// Whether this host is fit for new sessions: what a log-on needs is tried again and again, each check in a thread of
// its own, so that one that hangs is a fault and not the end of the others.
#pragma once
#include "broker/base/loop.h"
#include "broker/base/text.h"

enum { FITNESS_FAULT_SIZE = 240 };

struct fitness_config {
    int64_t rdp_port, sesman_port;
    const char *certificate;   // PEM file of the certificate that xrdp should show
    const char *probe_account; // "": none is looked up
    const char *state_dir;
    int64_t free_percent; // of disk space and inodes
};

struct fitness;

// The texts of `config` are copied. `changed`: there is another fault, or one less.
struct fitness *fitness_new(struct loop *loop, const struct fitness_config *config, loop_work *changed, void *arg);
void fitness_free(struct fitness *fitness); // NULL allowed
// A line a fault, without an end of line after the last; nothing when all is well.
void fitness_print(const struct fitness *fitness, struct text *text);

// The checks themselves: they wait, some seconds at most. True: fine; else `fault` says what is not.
typedef bool fitness_check(const struct fitness_config *config, char fault[FITNESS_FAULT_SIZE]);
fitness_check fitness_xrdp, fitness_sesman, fitness_accounts, fitness_disks, fitness_state;
