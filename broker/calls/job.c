// SPDX-License-Identifier: EUPL-1.2
// Print jobs, as their print servers tell of them, and what administrators do with them.
#include "broker/calls/print_orders.h"
#include "broker/calls/told_list.h"

static void fill_job(void *filled, const struct services *services, const void *record)
{
    const struct known_job *job = record;
    const struct store_person *person = job->person[0] ? people_find(&services->people, job->person) : NULL;
    struct job_status *status = filled;
    *status = (struct job_status){.state = job->state,
                                  .reason = job->reason,
                                  .created_ms = job->created_ms,
                                  .delete_at_ms = job->delete_at_ms,
                                  .size = job->size,
                                  .pages = job->pages};
    TEXT_PUT(status->id, job->id);
    TEXT_PUT(status->person, job->person);
    TEXT_PUT(status->user_name, person ? person->user_name : job->user_name);
    TEXT_PUT(status->printer, job->printer);
    TEXT_PUT(status->server, job->server);
    TEXT_PUT(status->host, job->host);
}

void call_jobs(struct services *services, struct request *request)
{
    told_list(services, request, &services->print_jobs.jobs, fill_job);
}

void call_job_show(struct services *services, struct request *request)
{
    told_show(services, request, print_jobs_find(&services->print_jobs, request->id), fill_job);
}

static void give_order(struct services *services, struct request *request, enum print_order order, const char *printer)
{
    const struct known_job *job = print_jobs_find(&services->print_jobs, request->id);
    char tenant_id[SLUG_SIZE], by[ACTOR_SIZE];
    if (!job) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    wall_owner(tenant_id, job->id);
    services_actor(by, request);
    if (printer[0] && !wall_find(services->state, tenant_id, NOUN_PRINTER, printer))
        request_refuse(request, REFUSAL_INVALID, "printer: there is none of this name that its person may use");
    else if (known_job_is_over(job))
        request_refuse(request, REFUSAL_CONFLICT, "this job is out already, or was cancelled");
    else if (order == PRINT_RELEASE && job->state != JOB_HELD && job->state != JOB_UNCERTAIN)
        request_refuse(
            request, REFUSAL_CONFLICT,
            "this job is not held: it is printed as soon as it can be; job move sends it to another printer");
    else if (!print_order(services, job, order, printer, by))
        request_refuse(request, REFUSAL_NO_PRINT_SERVER, NULL);
    else
        told_show(services, request, job, fill_job);
}

void call_job_release(struct services *services, struct request *request)
{
    const struct job_release_request *body = request->body;
    give_order(services, request, PRINT_RELEASE, body->printer);
}

void call_job_cancel(struct services *services, struct request *request)
{
    give_order(services, request, PRINT_CANCEL, "");
}

void call_job_move(struct services *services, struct request *request)
{
    const struct job_move_request *body = request->body;
    give_order(services, request, PRINT_MOVE, body->printer);
}
