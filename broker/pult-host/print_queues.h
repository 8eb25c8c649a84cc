// SPDX-License-Identifier: EUPL-1.2
// What people print here: where the backend hands it over, and the queues of cupsd as the broker wants them. A cupsd
// that is away, slow or has lost its queues holds nobody up and gets them again.
#pragma once
#include "broker/api/host_link.h"
#include "broker/base/loop.h"
#include "broker/base/text.h"

struct print_queues_config {
    const char *socket;    // of cupsd
    const char *backend;   // the program that cupsd runs for our queues
    const char *state_dir; // where what the backend needs is kept
};

struct print_queues;

// The texts of `config` outlive it. `changed`: there is another warning, or none any more.
struct print_queues *print_queues_new(struct loop *loop, const struct print_queues_config *config, loop_work *changed,
                                      void *arg);
void print_queues_free(struct print_queues *queues); // NULL allowed; the queues stay
// As the broker said last.
void print_queues_set_server(struct print_queues *queues, const struct host_printing *printing);
void print_queues_set(struct print_queues *queues, const struct host_message *message);
// Why printing does not work; nothing when it does, or is not wanted here.
void print_queues_print(const struct print_queues *queues, struct text *text);

// For --check: the same for a host that has a print server. True: nothing is wrong.
bool print_queues_check(const struct print_queues_config *config, struct text *text);
