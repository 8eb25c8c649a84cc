// SPDX-License-Identifier: EUPL-1.2
// The print jobs of whoever is logged on at the portal, which wait or are held: seen, released at a printer, deleted.
#include "broker/api/own_jobs.h"
#include "broker/api/record.h"
#include "broker/calls/own_orders.h"
#include "broker/calls/portal.h"
#include "broker/calls/portal_person.h"

static void add_job(const struct request *request, const struct own_job *job, struct record_list *jobs)
{
    struct view_job *row = record_add(jobs, &view_job_type);
    const char *why = job_reason_sentences[job->reason];
    TEXT_PUT(row->job, job->job);
    TEXT_PUT(row->printer, job->printer);
    text_cut(row->sentence, sizeof row->sentence,
             portal_sentence(request, *why ? why : job_state_sentences[job->state]));
    row->created_ms = job->created_ms;
    row->pages = job->pages;
}

static void fill_token(const struct request *request, enum method_id id, char token[COOKIE_MAC_SIZE])
{
    cookie_form_token(request->visit->session, method_find(id, NOUN_NONE)->path, token);
}

static void answer_jobs(struct services *services, struct request *request, const struct own_jobs *own)
{
    struct view_jobs view = {.more = own->more};
    const char *problem = own_problem_sentences[own->problem];
    portal_frame(services, request, &view.frame);
    text_cut(view.problem, sizeof view.problem, *problem ? portal_sentence(request, problem) : "");
    for (size_t i = 0; i < own->jobs.count; i++)
        add_job(request, record_at(&own->jobs, &own_job_type, i), &view.jobs);
    for (size_t i = 0; i < own->printers.count; i++) {
        const struct own_printer *printer = record_at(&own->printers, &own_printer_type, i);
        struct view_printer *row = record_add(&view.printers, &view_printer_type);
        TEXT_PUT(row->printer, printer->printer);
        TEXT_PUT(row->place, printer->place);
    }
    fill_token(request, METHOD_PORTAL_JOB_RELEASE, view.release_token);
    fill_token(request, METHOD_PORTAL_JOB_CANCEL, view.cancel_token);
    TEXT_PUT(view.help_desk, request->help_desk);
    portal_answer(request, 200, VIEW_JOBS, &view);
    record_free(view_jobs_type.fields, &view);
}

static void show_jobs(struct services *services, struct request *request, const struct identity *identity)
{
    struct own_jobs own;
    (void)identity;
    own_orders_show(services, request->peer.id, &own);
    answer_jobs(services, request, &own);
    own_jobs_free(&own);
}

void call_portal_jobs(struct services *services, struct request *request)
{
    portal_person_enter(services, request, show_jobs);
}

static void do_order(struct services *services, struct request *request, const struct identity *identity)
{
    const struct portal_job_request *body = request->body;
    struct own_jobs own;
    (void)identity;
    if (!portal_form_is_ours(request, body->token)) {
        portal_send_on(request, "/jobs");
        return;
    }
    if (request->method->id == METHOD_PORTAL_JOB_RELEASE)
        own_orders_release(services, request->peer.id, body->job, body->printer, &own);
    else
        own_orders_cancel(services, request->peer.id, body->job, &own);
    answer_jobs(services, request, &own);
    own_jobs_free(&own);
}

void call_portal_job_release(struct services *services, struct request *request)
{
    portal_person_enter(services, request, do_order);
}

void call_portal_job_cancel(struct services *services, struct request *request)
{
    portal_person_enter(services, request, do_order);
}
