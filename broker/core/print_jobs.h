// SPDX-License-Identifier: EUPL-1.2
// What print servers say of their jobs and of printers: soft state, as hosts' reports are. A print server has the jobs
// and is right about them; it says all of them when its link comes up, and each change after. While it is silent what
// it said last is kept, so nothing is lost by its silence.
#pragma once
#include "broker/api/print_link.h"
#include "broker/base/sorted_table.h"

enum {
    PRINT_JOBS_OF_SERVER_MAX = 20000, // that are remembered of one print server, and of one person there
    PRINT_JOBS_OF_PERSON_MAX = 500,
    PRINT_JOB_OVER_MS = 10 * 60 * 1000,        // so long one that is out, or was cancelled, is still shown
    PRINT_UNTOLD_MS = 7 * 24 * 60 * 60 * 1000, // and so long while its person was not told of it
    PRINT_AWAY_MS = 60 * 1000, // so long a printer is believed to be away that nobody has said so again of
};

struct known_job {
    char id[ID_SIZE];     // the key: "tenant/j-<hex>", of its owner's tenant, or of its host's while nobody knows them
    char server[ID_SIZE]; // the print server that has it
    char person[ID_SIZE]; // empty: not found out
    char host[ID_SIZE];
    char user_name[USER_NAME_SIZE]; // as the host says
    char printer[ID_SIZE];
    int64_t state, reason; // enums job_state, job_reason
    int64_t created_ms, delete_at_ms, size, pages;
    int64_t heard_ms; // steady
    uint64_t told;    // the reasons of which its person was told (job_reasons_have)
    bool stale;       // said before its print server's link came up last, and not again yet
};

struct known_printer {
    char id[ID_SIZE]; // the key
    char server[ID_SIZE];
    int64_t state; // enum printer_state
    char detail[PRINT_DETAIL_SIZE];
    int64_t since_ms; // steady: when it came into this state
    int64_t heard_ms; // steady: when that was last said
};

struct known_server {
    char id[ID_SIZE]; // the key
    bool linked;
    int64_t changed_ms;         // steady: when `linked` last changed
    size_t jobs;                // of the table
    size_t entries;             // of its accounts that are being written
    char printers[DIGEST_SIZE]; // of what it was told last of printers; empty: nothing yet
    bool complained;            // of something that it should not have said: the log knows
};

struct print_jobs {
    struct sorted_table jobs;      // struct known_job
    struct sorted_table of_person; // the same, by person
    struct sorted_table printers;  // struct known_printer
    struct sorted_table servers;   // struct known_server
};

void print_jobs_init(struct print_jobs *jobs);
void print_jobs_clear(struct print_jobs *jobs); // as after print_jobs_init

struct known_server *print_jobs_server(struct print_jobs *jobs, const char *server_id); // made when it is new
// Its link came up: all that it said before is stale; or it is gone.
void print_jobs_link(struct print_jobs *jobs, const char *server_id, bool up, int64_t now_ms);
// It has said all jobs: what is stale still is forgotten.
void print_jobs_complete(struct print_jobs *jobs, const char *server_id);
void print_jobs_forget(struct print_jobs *jobs, const char *server_id); // it was removed
// Forgets what has been over for long; and that a printer is away, so that it is tried again.
void print_jobs_sweep(struct print_jobs *jobs, int64_t now_ms);

// What its print server says of a job, as `said`; what it does not say (delete_at_ms, and a person once found out)
// stays as it was, and what its person was told. The row, which is good until the next change; NULL when it is too
// much, or another server's.
struct known_job *print_jobs_take(struct print_jobs *jobs, const struct known_job *said);
const struct known_job *print_jobs_find(const struct print_jobs *jobs, const char *id);
bool known_job_is_over(const struct known_job *job); // out, or cancelled
// There is something to say to its person that they were not told, and did not do themselves.
bool known_job_is_untold(const struct known_job *job);

// How many are not over; of a printer, of a print server; NULL: of any.
int64_t print_jobs_waiting(const struct print_jobs *jobs, const char *printer_id, const char *server_id);

// Walks a person's jobs:
// struct print_jobs_walk walk = print_jobs_of(jobs, person_id);
// for (const struct known_job *job; (job = print_jobs_next(&walk));)
struct print_jobs_walk {
    const struct print_jobs *jobs;
    const char *person; // borrowed
    size_t at;
};
struct print_jobs_walk print_jobs_of(const struct print_jobs *jobs, const char *person_id);
struct known_job *print_jobs_next(struct print_jobs_walk *walk);

// True when its state is another than before.
bool print_jobs_printer(struct print_jobs *jobs, const char *server_id, const char *printer_id,
                        enum printer_state state, const char *detail, int64_t now_ms);
enum printer_state print_jobs_printer_state(const struct print_jobs *jobs, const char *printer_id);
