// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/own_jobs.h"
#include "broker/api/record.h"

#include <string.h>

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)

#define _(sentence) sentence

const char *const own_problem_sentences[OWN_PROBLEM_COUNT] = {
    [OWN_PROBLEM_NONE] = "",
    [OWN_PROBLEM_GONE] = _("This print job is no longer there, or you may not use that printer."),
    [OWN_PROBLEM_NO_PRINTER] = _("No printer is near this desk. Choose one from the list."),
    [OWN_PROBLEM_PRINTING] = _("This job is being printed already. It can still be deleted."),
    [OWN_PROBLEM_SERVER_AWAY] =
        _("The print server that has this job does not answer. The job is kept. Try again in a minute."),
};
const char *const own_problem_words[] = {"none", "gone", "no-printer", "printing", "server-away", NULL};

static const struct field own_job_fields[] = {
    {.name = "job", .type = FIELD_TEXT, AT(own_job, job), .flags = FIELD_REQUIRED, .sentence = "the print job"},
    {.name = "printer", .type = FIELD_TEXT, AT(own_job, printer), .sentence = "what people call its printer; empty: not decided yet"},
    {.name = "state", .type = FIELD_CHOICE, AT(own_job, state), .choices = job_state_words, .sentence = "how far it is"},
    {.name = "reason", .type = FIELD_CHOICE, AT(own_job, reason), .choices = job_reason_words, .sentence = "why it is no further"},
    {.name = "created", .type = FIELD_TIME, AT(own_job, created_ms), .sentence = "when it was printed in the session"},
    {.name = "pages", .type = FIELD_NUMBER, AT(own_job, pages), .max = INT64_MAX, .sentence = "of the document; 0: not known"},
    {.name = NULL},
};
const struct record_type own_job_type = {"own_job", own_job_fields, sizeof(struct own_job)};

static const struct field own_printer_fields[] = {
    {.name = "printer", .type = FIELD_ID, AT(own_printer, printer), .flags = FIELD_REQUIRED, .refers = NOUN_PRINTER, .sentence = "the printer"},
    {.name = "place", .type = FIELD_TEXT, AT(own_printer, place), .sentence = "what people call it"},
    {.name = NULL},
};
const struct record_type own_printer_type = {"own_printer", own_printer_fields, sizeof(struct own_printer)};

static const struct field own_jobs_fields[] = {
    {.name = "problem", .type = FIELD_CHOICE, AT(own_jobs, problem), .choices = own_problem_words, .sentence = "why the order was not followed; none: it was, or there was none"},
    {.name = "jobs", .type = FIELD_RECORDS, AT(own_jobs, jobs), .max = OWN_JOBS_MAX, .record = &own_job_type, .sentence = "the person's print jobs that are not done, the oldest first"},
    {.name = "more", .type = FIELD_FLAG, AT(own_jobs, more), .sentence = "there are more than these"},
    {.name = "printers", .type = FIELD_RECORDS, AT(own_jobs, printers), .max = OWN_PRINTERS_MAX, .record = &own_printer_type, .sentence = "where they can be released from here, the nearest first"},
    {.name = NULL},
};
const struct record_type own_jobs_type = {"own_jobs", own_jobs_fields, sizeof(struct own_jobs)};

#define PROOF(holder) \
    {.name = "name", .type = FIELD_TEXT, AT(holder, name), .sentence = "user name as typed; empty with a ticket"}, \
    {.name = "password", .type = FIELD_TEXT, AT(holder, password), .flags = FIELD_SECRET, .sentence = "its password"}
#define JOB {.name = "job", .type = FIELD_TEXT, AT(own_jobs_request, job), .flags = FIELD_REQUIRED, .sentence = "one of the person's own print jobs"}

static const struct field own_jobs_request_fields[] = {PROOF(own_jobs_request), {.name = NULL}};
const struct record_type own_jobs_request_type = {"own_jobs_request", own_jobs_request_fields, sizeof(struct own_jobs_request)};

static const struct field own_release_request_fields[] = {
    PROOF(own_jobs_request),
    JOB,
    {.name = "printer", .type = FIELD_ID, AT(own_jobs_request, printer), .refers = NOUN_PRINTER, .sentence = "print it there; empty: at the printer nearest to the desk"},
    {.name = NULL},
};
const struct record_type own_release_request_type = {"own_release_request", own_release_request_fields, sizeof(struct own_jobs_request)};

static const struct field own_cancel_request_fields[] = {PROOF(own_jobs_request), JOB, {.name = NULL}};
const struct record_type own_cancel_request_type = {"own_cancel_request", own_cancel_request_fields, sizeof(struct own_jobs_request)};
// clang-format on

static void copy_rows(struct record_list *to, const struct record_list *from, const struct record_type *type)
{
    for (size_t i = 0; i < from->count; i++)
        memcpy(record_add(to, type), record_at(from, type, i), type->size);
}

void own_jobs_copy(struct own_jobs *to, const struct own_jobs *from)
{
    *to = (struct own_jobs){.problem = from->problem, .more = from->more};
    copy_rows(&to->jobs, &from->jobs, &own_job_type);
    copy_rows(&to->printers, &from->printers, &own_printer_type);
}

void own_jobs_free(struct own_jobs *own)
{
    record_free(own_jobs_fields, own);
    *own = (struct own_jobs){.more = false};
}
