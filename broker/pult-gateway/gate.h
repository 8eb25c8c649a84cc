// SPDX-License-Identifier: EUPL-1.2
// The port for callers: TLS, then one request by HTTP (guest.h), which says what it is to become (ways.h). Who has
// proven nothing is bounded, in number and in time.
#pragma once
#include "broker/pult-gateway/channel_question.h"
#include "broker/pult-gateway/gateway_config.h"
#include "broker/pult-gateway/tunnel.h"

struct gate;

// `config`, `tunnels` and `office` outlive it. `ended` is told also of a channel that never became a tunnel. NULL with
// why.
struct gate *gate_new(struct loop *loop, const struct gateway_config *config, struct tunnels *tunnels,
                      struct channel_office *office, tunnel_ended *ended, void *arg, struct fault *why);
void gate_free(struct gate *gate); // before these; NULL allowed
// Whether it lets nobody in any more, and whether the broker can be asked.
void gate_set(struct gate *gate, bool draining, bool linked);
bool gate_is_draining(const struct gate *gate);
