// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/print_report.h"
#include "broker/base/text.h"

static const enum job_state told_states[SPOOL_STATE_COUNT] = {
    [SPOOL_WAITING] = JOB_WAITING,     [SPOOL_HELD] = JOB_HELD,           [SPOOL_SENDING] = JOB_PRINTING,
    [SPOOL_SENT] = JOB_PRINTING,       [SPOOL_UNCERTAIN] = JOB_UNCERTAIN, [SPOOL_DONE] = JOB_DONE,
    [SPOOL_CANCELLED] = JOB_CANCELLED,
};

void print_report_job(struct print_message *message, const struct job_dispatch *dispatch, const struct spool_job *job)
{
    *message = (struct print_message){.type = PRINT_JOB,
                                      .state = told_states[job->state],
                                      .reason = job->reason,
                                      .created_ms = job_dispatch_broker_ms(dispatch, job->created_ms),
                                      .size = job->size,
                                      .pages = job->pages};
    TEXT_PUT(message->job, job->id);
    TEXT_PUT(message->host, job->host);
    TEXT_PUT(message->user_name, job->user_name);
    TEXT_PUT(message->principal, job->principal);
    TEXT_PUT(message->person, job->person);
    TEXT_PUT(message->printer, job->printer);
    TEXT_PUT(message->told, job->told);
}

void print_report_printed(struct print_message *message, const struct job_dispatch *dispatch,
                          const struct print_account *entry)
{
    *message = (struct print_message){.type = PRINT_PRINTED,
                                      .number = entry->number,
                                      .at_ms = job_dispatch_broker_ms(dispatch, entry->at_ms),
                                      .impressions = entry->impressions,
                                      .sheets = entry->sheets,
                                      .colour = entry->colour,
                                      .counted = entry->by_document ? COUNTED_BY_DOCUMENT : COUNTED_BY_PRINTER};
    TEXT_PUT(message->job, entry->job);
    TEXT_PUT(message->host, entry->host);
    TEXT_PUT(message->person, entry->person);
    TEXT_PUT(message->printer, entry->printer);
}
