// SPDX-License-Identifier: EUPL-1.2
// Everything the broker knows for sure, in memory. Only state_apply changes it. Pointers into it are good until the
// next event; what must live longer is copied.
#pragma once
#include "broker/core/event.h"
#include "broker/core/sorted_table.h"

struct state;

struct state *state_new(void);
void state_free(struct state *state);
void state_clear(struct state *state);               // as new
struct state *state_copy(const struct state *state); // to try changes on
void state_apply(struct state *state, const struct event *event);

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

// How long it has been in its state. What lies ahead was written before the clock was set back: long ago.
int64_t session_age_ms(const struct session *session, int64_t now_ms);

// Whether this tenant alone is the district's: without it nobody looks after all tenants any more.
bool state_is_only_district(const struct state *state, const char *tenant_id);

// Whom a certificate (SHA-256) proves; NULL when nobody, and for the empty one.
const struct administrator *state_administrator_by(const struct state *state, const char *certificate);

// Walks the records whose ids begin with `prefix` ("neustadt/", or a session prefix of one person).
// for (size_t i = state_first(...); (record = state_at(state, noun, prefix, i)); i++)
size_t state_first(const struct state *state, enum noun noun, const char *prefix);
const void *state_at(const struct state *state, enum noun noun, const char *prefix, size_t index);

// The ids of a person's sessions begin with it: "neustadt/p-1f.." -> "neustadt/s-1f..-".
void session_prefix(char prefix[ID_SIZE], const char *person_id);

// The whole state as lines of JSON, and back into an empty state. For snapshots.
void state_print(const struct state *state, struct text *out);
bool state_read(struct state *state, const char *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
