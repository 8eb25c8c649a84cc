// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/own_orders.h"
#include "broker/api/record.h"
#include "broker/base/log.h"
#include "broker/calls/logon_attempt.h"
#include "broker/calls/print_orders.h"
#include "broker/calls/proof.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What somebody at a desk wants done, and what came of it.
struct own_order {
    const char *job;               // "" for nothing: only to be shown
    const struct printer *printer; // where it will come out; NULL: it is cancelled
    enum own_problem problem;
};

// ---- what they see

static void printer_text(const struct services *services, const char *printer_id, char place[NAME_SIZE])
{
    const struct printer *printer = state_find(services->state, NOUN_PRINTER, printer_id);
    const struct site *site =
        printer && printer->site[0] ? state_find(services->state, NOUN_SITE, printer->site) : NULL;
    const char *name = strchr(printer_id, '/');
    owned(text) struct text text = {0};
    text_adds(&text, printer && printer->name[0] ? printer->name : name ? name + 1 : printer_id);
    if (site && site->name[0])
        text_addf(&text, ", %s", site->name);
    if (printer && printer->room[0])
        text_addf(&text, ", %s", printer->room);
    text_cut(place, NAME_SIZE, text.bytes);
}

static int compare_age(const void *a, const void *b)
{
    const struct known_job *const *one = a, *const *other = b;
    return ((*one)->created_ms > (*other)->created_ms) - ((*one)->created_ms < (*other)->created_ms);
}

static void collect_jobs(const struct services *services, const char *person_id, struct own_jobs *own)
{
    const struct known_job *all[PRINT_JOBS_OF_PERSON_MAX];
    size_t count = 0;
    struct print_jobs_walk walk = print_jobs_of(&services->print_jobs, person_id);
    for (const struct known_job *job; count < PRINT_JOBS_OF_PERSON_MAX && (job = print_jobs_next(&walk));)
        if (!known_job_is_over(job) && strchr(job->id, '/'))
            all[count++] = job;
    qsort(all, count, sizeof *all, compare_age);
    own->more = count > OWN_JOBS_MAX;
    for (size_t i = 0; i < count && i < OWN_JOBS_MAX; i++) {
        struct own_job *row = record_add(&own->jobs, &own_job_type);
        text_cut(row->job, sizeof row->job, strchr(all[i]->id, '/') + 1);
        if (all[i]->printer[0])
            printer_text(services, all[i]->printer, row->printer);
        row->state = all[i]->state;
        row->reason = all[i]->reason;
        row->created_ms = all[i]->created_ms;
        row->pages = all[i]->pages;
    }
}

static void add_printer(const struct services *services, const struct printer *printer, struct own_jobs *own)
{
    for (size_t i = 0; i < own->printers.count; i++)
        if (text_equal(record_at(&own->printers, &own_printer_type, i), printer->id))
            return;
    if (own->printers.count == OWN_PRINTERS_MAX)
        return;
    struct own_printer *row = record_add(&own->printers, &own_printer_type);
    TEXT_PUT(row->printer, printer->id);
    printer_text(services, printer->id, row->place);
}

// The nearest, those of the same site, and the others that the person's tenant may use.
static void collect_printers(const struct services *services, const char *tenant_id, const char *device_id,
                             struct own_jobs *own)
{
    const struct device *device = state_device(services->state, device_id);
    struct print_world world = print_world(services);
    const struct printer *nearest = device ? print_route_nearest(&world, tenant_id, device, NULL) : NULL;
    if (nearest)
        add_printer(services, nearest, own);
    for (int far = 0; far < 2; far++) {
        struct wall_walk walk = wall_walk(services->state, tenant_id, NOUN_PRINTER);
        for (const struct printer *printer; (printer = wall_next(&walk));)
            if (far || (device && text_equal(printer->site, device->site)))
                add_printer(services, printer, own);
    }
}

// What was just ordered its print server has not said yet: it is shown as if it had.
static void show_ordered(const struct services *services, const struct own_order *order, struct own_jobs *own)
{
    for (size_t i = 0; i < own->jobs.count; i++) {
        struct own_job *row = record_at(&own->jobs, &own_job_type, i);
        if (!text_equal(row->job, order->job))
            continue;
        row->state = order->printer ? JOB_WAITING : JOB_CANCELLED;
        row->reason = JOB_REASON_NONE;
        if (order->printer)
            printer_text(services, order->printer->id, row->printer);
    }
}

