// SPDX-License-Identifier: EUPL-1.2
// Where a print job is to come out, decided at the moment when it is sent: whose it is, whether they may print, where
// they are now, and which printer there can print. Pure: state, what is known softly, and the question; no clock.
#pragma once
#include "broker/api/print_link.h"
#include "broker/core/people.h"
#include "broker/core/print_jobs.h"
#include "broker/core/report.h"
#include "broker/core/trace.h"

struct print_world {
    const struct state *state;
    const struct people *people;
    const struct reports *reports;
    const struct print_jobs *jobs;
};

// Who prints, as their print server tells it; that one is proven, what it says is hostile.
struct print_question {
    const char *server_id;
    const char *host_id, *certificate, *user_name; // by a session host,
    int64_t certified_ms;
    const char *principal; // or by Kerberos; "": by a session host
    const char *target;    // the printer that was chosen; "": next to the person
    const char *avoid;     // one that has just failed; ""
    int64_t created_ms;
};

struct print_decision {
    enum print_outcome outcome;
    enum job_reason reason;
    char person[ID_SIZE];          // empty: not found out
    const struct printer *printer; // where it goes, or what it waits for; NULL: nowhere
    struct trace trace;
};

void print_route(const struct print_world *world, const struct print_question *question,
                 struct print_decision *decision);

// Whose job it is, in `person`; false: nobody's who has, or had when it was made, a session there.
bool print_route_owner(const struct print_world *world, const struct print_question *question, char person[ID_SIZE]);

// The printer nearest to a desk of those that the tenant may use: as it is set, in the same room, at the same site; of
// several one that can print. NULL: there is none. `*foreign`, or NULL: there are some, and they are not for the
// tenant.
const struct printer *print_route_nearest(const struct print_world *world, const char *tenant_id,
                                          const struct device *device, bool *foreign);
// Why it cannot print at the moment; JOB_REASON_NONE: it can, or nobody knows better.
enum job_reason print_route_trouble(const struct print_world *world, const struct printer *printer);

// A print server serves its own tenant; one of the district's serves every tenant that has none of its own.
bool print_route_serves(const struct state *state, const char *server_id, const char *tenant_id);
// The one that a tenant's session hosts give their jobs to: NULL when there is none.
const struct print_server *print_route_server(const struct state *state, const char *tenant_id);
