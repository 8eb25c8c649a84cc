// SPDX-License-Identifier: EUPL-1.2
// Everything the broker knows for sure, in memory. Only state_apply changes it. Pointers into it are good until the
// next event; what must live longer is copied.
#pragma once
#include "broker/base/sorted_table.h"
#include "broker/core/event.h"

struct state;

struct state *state_new(void);
void state_free(struct state *state);
void state_clear(struct state *state);               // as new
struct state *state_copy(const struct state *state); // to try changes on
void state_apply(struct state *state, const struct event *event);

// What it is by the clock, which copies share: whether a grant is in force asks for it. Without one none is.
struct state_clock {
    void *arg;
    int64_t (*now_ms)(void *arg);
};
void state_set_clock(struct state *state, const struct state_clock *clock);
int64_t state_now_ms(const struct state *state);

const void *state_find(const struct state *state, enum noun noun, const char *id); // NULL when there is none
size_t state_count(const struct state *state, enum noun noun);
// All records of the noun, in the order of their ids.
const struct sorted_table *state_table(const struct state *state, enum noun noun);
// How many records refer to this one: sessions on a host, hosts and profiles of a pool ...
int64_t state_uses(const struct state *state, enum noun noun, const char *id);

static inline const struct tenant *state_tenant(const struct state *state, const char *id)
{
    return state_find(state, NOUN_TENANT, id);
}
static inline const struct host *state_host(const struct state *state, const char *id)
{
    return state_find(state, NOUN_HOST, id);
}
static inline const struct device *state_device(const struct state *state, const char *id)
{
    return state_find(state, NOUN_DEVICE, id);
}
static inline const struct session *state_session(const struct state *state, const char *id)
{
    return state_find(state, NOUN_SESSION, id);
}

// Whether this tenant alone is the district's: without it nobody looks after all tenants any more.
bool state_is_only_district(const struct state *state, const char *tenant_id);

// Whom a certificate (SHA-256) proves; NULL when nobody, and for the empty one.
const struct administrator *state_administrator_by(const struct state *state, const char *certificate);

// Records by whom they belong to, each in the order of their ids.
enum state_order {
    SESSIONS_OF_HOST,
    SESSIONS_OF_DEVICE,
    SESSIONS_OF_PERSON,
    HOSTS_OF_POOL,
    DEVICES_OF_SITE,
    GRANTS_TO_TENANT,
    FACTORS_OF_PERSON,
    STATE_ORDER_COUNT,
};

// The first that belongs to `owner` with an id behind `id`, "" before all; NULL when there is none.
const void *state_behind(const struct state *state, enum state_order order, const char *owner, const char *id);

// Walks the sessions on a host, last opened at a device, or of a person, in the order of their ids; their records may
// be replaced meanwhile, as long as they stay with the owner:
// struct session_walk walk = state_sessions_of(state, SESSIONS_OF_HOST, host_id);
// for (const struct session *session; (session = state_next_session(&walk));)
struct session_walk {
    const struct state *state;
    enum state_order owner;
    const char *id; // of the owner, borrowed
    size_t at;
};
struct session_walk state_sessions_of(const struct state *state, enum state_order owner, const char *id);
const struct session *state_next_session(struct session_walk *walk);

// A session that ended lately, as it was last; `back` others have ended since. NULL: none is remembered. There are the
// last STATE_ENDED_MAX at most; in snapshots only those of as long as a print job may wait, whose owner is asked for.
enum { STATE_ENDED_MAX = 8192 };
#define STATE_ENDED_KEPT_MS (INT64_C(720) * 60 * 60 * 1000)
const struct session *state_ended(const struct state *state, size_t back);

// Whether all that is kept beside the records, counts and orders, is what the records alone give. Walks everything.
bool state_is_sound(const struct state *state);

// The whole state as lines of JSON, and back into an empty state. For snapshots.
void state_print(const struct state *state, struct text *out);
bool state_read(struct state *state, const char *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