// `person_id`: NULL for one who was never here.
static void collect(const struct services *services, const char *tenant_id, const char *person_id,
                    const char *device_id, const struct own_order *order, struct own_jobs *own)
{
    *own = (struct own_jobs){.problem = order->problem};
    if (person_id)
        collect_jobs(services, person_id, own);
    if (order->problem == OWN_PROBLEM_NONE)
        show_ordered(services, order, own);
    collect_printers(services, tenant_id, device_id, own);
}

// ---- what they may do

// One of the person's own; another's is as good as none.
static struct known_job *find_job(const struct services *services, const char *person_id, const char *name)
{
    struct print_jobs_walk walk = print_jobs_of(&services->print_jobs, person_id);
    for (struct known_job *job; (job = print_jobs_next(&walk));) {
        const char *own = strchr(job->id, '/');
        if (own && text_equal(own + 1, name))
            return job;
    }
    return NULL;
}

// Where it is not said, the nearest; NULL: there is none, or it is not for them.
static const struct printer *find_printer(const struct services *services, const char *tenant_id, const char *device_id,
                                          const char *printer_id)
{
    const struct device *device = state_device(services->state, device_id);
    struct print_world world = print_world(services);
    if (printer_id[0])
        return wall_find(services->state, tenant_id, NOUN_PRINTER, printer_id);
    return device ? print_route_nearest(&world, tenant_id, device, NULL) : NULL;
}

static enum own_problem give_order(struct services *services, const struct known_job *job, enum print_order order,
                                   const char *printer)
{
    char by[ACTOR_SIZE];
    snprintf(by, sizeof by, "person %s", job->person);
    return print_order(services, job, order, printer, by) ? OWN_PROBLEM_NONE : OWN_PROBLEM_SERVER_AWAY;
}

static struct own_order release_job(struct services *services, const char *person_id, const char *device_id,
                                    const char *name, const char *printer_id)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, person_id);
    const struct known_job *job = find_job(services, person_id, name);
    struct own_order order = {.job = name, .printer = find_printer(services, tenant_id, device_id, printer_id)};
    if (!job || known_job_is_over(job) || (!order.printer && printer_id[0]))
        order.problem = OWN_PROBLEM_GONE;
    else if (job->state == JOB_PRINTING)
        order.problem = OWN_PROBLEM_PRINTING;
    else if (!order.printer)
        order.problem = OWN_PROBLEM_NO_PRINTER;
    else // one that waits needs no release: it waits for another printer
        order.problem =
            give_order(services, job, job->state == JOB_WAITING ? PRINT_MOVE : PRINT_RELEASE, order.printer->id);
    return order;
}

static struct own_order cancel_job(struct services *services, const char *person_id, const char *name)
{
    const struct known_job *job = find_job(services, person_id, name);
    struct own_order order = {.job = name, .problem = OWN_PROBLEM_GONE};
    if (job && !known_job_is_over(job))
        order.problem = give_order(services, job, PRINT_CANCEL, "");
    return order;
}

// ---- at the portal

static void collect_at_portal(const struct services *services, const char *person_id, const struct own_order *order,
                              struct own_jobs *own)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, person_id);
    collect(services, tenant_id, person_id, "", order, own);
}

void own_orders_show(const struct services *services, const char *person_id, struct own_jobs *own)
{
    const struct own_order nothing = {.job = ""};
    collect_at_portal(services, person_id, &nothing, own);
}

void own_orders_release(struct services *services, const char *person_id, const char *job, const char *printer_id,
                        struct own_jobs *own)
{
    const struct own_order order = release_job(services, person_id, "", job, printer_id);
    collect_at_portal(services, person_id, &order, own);
}

void own_orders_cancel(struct services *services, const char *person_id, const char *job, struct own_jobs *own)
{
    const struct own_order order = cancel_job(services, person_id, job);
    collect_at_portal(services, person_id, &order, own);
}

// ---- in the session: whoever sits before it

// The session, when it is shown at this desk now, and the desk knows its present number.
static const struct session *shown_session(const struct services *services, const char *device_id,
                                           const struct device_message *message)
{
    char tenant_id[SLUG_SIZE];
    const struct session *session = state_session(services->state, message->session);
    if (!session || !text_equal(session->device, device_id) || session->fence != message->fence ||
        session->state != SESSION_CONNECTED)
        return NULL;
    wall_owner(tenant_id, session->id);
    return wall_may_use(services->state, tenant_id, NOUN_DEVICE, device_id) ? session : NULL;
}

