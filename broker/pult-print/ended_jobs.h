// SPDX-License-Identifier: EUPL-1.2
// Which jobs were over lately: many, and little of each.
#pragma once
#include "broker/pult-print/spool_job.h"

struct ended_job;

struct ended_jobs {         // begins as {0}
    struct ended_job *rows; // by id
    size_t count, capacity;
};

void ended_jobs_add(struct ended_jobs *ended, const char *id, int64_t at_ms); // again is allowed
bool ended_jobs_have(const struct ended_jobs *ended, const char *id);
// Removes one that was over before, and names it. False: there is none (more).
bool ended_jobs_forget(struct ended_jobs *ended, int64_t before_ms, char id[SPOOL_ID_SIZE]);
void ended_jobs_fini(struct ended_jobs *ended);
