// SPDX-License-Identifier: EUPL-1.2
// What the calls work with: the state and its commits, and the ports to everything outside. One per broker.
#pragma once
#include "broker/api/otp.h"
#include "broker/base/loop.h"
#include "broker/calls/call.h"
#include "broker/core/commit.h"
#include "broker/core/erasure.h"
#include "broker/core/limits.h"
#include "broker/core/logon.h"
#include "broker/core/people.h"
#include "broker/core/remembered.h"
#include "broker/core/throttle.h"

struct admins;

struct counters { // since the start, for /metrics
    uint64_t logons, logons_refused, moves, passwords_changed;
};

struct world {
    struct loop *loop;
    struct state *state;
    struct commit *commit;
    struct erasure *erasure;
    struct people people;
    struct remembered *remembered;
    struct throttle *throttle;
    struct admins *admins;
    struct auth_port auth;
    struct ca_port ca;
    struct link_port links;
    struct host_link_port host_links;
    struct reports reports;
    struct limits limits;
    struct otp_maker *otp_maker;
    struct health_source health;
    struct store_port store;
    struct counters counters;
    int64_t started_ms;
    int64_t clock_ms; // wall clock at steady 0, as the hosts were told; 0: not looked at yet
};

// The function behind each method. It owns the call from here on.
void calls_dispatch(struct world *world, struct call *call);

// ---- one file per group of methods
void call_logon(struct world *world, struct call *call);
void call_why(struct world *world, struct call *call);
void call_password(struct world *world, struct call *call);
void call_enrol(struct world *world, struct call *call);
void call_renew(struct world *world, struct call *call);
void call_invite(struct world *world, struct call *call);
void call_admin_logon(struct world *world, struct call *call);
void call_admin_logoff(struct world *world, struct call *call);
void call_list(struct world *world, struct call *call);
void call_show(struct world *world, struct call *call);
void call_set(struct world *world, struct call *call);
void call_remove(struct world *world, struct call *call);
void call_drain(struct world *world, struct call *call);
void call_undrain(struct world *world, struct call *call);
void call_release(struct world *world, struct call *call);
void call_tell(struct world *world, struct call *call);
void call_lock(struct world *world, struct call *call);
void call_person_erase(struct world *world, struct call *call);
void call_session_end(struct world *world, struct call *call);
void call_apply(struct world *world, struct call *call);
void call_status(struct world *world, struct call *call);
void call_health(struct world *world, struct call *call);
void call_metrics(struct world *world, struct call *call);
void call_events(struct world *world, struct call *call);

// Commits and, once durable, answers with `answer` (handed over). The usual end of a change.
void world_commit_answer(struct world *world, struct call *call, struct event *events, size_t count,
                         json_object *answer);
// An empty event about a noun, by the caller of `call`.
void world_event(struct event *event, enum event_type type, enum noun noun, const struct call *call);
void world_random(void *bytes, size_t length);
void world_random_hex(char *hex, size_t bytes); // 2 * bytes + 1 characters
void world_digest(char hex[DIGEST_SIZE], const void *bytes, size_t length);
json_object *world_time(int64_t wall_ms);
