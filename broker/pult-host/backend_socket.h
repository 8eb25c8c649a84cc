// SPDX-License-Identifier: EUPL-1.2
// The socket at which cupsd's backends hand in what people print (print_words.h). Root only: who can ask says whose a
// job is. Connections to the print server are kept between jobs, since to make one costs more than a job.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

#include <stdint.h>

struct backend_socket;

// STATE-DIR/print.sock. NULL with why.
struct backend_socket *backend_socket_open(struct loop *loop, const char *state_dir, struct fault *why);
// Told when backend_socket_waits has another answer for somebody.
typedef void backend_waits(void *arg);
void backend_socket_on_wait(struct backend_socket *backends, backend_waits *waits, void *arg);
// Since when (wall clock) jobs of this user wait because no print server takes them; 0: none does, as far as is known.
int64_t backend_socket_waits(const struct backend_socket *backends, const char *user_name);
// Jobs that are under way are given up; their backends try again. NULL allowed.
void backend_socket_free(struct backend_socket *backends);
