// SPDX-License-Identifier: EUPL-1.2
// What the broker is told of jobs, and of what was printed; when that was by its clock, since the hour here may be
// wrong.
#pragma once
#include "broker/pult-print/accounts.h"
#include "broker/pult-print/job_dispatch.h"

void print_report_job(struct print_message *message, const struct job_dispatch *dispatch, const struct spool_job *job);
void print_report_printed(struct print_message *message, const struct job_dispatch *dispatch,
                          const struct print_account *entry);
