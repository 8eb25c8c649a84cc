// SPDX-License-Identifier: EUPL-1.2
// The socket at which cupsd's backends hand in what people print (print_words.h). Root only: who can ask says whose a
// job is. Connections to the print server are kept between jobs, since to make one costs more than a job.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

struct backend_socket;

// STATE-DIR/print.sock. NULL with why.
struct backend_socket *backend_socket_open(struct loop *loop, const char *state_dir, struct fault *why);
// Jobs that are under way are given up; their backends try again. NULL allowed.
void backend_socket_free(struct backend_socket *backends);
