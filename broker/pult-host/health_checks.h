// SPDX-License-Identifier: EUPL-1.2
// Whether this host is healthy enough for new sessions: what a logon needs is tried again and again, each check in a
// thread of its own, so that one that hangs is a fault and not the end of the others.
#pragma once
#include "broker/base/loop.h"
#include "broker/base/text.h"

enum { HEALTH_FAULT_SIZE = 240 };

struct health_checks_config {
    int64_t rdp_port, sesman_port;
    const char *certificate;   // PEM file of the certificate that xrdp should show
    const char *probe_account; // "": none is looked up
    const char *state_dir;
    int64_t free_percent; // of disk space and inodes
};

struct health_checks;

// The texts of `config` are copied. `changed`: there is another fault, or one less.
struct health_checks *health_checks_new(struct loop *loop, const struct health_checks_config *config,
                                        loop_work *changed, void *arg);
void health_checks_free(struct health_checks *checks); // NULL allowed
// A line a fault, without an end of line after the last; nothing when all is well.
void health_checks_print(const struct health_checks *checks, struct text *text);

// The checks themselves: they wait, some seconds at most. True: fine; else `fault` says what is not.
typedef bool health_check(const struct health_checks_config *config, char fault[HEALTH_FAULT_SIZE]);
health_check health_check_xrdp, health_check_sesman, health_check_accounts, health_check_disks, health_check_state;
