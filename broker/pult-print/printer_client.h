// SPDX-License-Identifier: EUPL-1.2
// What is asked of a printer, in words of ours. Blocks: for a thread. Faults as ipp_line_ask has them, and for what it
// answered: FAULT_BUSY later, FAULT_CONFLICT it prints nothing at the moment, FAULT_INVALID it refuses this,
// FAULT_ABSENT no such job.
#pragma once
#include "broker/api/job.h"
#include "broker/pult-print/ipp_line.h"
#include "broker/pult-print/print_options.h"

enum { PRINTER_TEXT_SIZE = 128, PRINTER_DETAIL_SIZE = 256, PRINTER_JOB_NAME_SIZE = 64 };

// What it is and how it is.
struct printer_facts {
    char name[PRINTER_TEXT_SIZE], location[PRINTER_TEXT_SIZE], make[PRINTER_TEXT_SIZE];
    struct printer_abilities abilities;
    bool colour, duplex;
    bool takes_parts;                 // Create-Job and Send-Document: half a job shows
    enum printer_state state;         // stopped also while it takes no jobs
    char detail[PRINTER_DETAIL_SIZE]; // its own words for the state: media-empty
    int64_t up_s;                     // since when it runs; -1: it does not say
};

enum printer_job_state {
    PRINTER_JOB_INCOMPLETE, // it waits for the document
    PRINTER_JOB_ACTIVE,
    PRINTER_JOB_STOPPED, // with the printer, for paper
    PRINTER_JOB_COMPLETED,
    PRINTER_JOB_CANCELLED, // at the printer, or by us
    PRINTER_JOB_ABORTED,   // by the printer
};

struct printer_job {
    int64_t number;
    enum printer_job_state state;
    char reasons[PRINTER_DETAIL_SIZE];
    int64_t impressions, sheets; // -1: it does not say
    int64_t colour;              // 1, 0; -1: it does not say
};

// Sent as it stands: fitted before.
struct printer_order {
    char name[PRINTER_JOB_NAME_SIZE];
    char format[FORMAT_SIZE];
    struct print_options options;
    struct ipp_document document;
};

bool printer_read(struct ipp_line *line, struct printer_facts *facts, struct fault *why)
    __attribute__((warn_unused_result));
// FAULT_BROKEN: it may have all, part or nothing of it. *number is 0 unless it gave one.
bool printer_send(struct ipp_line *line, const struct printer_facts *facts, const struct printer_order *order,
                  int64_t *number, struct fault *why) __attribute__((warn_unused_result));
// Its job of that number, if that is the one of our name.
bool printer_job_read(struct ipp_line *line, int64_t number, const char *name, struct printer_job *job,
                      struct fault *why) __attribute__((warn_unused_result));
// Also true when it is over already.
bool printer_job_cancel(struct ipp_line *line, int64_t number, struct fault *why) __attribute__((warn_unused_result));

// By the name alone, after somebody may have sent it `age_s` ago.
enum printer_search {
    PRINTER_FOUND,
    PRINTER_NEVER_CAME,  // it remembers what was before that, and has none of this name
    PRINTER_CANNOT_TELL, // it was switched off since, forgets what is over, or gives no names
};
bool printer_job_find(struct ipp_line *line, const char *name, int64_t age_s, enum printer_search *found,
                      struct printer_job *job, struct fault *why) __attribute__((warn_unused_result));
