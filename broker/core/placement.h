// SPDX-License-Identifier: EUPL-1.2
// Which host of a pool a new session goes to: the least loaded by weight among those that are healthy, not draining and
// below their limit, and gave desktops to those that it let in; of two that are nearly as good one at random, so that a
// morning rush does not all go to one host.
#pragma once
#include "broker/api/noun_status.h"
#include "broker/api/refusal.h"
#include "broker/core/port.h"
#include "broker/core/state.h"
#include "broker/core/trace.h"

// Soft state: what the probes last saw. Never in the journal.
struct health_source {
    void *arg;
    enum host_health (*get)(void *arg, const char *host_id);
    const char *(*detail)(void *arg, const char *host_id);   // one line, "" when there is none
    void (*probe_now)(void *arg, const char *host_id);       // somebody had trouble with it
    int64_t (*load_penalty)(void *arg, const char *host_id); // how much busier it is than its sessions tell, permille
    int64_t (*fence)(void *arg, const char *host_id); // the highest fencing number it has seen; NULL: never known
    bool (*wakes)(void *arg, const char *host_id);    // it sleeps, and waking it is worth waiting for
    void (*wake)(void *arg, const char *host_id);
    bool (*shut_out)(void *arg, const char *session_id); // its person cannot get there; NULL: never known
    // It let this person in lately, and they got no desktop; NULL: never known.
    bool (*failed)(void *arg, const char *host_id, const char *person_id);
};

struct placement {
    const struct state *state;
    const struct pool *pool;
    const char *tenant_id; // of the person
    const char *person_id;
    const struct health_source *health;
    uint64_t random_bits;
};

// NULL with *refusal set to REFUSAL_NO_HOST or REFUSAL_HOSTS_FULL. A host not probed yet counts as healthy. With
// REFUSAL_HOST_WAKING the host is one that sleeps: to be woken, and chosen again when it answers.
const struct host *placement_choose(const struct placement *placement, struct trace *trace, enum refusal *refusal);
// Whether a machine of the pool is this person's, in whatever state it is.
bool pool_has_owned_host(const struct state *state, const struct pool *pool, const char *person_id);
// Whether whichever host of the pool it will be takes one-time passwords.
bool pool_has_agents(const struct state *state, const char *pool_id);
bool host_is_usable(const struct health_source *health, const char *host_id);        // for sessions that run there
bool host_accepts_sessions(const struct health_source *health, const char *host_id); // for new ones
bool host_is_available(const struct health_source *health, const char *host_id);     // so, or asleep and to be woken
