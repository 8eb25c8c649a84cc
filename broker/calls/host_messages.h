// SPDX-License-Identifier: EUPL-1.2
// What the agents of session hosts say over their links, and what they are told. The agent is proven, what it says is
// hostile: it can only speak of its own host.
#pragma once
#include "broker/api/host_link.h"
#include "broker/calls/services.h"

void host_linked(struct services *services, const char *host_id);
void host_unlinked(struct services *services, const char *host_id);
// Empties its list of sessions.
void host_message(struct services *services, const char *host_id, struct host_message *message);
// Before a session begins at its host: true when one of somebody else there has this user name. Then it is ended, and
// the person has to wait: the host would show it to them.
bool host_frees_name(struct services *services, const struct session *session, const char *user_name);
// Carries out the limits of profiles and ends drains whose time is over. For the janitor.
void host_sweep(struct services *services);
