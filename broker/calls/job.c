// SPDX-License-Identifier: EUPL-1.2
// Print jobs, as their print servers tell of them.
#include "broker/calls/services.h"

void call_jobs(struct services *services, struct request *request)
{
    (void)services;
    request_answer(request, &(struct noun_list){0});
}

void call_job_show(struct services *services, struct request *request)
{
    (void)services;
    request_refuse(request, REFUSAL_NOT_FOUND, NULL);
}

void call_job_release(struct services *services, struct request *request)
{
    (void)services;
    request_refuse(request, REFUSAL_NOT_FOUND, NULL);
}

void call_job_cancel(struct services *services, struct request *request)
{
    (void)services;
    request_refuse(request, REFUSAL_NOT_FOUND, NULL);
}

void call_job_move(struct services *services, struct request *request)
{
    (void)services;
    request_refuse(request, REFUSAL_NOT_FOUND, NULL);
}