// The print server keeps it with the job, since nothing is kept here.
static void note_told(struct services *services, const struct session *session, const struct device_message *message)
{
    struct print_message told = {.type = PRINT_TOLD, .reason = message->why};
    if (message->why == JOB_SERVER_AWAY) { // of no job that a print server has
        reports_told_unprinted(&services->reports, session->host, session->id);
        return;
    }
    struct known_job *job = find_job(services, session->person, message->job);
    if (!job || job_reasons_have(job->told, message->why))
        return;
    job->told = job_reasons_with(job->told, message->why);
    TEXT_PUT(told.job, message->job);
    log_info("print", "%s: its person was told at %s: %s", job->id, session->device, job_reason_words[message->why]);
    services_tell_print_server(services, job->server, &told);
}

void own_orders_message(struct services *services, const char *device_id, const struct device_message *message)
{
    const struct session *session = shown_session(services, device_id, message);
    struct own_order order = {.job = ""};
    if (!session)
        return;
    if (message->type == DEVICE_NOTICED) {
        note_told(services, session, message);
        return;
    }
    if (message->type == DEVICE_RELEASE)
        order = release_job(services, session->person, device_id, message->job, message->printer);
    else if (message->type == DEVICE_CANCEL)
        order = cancel_job(services, session->person, message->job);
    struct device_message answer = {.type = DEVICE_OWN_JOBS, .fence = session->fence};
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, session->person);
    TEXT_PUT(answer.session, session->id);
    collect(services, tenant_id, session->person, device_id, &order, &answer.own);
    services_tell_device(services, device_id, &answer);
    own_jobs_free(&answer.own);
}

// ---- what they are told

static void tell_notice(struct services *services, const struct session *session, const char *job, int64_t why,
                        const char *printer)
{
    char tenant_id[SLUG_SIZE];
    struct device_message notice = {.type = DEVICE_NOTICE, .fence = session->fence, .why = why};
    wall_owner(tenant_id, session->id);
    if (session->state != SESSION_CONNECTED || !session->device[0] ||
        !wall_may_use(services->state, tenant_id, NOUN_DEVICE, session->device))
        return;
    TEXT_PUT(notice.session, session->id);
    text_cut(notice.job, sizeof notice.job, job);
    if (printer[0])
        printer_text(services, printer, notice.place);
    services_tell_device(services, session->device, &notice);
}

static void tell_of_job(struct services *services, const struct session *session, const struct known_job *job)
{
    const char *name = strchr(job->id, '/');
    if (name)
        tell_notice(services, session, name + 1, job->reason, job->printer);
}

// Each time that its print server is away is told of once, by a name of its own.
static void tell_of_unprinted(struct services *services, const struct host_session *there)
{
    char name[JOB_NAME_SIZE];
    const struct session *session =
        there->unprinted_ms && !there->told_unprinted ? state_session(services->state, there->session) : NULL;
    snprintf(name, sizeof name, "unprinted-%lld", (long long)there->unprinted_ms);
    if (session)
        tell_notice(services, session, name, JOB_SERVER_AWAY, "");
}

void own_orders_reported(struct services *services, const char *host_id)
{
    const struct report *report = reports_find(&services->reports, host_id);
    for (size_t i = 0; report && i < report->session_count; i++) {
        const struct session *session = state_session(services->state, report->sessions[i].session);
        if (session && text_equal(session->host, host_id))
            tell_of_unprinted(services, &report->sessions[i]);
    }
}

void own_orders_notice(struct services *services, const struct known_job *job)
{
    if (!known_job_is_untold(job))
        return;
    struct session_walk walk = state_sessions_of(services->state, SESSIONS_OF_PERSON, job->person);
    for (const struct session *session; (session = state_next_session(&walk));)
        tell_of_job(services, session, job);
}

void own_orders_notices(struct services *services, const struct session *session)
{
    struct print_jobs_walk walk = print_jobs_of(&services->print_jobs, session->person);
    for (const struct known_job *job; (job = print_jobs_next(&walk));)
        if (known_job_is_untold(job))
            tell_of_job(services, session, job);
    const struct host_session *there = report_session(reports_find(&services->reports, session->host), session->id);
    if (there)
        tell_of_unprinted(services, there);
}

