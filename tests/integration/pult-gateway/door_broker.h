// SPDX-License-Identifier: EUPL-1.2
// The broker that a front door asks: the test decides what it hears and answers.
#pragma once
#include "broker/pult-gateway/door_logon.h"

struct door_logon {
    door_logon_done *done;
    void *arg;
    struct loop_timer *later;
    int network; // the test's
};

extern struct door_broker {
    bool holds; // its answers, until somebody says otherwise
    void (*hears)(struct door_logon *logon, const char *name, const struct secret *password, const char *network);
    void (*answers)(const struct door_logon *logon, struct door_logon_result *result); // it lets everybody in so far
} door_broker;

extern const struct door_port door_broker_port; // for fixture.door
