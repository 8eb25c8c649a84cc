// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/print_route.h"
#include "broker/base/text.h"
#include "broker/core/enrolment.h"
#include "broker/core/session.h"
#include "broker/core/wall.h"

#include <string.h>

enum { SUBSTITUTES_MAX = 2 };

// Certificates are valid from a little before they are made.
static const int64_t certified_before_ms = 15 * 60 * 1000;

// ---- whom a print server serves

bool print_route_serves(const struct state *state, const char *server_id, const char *tenant_id)
{
    return wall_serves(state, NOUN_PRINT_SERVER, server_id, tenant_id);
}

const struct print_server *print_route_server(const struct state *state, const char *tenant_id)
{
    const struct sorted_table *servers = state_table(state, NOUN_PRINT_SERVER);
    for (size_t i = 0; i < servers->count; i++)
        if (print_route_serves(state, servers->records[i], tenant_id))
            return servers->records[i];
    return NULL;
}

// ---- whose job it is

// By the name that its host has for it, or that its person has now.
static bool is_called(const struct print_world *world, const struct session *session, const char *user_name)
{
    const struct report *report = reports_find(world->reports, session->host);
    const struct host_session *there = report_session(report, session->id);
    const struct store_person *person = people_find(world->people, session->person);
    char now[USER_NAME_SIZE];
    text_put(now, sizeof now, person ? person->user_name : "");
    person = person && session_user_name(world->state, session, now) ? person : NULL;
    return (there && text_same_name(user_name, strlen(user_name), there->user_name)) ||
           (person && text_same_name(user_name, strlen(user_name), now));
}

// The session on the host that a job came from: one that runs, or ran when the job was made.
static const struct session *session_of_job(const struct print_world *world, const struct print_question *question)
{
    struct session_walk walk = state_sessions_of(world->state, SESSIONS_OF_HOST, question->host_id);
    for (const struct session *session; (session = state_next_session(&walk));)
        if (is_called(world, session, question->user_name))
            return session;
    const struct session *ended;
    for (size_t back = 0; (ended = state_ended(world->state, back)); back++)
        if (text_equal(ended->host, question->host_id) && ended->started_ms <= question->created_ms &&
            ended->changed_ms >= question->created_ms && is_called(world, ended, question->user_name))
            return ended;
    return NULL;
}

// A key of a host that was copied before the host was enrolled again vouches for nobody.
static bool host_vouches(const struct print_world *world, const struct print_question *question)
{
    const struct host *host = state_host(world->state, question->host_id);
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, question->host_id);
    if (!host || !host->certificate[0] || !print_route_serves(world->state, question->server_id, tenant_id))
        return false;
    return text_equal(host->certificate, question->certificate) ||
           question->certified_ms >= host->enrolled_ms - certified_before_ms;
}

// "anna@HALL.EXAMPLE": the tenant of that realm, and who logs on there as anna.
static bool person_of_principal(const struct print_world *world, const struct print_question *question,
                                char person_id[ID_SIZE])
{
    const char *at = strrchr(question->principal, '@');
    const struct sorted_table *tenants = state_table(world->state, NOUN_TENANT);
    const struct tenant *tenant = NULL;
    for (size_t i = 0; at && at > question->principal && i < tenants->count; i++) {
        const struct tenant *other = tenants->records[i];
        if (other->realm[0] && text_equal(other->realm, at + 1) &&
            print_route_serves(world->state, question->server_id, other->id))
            tenant = other;
    }
    if (!tenant)
        return false;
    struct wall_walk walk = wall_walk(world->state, tenant->id, NOUN_PERSON);
    for (const struct person *person; (person = wall_next(&walk));) {
        const struct store_person *row = people_find(world->people, person->id);
        if (row && text_same_name(question->principal, (size_t)(at - question->principal), row->user_name)) {
            text_put(person_id, ID_SIZE, person->id);
            return true;
        }
    }
    return false;
}

bool print_route_owner(const struct print_world *world, const struct print_question *question, char person[ID_SIZE])
{
    person[0] = 0;
    if (question->principal[0])
        return person_of_principal(world, question, person);
    const struct session *session = host_vouches(world, question) ? session_of_job(world, question) : NULL;
    text_put(person, ID_SIZE, session ? session->person : "");
    return session != NULL;
}

// ---- where somebody is

