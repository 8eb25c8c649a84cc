// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/print_messages.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/own_orders.h"
#include "broker/calls/print_orders.h"
#include "broker/calls/print_requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_MS = 60 * 60 * 1000 };

void print_linked(struct services *services, const char *server_id)
{
    log_info("print", "%s: print server connected", server_id);
    print_jobs_link(&services->print_jobs, server_id, true, clock_steady_ms());
    print_welcome(services, server_id);
}

void print_unlinked(struct services *services, const char *server_id)
{
    log_warn("print", "%s: print server disconnected; its jobs wait there", server_id);
    print_jobs_link(&services->print_jobs, server_id, false, clock_steady_ms());
    print_requests_end(services, server_id);
    if (!state_find(services->state, NOUN_PRINT_SERVER, server_id))
        print_jobs_forget(&services->print_jobs, server_id);
}

// ---- where a job is to go

static int64_t delete_at_ms(const struct services *services, const char *owner, int64_t created_ms)
{
    char tenant_id[SLUG_SIZE];
    int64_t now_ms = commit_now_ms(services->commit);
    wall_owner(tenant_id, owner);
    const struct tenant *tenant = state_tenant(services->state, tenant_id);
    int64_t from_ms = created_ms > 0 && created_ms < now_ms ? created_ms : now_ms;
    return tenant ? from_ms + tenant_job_hours(tenant) * HOUR_MS : 0;
}

static void open_key(struct services *services, const char *server_id, const struct print_message *asked,
                     struct print_message *answer)
{
    struct fault why = {0};
    if (answer->outcome != PRINT_SEND || !asked->sealed[0])
        return;
    if (services->seal.open(services->seal.self, asked->sealed, server_id, answer->key, sizeof answer->key, &why))
        return;
    log_warn("print", "%s: its key cannot be opened, so it is held: %s", asked->job, why.text);
    answer->outcome = PRINT_HOLD;
    answer->reason = JOB_SEALED_FOR_ANOTHER_BROKER;
}

static void answer_route(struct services *services, const char *server_id, const struct print_message *asked)
{
    struct print_message answer = {.type = PRINT_ROUTED, .request_id = asked->request_id};
    struct print_decision decision;
    struct print_question question = {
        .server_id = server_id,
        .host_id = asked->host,
        .certificate = asked->certificate,
        .certified_ms = asked->certified_ms,
        .user_name = asked->user_name,
        .principal = asked->principal,
        .target = asked->target,
        .avoid = asked->avoid,
        .created_ms = asked->created_ms,
    };
    struct print_world world = print_world(services);
    services->counters.routes++;
    print_route(&world, &question, &decision);
    answer.outcome = decision.outcome;
    answer.reason = decision.reason;
    const char *owner = decision.person[0] ? decision.person : asked->host[0] ? asked->host : server_id;
    answer.delete_at_ms = delete_at_ms(services, owner, asked->created_ms);
    TEXT_PUT(answer.job, asked->job);
    TEXT_PUT(answer.person, decision.person);
    TEXT_PUT(answer.trace, decision.trace.lines);
    if (decision.printer) {
        TEXT_PUT(answer.printer, decision.printer->id);
        TEXT_PUT(answer.uri, decision.printer->uri);
        TEXT_PUT(answer.fingerprint, decision.printer->fingerprint);
    }
    open_key(services, server_id, asked, &answer);
    services_tell_print_server(services, server_id, &answer);
    explicit_bzero(answer.key, sizeof answer.key);
}

// ---- what it says of jobs and printers

static void complain(struct services *services, const char *server_id, const char *what)
{
    struct known_server *server = print_jobs_server(&services->print_jobs, server_id);
    if (!server->complained)
        log_warn("print", "%s: ignored what it says %s", server_id, what);
    server->complained = true;
}

static bool serves_owner_of(const struct services *services, const char *server_id, const char *id)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, id);
    return print_route_serves(services->state, server_id, tenant_id);
}

// It speaks of people of the tenants that it serves, and of those who may be on the hosts of these.
static bool may_speak_of(const struct services *services, const char *server_id, const char *person_id,
                         const char *host_id)
{
    char tenant_id[SLUG_SIZE];
    if (!id_is_valid(NOUN_PERSON, person_id))
        return false;
    wall_owner(tenant_id, person_id);
    return serves_owner_of(services, server_id, person_id) ||
           (host_id[0] && serves_owner_of(services, server_id, host_id) &&
            wall_find(services->state, tenant_id, NOUN_HOST, host_id));
}

static void take_job(struct services *services, const char *server_id, const struct print_message *message)
{
    struct known_job said = {.state = message->state,
                             .reason = message->reason,
                             .created_ms = message->created_ms,
                             .size = message->size,
                             .pages = message->pages,
                             .told = job_reasons_read(message->told),
                             .heard_ms = clock_steady_ms()};
    if (!text_is_slug(message->job, strlen(message->job))) {
        complain(services, server_id, "of a job without a name");
        return;
    }
    if (serves_owner_of(services, server_id, message->host))
        TEXT_PUT(said.host, message->host);
    if (may_speak_of(services, server_id, message->person, said.host))
        TEXT_PUT(said.person, message->person);
    else if (message->person[0])
        complain(services, server_id, "of somebody whom it does not serve");
    if (id_is_valid(NOUN_PRINTER, message->printer))
        TEXT_PUT(said.printer, message->printer);
    TEXT_PUT(said.server, server_id);
    TEXT_PUT(said.user_name, message->user_name[0] ? message->user_name : message->principal);
    id_beside(said.id, said.person[0] ? said.person : said.host[0] ? said.host : server_id, message->job);
    const char *owner = said.person[0] ? said.person : said.id;
    said.delete_at_ms = known_job_is_over(&said) ? 0 : delete_at_ms(services, owner, said.created_ms);
    const struct known_job *job = print_jobs_take(&services->print_jobs, &said);
    if (job)
        own_orders_notice(services, job);
    else
        complain(services, server_id, "of more jobs than are remembered, or of another's");
}

