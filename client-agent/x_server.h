// SPDX-License-Identifier: EUPL-1.2
// One X server: started by a configured command, with a cookie of its own that only its one client gets.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

#include <sys/types.h>

enum { COOKIE_SIZE = 16, DISPLAY_SIZE = 16, SERVER_PATH_SIZE = 128, SERVER_WORDS_MAX = 48 };

struct x_server_config {
    const char *command;   // words; %v stands for the terminal
    const char *auth_file; // is written here, readable by `client`
    int terminal;          // number of its virtual terminal
    uid_t client;
};

struct x_server;

struct x_server_events {
    void (*ready)(void *arg); // x_server_display tells where
    void (*ended)(void *arg); // by itself; also when it never got ready
};

// NULL with a fault. Strings are copied.
struct x_server *x_server_new(struct loop *loop, const struct x_server_config *config,
                              const struct x_server_events *events, void *arg, struct fault *why);
void x_server_free(struct x_server *server); // ends it; also from an event; NULL allowed

const char *x_server_display(const struct x_server *server); // ":7", "" before it is ready
const char *x_server_auth_file(const struct x_server *server);
const unsigned char *x_server_cookie(const struct x_server *server); // COOKIE_SIZE bytes
int x_server_terminal(const struct x_server *server);

// Splits a command into words, with %v replaced, into `room`. False when there are too many or no words.
bool x_server_words(const char *command, int terminal, char *room, size_t size, const char *words[SERVER_WORDS_MAX])
    __attribute__((warn_unused_result));