// ---- at the greeter: by a proof, as for a logon

struct own_call {
    struct services *services;
    struct request *request;
    struct attempt attempt;
    char job[JOB_NAME_SIZE], printer[ID_SIZE];
};

static void refuse_call(struct own_call *call, enum refusal refusal)
{
    log_info("print", "jobs refused at %s: %s", call->request->peer.id, refusal_rows[refusal].code);
    request_refuse(call->request, refusal, NULL);
    free(call);
}

static struct own_order do_as_asked(const struct own_call *call, const char *person_id)
{
    enum method_id what = call->request->method->id;
    if (what == METHOD_OWN_JOBS || !person_id)
        return (struct own_order){.job = "", .problem = what == METHOD_OWN_JOBS ? OWN_PROBLEM_NONE : OWN_PROBLEM_GONE};
    return what == METHOD_OWN_RELEASE
               ? release_job(call->services, person_id, call->request->peer.id, call->job, call->printer)
               : cancel_job(call->services, person_id, call->job);
}

// Whoever was never here has printed nothing.
static void answer_person(struct own_call *call, const struct identity *identity)
{
    const struct store_person *person = people_by_key(&call->services->people, call->attempt.tenant_id, identity->key);
    const char *person_id = person ? person->id : NULL;
    struct own_jobs own;
    struct own_order order = do_as_asked(call, person_id);
    collect(call->services, call->attempt.tenant_id, person_id, call->request->peer.id, &order, &own);
    request_answer(call->request, &own);
    own_jobs_free(&own);
    free(call);
}

static void proven(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct own_call *call = arg;
    enum refusal refusal = attempt_finish(&call->attempt, call->services, verdict);
    if (refusal == REFUSAL_WRONG_PASSWORD) {
        log_info("print", "jobs refused at %s: %s", call->request->peer.id, refusal_rows[refusal].code);
        attempt_refuse_evenly(&call->attempt, call->services, call->request);
        free(call);
    } else if (refusal != REFUSAL_NONE) {
        refuse_call(call, refusal);
    } else {
        answer_person(call, identity);
    }
}

static void prove_by_ticket(struct own_call *call, const struct tenant *tenant)
{
    struct services *services = call->services;
    struct request *request = call->request;
    char principal[DN_SIZE];
    struct fault why;
    if (services->auth.accept_ticket(services->auth.self, tenant, request->negotiate, request->binding, principal,
                                     request->negotiate_reply, NEGOTIATE_REPLY_SIZE, &why)) {
        proof_look_up(services, tenant, principal, proven, call);
        return;
    }
    log_info("print", "ticket refused at %s: %s", request->peer.id, why.text);
    refuse_call(call, REFUSAL_TICKET_REJECTED);
}

static void prove_by_password(struct own_call *call, const struct tenant *tenant, struct own_jobs_request *body)
{
    owned(secret) struct secret password = {0};
    int64_t wait_ms = 0;
    if (!secret_set(&password, body->password, strlen(body->password))) {
        refuse_call(call, REFUSAL_INVALID);
    } else if (attempt_must_wait(&call->attempt, call->services, &wait_ms)) {
        request_refuse_later(call->request, REFUSAL_TOO_MANY_ATTEMPTS, wait_ms);
        free(call);
    } else {
        record_free(own_jobs_request_type.fields, body); // which has to wait for the directory
        proof_check(call->services, tenant, body->name, &password, proven, call);
    }
}

void call_own_jobs(struct services *services, struct request *request)
{
    struct own_jobs_request *body = request->body;
    const struct tenant *tenant = wall_directory(services->state, request->peer.id, body->name);
    struct own_call *call = mem_new(1, sizeof *call);
    call->services = services;
    call->request = request;
    TEXT_PUT(call->job, body->job);
    TEXT_PUT(call->printer, body->printer);
    attempt_start(&call->attempt, tenant ? tenant->id : "", body->name, &request->peer);
    if (!tenant)
        refuse_call(call, REFUSAL_DEVICE_UNKNOWN);
    else if (request->negotiate)
        prove_by_ticket(call, tenant);
    else
        prove_by_password(call, tenant, body);
}
