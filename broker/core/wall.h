// SPDX-License-Identifier: EUPL-1.2
// The wall between tenants: the one place that knows whose a thing is, which tenant may use it, and whether a caller
// may use a method on it. Nobody else reads a tenant out of an id.
#pragma once
#include "broker/api/method.h"
#include "broker/api/refusal.h"

// Who calls, as proven by certificate, ticket or token; never by what the request says.
struct peer {
    enum role role;                // any but ROLE_NOBODY and ROLE_MACHINE
    char tenant[SLUG_SIZE];        // of a machine or an administrator
    char id[ID_SIZE];              // the machine, or "tenant/user name" of an administrator
    char address[64];              // where from
    char gateway[ID_SIZE];         // through which they came; empty: from within
    bool by_certificate;           // an administrator without a logon
    char certificate[DIGEST_SIZE]; // that proves it, as the state has it; empty: none does
    char token[DIGEST_SIZE];       // the digest of an administrator's; empty without
    int64_t half_life_ms;          // when half of the life of that is over, while it asks for the next one
};

struct state;

// ---- whose a thing is

// The tenant that it belongs to; a tenant belongs to itself.
void wall_owner(char tenant_id[SLUG_SIZE], const char *id);
bool wall_owns(const char *tenant_id, const char *id);
size_t wall_count(const struct state *state, const char *tenant_id, enum noun noun); // how many it owns

// ---- what a tenant may use: its own, and across the border what a grant in force lets it

// Asked by all that follow. Whether there is such a thing is another question.
bool wall_may_use(const struct state *state, const char *tenant_id, enum noun noun, const char *id);
// The grant in force by which a tenant may use what is another's; NULL: none, or it is its own. A pool goes with its
// hosts, a site with the devices there; a grant itself is both sides'.
const struct grant *wall_grant(const struct state *state, const char *tenant_id, enum noun noun, const char *id);
// The record, or NULL: a thing that the tenant may not use is as good as none.
const void *wall_find(const struct state *state, const char *tenant_id, enum noun noun, const char *id);

// A machine that serves people serves those of its own tenant; one of the district's those of every tenant, too, that
// has none of its own.
bool wall_serves(const struct state *state, enum noun noun, const char *machine_id, const char *tenant_id);

// Walks all that a tenant may use, in the order of the ids; records may be replaced meanwhile:
// struct wall_walk walk = wall_walk(state, tenant_id, NOUN_HOST);
// for (const struct host *host; (host = wall_next(&walk));)
struct wall_walk {
    const struct state *state;
    char tenant_id[SLUG_SIZE];
    bool sees_all; // the district does, whatever the tenant
    bool crosses;  // there may be something by a grant
    enum noun noun;
    size_t at;           // of its own
    char after[ID_SIZE]; // the last one, where it crosses
};
struct wall_walk wall_walk(const struct state *state, const char *tenant_id, enum noun noun);
const void *wall_next(struct wall_walk *walk);

// Whose directory is asked for a name typed at this device: its tenant's, or that of the tenant whose id or realm
// stands behind the @ when it may use the device. NULL when nobody's. The name is hostile; "": none was typed.
const struct tenant *wall_directory(const struct state *state, const char *device_id, const char *typed);
// The same at a gateway, among the tenants that it serves.
const struct tenant *wall_gateway_directory(const struct state *state, const char *gateway_id, const char *typed);

// Whether it may be told what is at the address of this host that is not the host: closed, silent, another program. In
// networks that the district has named as the tenant's; elsewhere anybody's machine may be there.
bool wall_may_know_ports(const struct state *state, const char *host_id);

// ---- what a caller may do

// `id` is what the path names, "" without. A thing that the peer may not see is REFUSAL_NOT_FOUND, existing or not.
// What a tenant may use it may look at; only its owner, or the district, changes it. A grant is both sides'.
enum refusal wall_authorize(const struct state *state, const struct method *method, const struct peer *peer,
                            const char *id);
// The hosts of a pool and the devices at a site are used by a grant, and not shown: how they are is their owner's.
bool wall_can_see(const struct state *state, const struct peer *peer, enum noun noun, const char *id);
// Walks what the peer may see, behind the id `after`; "": from the first on.
struct wall_walk wall_walk_seen(const struct state *state, const struct peer *peer, enum noun noun, const char *after);
// For which side of a grant the peer speaks: that of `tenant_id`, which it administers, "": its own. GRANT_NO_SIDE: for
// none.
enum grant_side wall_grant_side(const struct peer *peer, const struct grant *grant, const char *tenant_id);
