// SPDX-License-Identifier: EUPL-1.2
// What a person sees of their own print jobs at a desk, and what they may do with them there: at the greeter by methods
// with name and password, in the session by the desk's link. No titles: nobody here ever had one.
#pragma once
#include "broker/api/job.h"
#include "broker/base/mem.h"

enum { OWN_JOBS_MAX = 20, OWN_PRINTERS_MAX = 16 }; // both, at their longest, fit into one message of the link

struct own_job {
    char job[JOB_NAME_SIZE];
    char printer[NAME_SIZE]; // what people call it; empty: it is not known yet which
    int64_t state, reason;   // enums job_state, job_reason
    int64_t created_ms;
    int64_t pages; // 0: not known
};

struct own_printer {
    char printer[ID_SIZE];
    char place[NAME_SIZE]; // what people call it
};

// What became of an order of the person at the desk.
enum own_problem {
    OWN_PROBLEM_NONE,
    OWN_PROBLEM_GONE,        // it is no job of theirs any more, or the printer is not for them
    OWN_PROBLEM_NO_PRINTER,  // none is near, and none was chosen
    OWN_PROBLEM_PRINTING,    // it is being printed already
    OWN_PROBLEM_SERVER_AWAY, // the print server that has the job does not answer
    OWN_PROBLEM_COUNT,
};
extern const char *const own_problem_words[];
extern const char *const own_problem_sentences[OWN_PROBLEM_COUNT]; // for gettext

struct own_jobs {
    int64_t problem;             // enum own_problem: why the order before was not followed
    struct record_list jobs;     // of struct own_job, the oldest first
    bool more;                   // there are more than these
    struct record_list printers; // of struct own_printer, the nearest to the desk first
};

// Of the methods; each takes what it needs.
struct own_jobs_request {
    char name[USER_NAME_SIZE]; // as typed; empty with Negotiate
    char password[SECRET_MAX + 1];
    char job[JOB_NAME_SIZE];
    char printer[ID_SIZE]; // of a release: there; empty: the nearest to the desk
};

extern const struct record_type own_job_type, own_printer_type, own_jobs_type, own_jobs_request_type,
    own_release_request_type, own_cancel_request_type;

void own_jobs_copy(struct own_jobs *to, const struct own_jobs *from); // `to` is new; own_jobs_free
void own_jobs_free(struct own_jobs *own);
