// SPDX-License-Identifier: EUPL-1.2
// Print jobs, as their print servers tell of them, and what administrators do with them.
#include "broker/api/record.h"
#include "broker/calls/print_orders.h"

static void fill_job(struct job_status *status, const struct services *services, const struct known_job *job)
{
    const struct store_person *person = job->person[0] ? people_find(&services->people, job->person) : NULL;
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
    const struct sorted_table *jobs = &services->print_jobs.jobs;
    const char *after = request->page.after;
    struct noun_list list = {0};
    bool more = false;
    size_t i = after[0] ? sorted_table_from(jobs, after) : 0;
    for (i += i < jobs->count && text_equal(jobs->records[i], after); !more && i < jobs->count; i++) {
        const struct known_job *job = jobs->records[i];
        if (!wall_can_see(services->state, &request->peer, NOUN_JOB, job->id) ||
            (request->page.tenant[0] && !wall_owns(request->page.tenant, job->id)))
            continue;
        more = (int64_t)list.items.count == request->page.limit;
        if (!more)
            fill_job(record_add(&list.items, &job_status_type), services, job);
    }
    if (more)
        TEXT_PUT(list.next, record_at(&list.items, &job_status_type, list.items.count - 1));
    request_answer(request, &list);
    record_free(noun_list_types[NOUN_JOB].fields, &list);
}

static void answer_job(const struct services *services, struct request *request, const struct known_job *job)
{
    struct job_status answer;
    fill_job(&answer, services, job);
    request_answer(request, &answer);
}

// NULL, and refused: there is none.
static const struct known_job *find_job(const struct services *services, struct request *request)
{
    const struct known_job *job = print_jobs_find(&services->print_jobs, request->id);
    if (!job)
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
    return job;
}

void call_job_show(struct services *services, struct request *request)
{
    const struct known_job *job = find_job(services, request);
    if (job)
        answer_job(services, request, job);
}

static void give_order(struct services *services, struct request *request, enum print_order order, const char *printer)
{
    const struct known_job *job = find_job(services, request);
    char tenant_id[SLUG_SIZE], by[ACTOR_SIZE];
    if (!job)
        return;
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
        answer_job(services, request, job);
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