// The session that somebody works in now: on the host of the job before others, and of others the one that changed
// last. Without one the session that they worked in last.
static const struct session *present_session(const struct print_world *world, const struct print_question *question,
                                             const char *person_id)
{
    const struct session *best = NULL;
    struct session_walk walk = state_sessions_of(world->state, SESSIONS_OF_PERSON, person_id);
    for (const struct session *session; (session = state_next_session(&walk));) {
        bool connected = session->state == SESSION_CONNECTED, was = best && best->state == SESSION_CONNECTED;
        bool here = text_equal(session->host, question->host_id),
             was_here = best && text_equal(best->host, question->host_id);
        bool better = !best              ? true
                      : connected != was ? connected
                      : here != was_here ? here
                                         : session->changed_ms > best->changed_ms;
        if (better)
            best = session;
    }
    const struct session *ended;
    for (size_t back = 0; !best && (ended = state_ended(world->state, back)); back++)
        if (text_equal(ended->person, person_id))
            best = ended;
    return best;
}

// ---- printers

enum job_reason print_route_trouble(const struct print_world *world, const struct printer *printer)
{
    if (printer->draining)
        return JOB_PRINTER_DRAINING;
    enum printer_state state = print_jobs_printer_state(world->jobs, printer->id);
    return state == PRINTER_STOPPED       ? JOB_PRINTER_STOPPED
           : state == PRINTER_UNREACHABLE ? JOB_PRINTER_AWAY
                                          : JOB_REASON_NONE;
}

// "12" is the room of a desk in "12" and in "12, at the window".
static bool is_in_room(const struct printer *printer, const struct device *device)
{
    size_t length = strlen(printer->room);
    char behind = device->room[0] && strncmp(device->room, printer->room, length) == 0 ? device->room[length] : 'x';
    return length > 0 && (behind == 0 || behind == ',' || behind == ' ');
}

enum nearness { NEARNESS_NONE, NEARNESS_SITE, NEARNESS_ROOM, NEARNESS_SET };

static enum nearness nearness_of(const struct printer *printer, const struct device *device)
{
    if (text_equal(printer->id, device->printer))
        return NEARNESS_SET;
    if (!text_equal(printer->site, device->site))
        return NEARNESS_NONE;
    return is_in_room(printer, device) ? NEARNESS_ROOM : NEARNESS_SITE;
}

const struct printer *print_route_nearest(const struct print_world *world, const char *tenant_id,
                                          const struct device *device, bool *foreign)
{
    const struct printer *best = NULL;
    enum nearness how = NEARNESS_NONE;
    bool others = false, well = false;
    const struct sorted_table *printers = state_table(world->state, NOUN_PRINTER);
    for (size_t i = 0; i < printers->count; i++) {
        const struct printer *printer = printers->records[i];
        enum nearness near = nearness_of(printer, device);
        bool mine = wall_may_use(world->state, tenant_id, NOUN_PRINTER, printer->id);
        others = others || (near != NEARNESS_NONE && !mine);
        if (near == NEARNESS_NONE || !mine || near < how)
            continue;
        bool prints = print_route_trouble(world, printer) == JOB_REASON_NONE;
        if (near > how || (prints && !well)) {
            best = printer;
            how = near;
            well = prints;
        }
    }
    if (foreign)
        *foreign = !best && others;
    return best;
}

// ---- the decision

static void decide(struct print_decision *decision, enum print_outcome outcome, enum job_reason reason)
{
    decision->outcome = outcome;
    decision->reason = reason;
}

// It, or the substitute that can print; when none can, it waits for the first.
static void send_to(const struct print_world *world, const struct print_question *question,
                    const struct printer *printer, struct print_decision *decision)
{
    char tenant_id[SLUG_SIZE];
    enum job_reason first = JOB_REASON_NONE;
    wall_owner(tenant_id, decision->person);
    decision->printer = printer;
    for (int hop = 0; printer && hop <= SUBSTITUTES_MAX; hop++) {
        bool failed = text_equal(printer->id, question->avoid);
        enum job_reason trouble = print_route_trouble(world, printer);
        trouble = trouble == JOB_REASON_NONE && failed ? JOB_PRINTER_AWAY : trouble;
        if (trouble == JOB_REASON_NONE) {
            decision->printer = printer;
            const struct grant *grant = wall_grant(world->state, tenant_id, NOUN_PRINTER, printer->id);
            trace_add(&decision->trace, grant ? "printer %s, by grant %s" : "printer %s", printer->id,
                      grant ? grant->id : "");
            decide(decision, PRINT_SEND, hop ? JOB_AT_SUBSTITUTE : JOB_REASON_NONE);
            return;
        }
        trace_add(&decision->trace, "printer %s cannot print now: %s", printer->id, job_reason_words[trouble]);
        first = hop ? first : trouble;
        printer = printer->substitute[0] ? wall_find(world->state, tenant_id, NOUN_PRINTER, printer->substitute) : NULL;
        if (printer)
            trace_add(&decision->trace, "its substitute is %s", printer->id);
    }
    decide(decision, PRINT_WAIT, first);
}

