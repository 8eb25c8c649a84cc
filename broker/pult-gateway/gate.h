// SPDX-License-Identifier: EUPL-1.2
// The port for callers: TLS, then one request by HTTP (guest.h), which says what it is to become (ways.h). Who has
// proven nothing is bounded, in number and in time.
#pragma once
#include "broker/client/tls_trust.h"
#include "broker/pult-gateway/channel_question.h"
#include "broker/pult-gateway/gateway_config.h"
#include "broker/pult-gateway/tunnel.h"

struct door_port;
struct gate;
struct guest;

// `config`, `tunnels` and `office` outlive it. `ended` is told also of a channel that never became a tunnel. NULL with
// why.
struct gate *gate_new(struct loop *loop, const struct gateway_config *config, struct tunnels *tunnels,
                      struct channel_office *office, const struct door_port *door, tunnel_ended *ended, void *arg,
                      struct fault *why);
void gate_free(struct gate *gate); // before these; NULL allowed
// Whether it lets nobody in any more, and whether the broker can be asked. When it no longer can, whoever still dials
// for a channel is sent away: the gateway would not hear that it is to be closed.
void gate_set(struct gate *gate, bool draining, bool linked);
// Under what name and port browsers know it. "": none may come.
void gate_name(struct gate *gate, const char *name, int64_t port);
// The broker has the channel closed: its tunnel, or the guest who still dials for it. One that is not there is none.
void gate_close(struct gate *gate, const char *channel, enum channel_reason reason);
// By what it vouches for callers towards the broker, as long as that link is up.
void gate_vouch(struct gate *gate, const char *id, const char *key);
// Browsers are let through to the portal of a broker that shows this. Borrowed.
void gate_serve_portal(struct gate *gate, struct tls_trust *broker);
bool gate_is_draining(const struct gate *gate);
// Walks the guests who have a channel, and are no tunnels yet: from NULL on; then NULL.
const struct guest *gate_next_with_channel(const struct gate *gate, const struct guest *guest);