static void take_printer(struct services *services, const char *server_id, const struct print_message *message)
{
    const struct printer *printer = state_find(services->state, NOUN_PRINTER, message->printer);
    if (!printer || !print_may_use(services, server_id, printer->id)) {
        complain(services, server_id, "of a printer that it may not use");
        return;
    }
    if (print_jobs_printer(&services->print_jobs, server_id, printer->id, (enum printer_state)message->printer_state,
                           message->detail, clock_steady_ms()))
        log_info("print", "%s: %s%s%s", printer->id, printer_state_words[message->printer_state],
                 message->detail[0] ? ", " : "", message->detail);
}

// ---- accounts

struct pending_account {
    struct services *services;
    char server[ID_SIZE];
};

static void entry_written(void *arg, bool durable, const struct fault *why)
{
    struct pending_account *entry = arg;
    struct services *services = entry->services;
    struct known_server *server = print_jobs_server(&services->print_jobs, entry->server);
    server->entries--;
    if (durable)
        print_tell_counted(services, entry->server); // of the last one that waits: all before are written, too
    else
        log_warn("print", "%s: an account was not recorded, and comes again: %s", entry->server, why->text);
    free(entry);
}

static void fill_account(const struct services *services, const char *server_id, const struct print_message *message,
                         struct print_job *job)
{
    const struct printer *printer = state_find(services->state, NOUN_PRINTER, message->printer);
    bool known = may_speak_of(services, server_id, message->person, message->host);
    id_beside(job->id, known ? message->person : server_id, message->job);
    TEXT_PUT(job->person, known ? message->person : "");
    TEXT_PUT(job->printer, id_is_valid(NOUN_PRINTER, message->printer) ? message->printer : "");
    TEXT_PUT(job->server, server_id);
    job->number = message->number;
    job->impressions = message->impressions;
    job->sheets = message->sheets;
    job->colour = message->colour;
    job->counted = message->counted;
    job->printed_ms = message->at_ms;
    int64_t price = !printer ? 0 : message->colour ? printer->price_colour : printer->price_mono;
    job->price = message->impressions * price; // both are bounded
}

// By which another tenant's printer was used.
static void name_grant(const struct services *services, struct event *event)
{
    const struct print_job *job = &event->record.job;
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, job->id);
    if (!job->person[0] || !job->printer[0] || wall_owns(tenant_id, job->printer))
        return;
    const struct grant *grant = wall_grant(services->state, tenant_id, NOUN_PRINTER, job->printer);
    if (grant)
        snprintf(event->why, sizeof event->why, "by grant %s", grant->id);
    else
        TEXT_PUT(event->why, "by a grant that is over");
}

// What comes again stands in the journal: it is acknowledged once more, and not written.
static void take_printed(struct services *services, const char *server_id, const struct print_message *message)
{
    const struct print_server *record = state_find(services->state, NOUN_PRINT_SERVER, server_id);
    struct event event = {.type = EVENT_JOB_PRINTED, .noun = NOUN_JOB};
    struct fault why;
    if (!record || !text_is_slug(message->job, strlen(message->job)))
        return;
    if (message->number <= record->accounts) {
        print_tell_counted(services, server_id);
        return;
    }
    if (message->number > record->accounts + 1)
        log_warn("print", "%s: its accounts go on with entry %lld, and the journal ends at %lld", server_id,
                 (long long)message->number, (long long)record->accounts);
    snprintf(event.by, sizeof event.by, "print-server %s", server_id);
    fill_account(services, server_id, message, &event.record.job);
    name_grant(services, &event);
    struct pending_account *entry = mem_new(1, sizeof *entry);
    entry->services = services;
    TEXT_PUT(entry->server, server_id);
    print_jobs_server(&services->print_jobs, server_id)->entries++;
    services->counters.pages += (uint64_t)message->impressions;
    if (commit_events(services->commit, &event, 1, NULL, 0, entry_written, entry, &why))
        return;
    log_warn("print", "%s: account %lld not recorded, and comes again: %s", server_id, (long long)message->number,
             why.text);
    print_jobs_server(&services->print_jobs, server_id)->entries--;
    free(entry);
}

void print_message(struct services *services, const char *server_id, struct print_message *message)
{
    switch ((enum print_message_type)message->type) {
    case PRINT_ROUTE:
        answer_route(services, server_id, message);
        return;
    case PRINT_JOB:
        take_job(services, server_id, message);
        return;
    case PRINT_JOBS_END:
        print_jobs_complete(&services->print_jobs, server_id);
        return;
    case PRINT_PRINTER:
        take_printer(services, server_id, message);
        return;
    case PRINT_PROBED:
    case PRINT_TESTED:
        print_requests_answered(services, server_id, message);
        return;
    case PRINT_PRINTED:
        take_printed(services, server_id, message);
        return;
    case PRINT_WELCOME:
    case PRINT_PRINTERS:
    case PRINT_ROUTED:
    case PRINT_ORDER:
    case PRINT_PROBE:
    case PRINT_TEST_PAGE:
    case PRINT_COUNTED:
    case PRINT_TOLD:
    case PRINT_MESSAGE_TYPE_COUNT:
        return; // the broker's own
    }
}

void print_sweep(struct services *services)
{
    print_jobs_sweep(&services->print_jobs, clock_steady_ms());
    print_requests_sweep(services);
    print_tell_printers(services); // a grant may have come to its end
}