static void send_to_target(const struct print_world *world, const struct print_question *question,
                           struct print_decision *decision)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, decision->person);
    const struct printer *printer = wall_find(world->state, tenant_id, NOUN_PRINTER, question->target);
    bool is_foreign = !printer && state_find(world->state, NOUN_PRINTER, question->target);
    trace_add(&decision->trace,
              printer      ? "%s was chosen"
              : is_foreign ? "%s was chosen, and is another tenant's, without a grant"
                           : "%s was chosen, and is not there",
              question->target);
    if (printer)
        send_to(world, question, printer, decision);
    else
        decide(decision, PRINT_HOLD, is_foreign ? JOB_NO_GRANT : JOB_PRINTER_UNKNOWN);
}

static void send_near(const struct print_world *world, const struct print_question *question,
                      const struct device *device, struct print_decision *decision)
{
    char tenant_id[SLUG_SIZE];
    bool foreign = false;
    wall_owner(tenant_id, decision->person);
    const struct printer *printer = print_route_nearest(world, tenant_id, device, &foreign);
    if (printer) {
        send_to(world, question, printer, decision);
        return;
    }
    trace_add(&decision->trace,
              foreign ? "the printers near %s are another tenant's, without a grant" : "there is no printer near %s",
              device->id);
    decide(decision, PRINT_HOLD, foreign ? JOB_NO_GRANT : JOB_NO_PRINTER_NEAR);
}

// At no desk: as the profile has it, and nobody's profile holds it.
static void send_home(const struct print_world *world, const struct print_question *question,
                      const struct session *session, struct print_decision *decision)
{
    const struct profile *profile = session ? state_find(world->state, NOUN_PROFILE, session->profile) : NULL;
    const struct person *person = state_find(world->state, NOUN_PERSON, decision->person);
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, decision->person);
    const struct printer *own =
        person && person->printer[0] ? wall_find(world->state, tenant_id, NOUN_PRINTER, person->printer) : NULL;
    const struct device *last = session ? state_device(world->state, session->device) : NULL;
    trace_add(&decision->trace, "they are at no desk");
    if (!profile || profile->home_printing == HOME_PRINTING_HOLD || (!own && !last)) {
        decide(decision, PRINT_HOLD, JOB_NOT_AT_A_DESK);
    } else if (own) {
        trace_add(&decision->trace, "their own printer is %s", own->id);
        send_to(world, question, own, decision);
    } else {
        trace_add(&decision->trace, "they have no printer of their own, and were at %s last", last->id);
        send_near(world, question, last, decision);
    }
}

static bool may_print(const struct print_world *world, const struct session *session)
{
    const struct profile *profile = session ? state_find(world->state, NOUN_PROFILE, session->profile) : NULL;
    return !profile || profile->printers;
}

void print_route(const struct print_world *world, const struct print_question *question,
                 struct print_decision *decision)
{
    *decision = (struct print_decision){.outcome = PRINT_HOLD};
    if (!question->principal[0] && !host_vouches(world, question)) {
        trace_add(&decision->trace, "%s has no standing here, so it vouches for nobody", question->host_id);
        decide(decision, PRINT_HOLD, JOB_OWNER_UNKNOWN);
        return;
    }
    if (!print_route_owner(world, question, decision->person)) {
        trace_add(&decision->trace, question->principal[0]
                                        ? "nobody who has logged on has this principal"
                                        : "nobody of this name has a session there, or had one when it was made");
        decide(decision, PRINT_HOLD, JOB_OWNER_UNKNOWN);
        return;
    }
    const struct session *session = present_session(world, question, decision->person);
    const struct device *device =
        session && session->state == SESSION_CONNECTED ? state_device(world->state, session->device) : NULL;
    if (!may_print(world, session)) {
        trace_add(&decision->trace, "profile %s does not include printing", session->profile);
        decide(decision, PRINT_REFUSE, JOB_MAY_NOT_PRINT);
    } else if (question->target[0]) {
        send_to_target(world, question, decision);
    } else if (device) {
        trace_add(&decision->trace, "their session is shown at %s", device->id);
        send_near(world, question, device, decision);
    } else {
        send_home(world, question, session, decision);
    }
}
