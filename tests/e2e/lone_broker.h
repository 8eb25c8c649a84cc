// SPDX-License-Identifier: EUPL-1.2
// A broker on its first day, in a network of its own with nothing else in it, and pultctl.
#pragma once
#include "tests/program.h"

struct lone_broker {
    const char *town; // its folder: broker.conf, broker.log, tls/, data/, credentials/
    char conf[200];   // the path of its configuration
    char token[256];  // what --init printed
    pid_t pid;
    struct program_result said; // by the program that ran last
};

extern struct lone_broker lone;

// `more` of the configuration; %1$s in it is the folder.
void lone_broker_open(const char *more);
void lone_broker_configure(const char *more); // in place of what was there
void lone_broker_close(void);
void lone_broker_start(void); // again, until it listens
void lone_broker_stop(void);
void lone_write(const char *name, const char *text); // a file in the folder
int lone_pultctl(const char *words, const char *input);
void lone_must(const char *words, const char *input);
bool lone_shows(const char *part); // on standard output
// pult-broker with that configuration and these words; its exit code.
int lone_broker_runs(const char *words);
bool lone_logs(const char *part); // now, in broker.log
void lone_soon_logs(const char *part);
