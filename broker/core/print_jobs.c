// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/print_jobs.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool known_job_is_over(const struct known_job *job)
{
    return job->state == JOB_DONE || job->state == JOB_CANCELLED;
}

bool known_job_is_untold(const struct known_job *job)
{
    // What they did themselves they know.
    bool silent = job->reason == JOB_REASON_NONE || job->reason == JOB_BY_ITS_PERSON;
    return job->person[0] && !silent && (job->state != JOB_DONE || job->reason == JOB_AT_SUBSTITUTE) &&
           !job_reasons_have(job->told, job->reason);
}

void print_jobs_init(struct print_jobs *jobs)
{
    *jobs = (struct print_jobs){.of_person.key_offset = offsetof(struct known_job, person)};
}

void print_jobs_clear(struct print_jobs *jobs)
{
    sorted_table_forget(&jobs->of_person);
    sorted_table_clear(&jobs->jobs);
    sorted_table_clear(&jobs->printers);
    sorted_table_clear(&jobs->servers);
}

// ---- print servers

struct known_server *print_jobs_server(struct print_jobs *jobs, const char *server_id)
{
    struct known_server *server = sorted_table_find(&jobs->servers, server_id);
    if (server)
        return server;
    server = mem_new(1, sizeof *server);
    TEXT_PUT(server->id, server_id);
    sorted_table_put(&jobs->servers, server);
    return server;
}

static void drop_job(struct print_jobs *jobs, struct known_job *job)
{
    struct known_server *server = print_jobs_server(jobs, job->server);
    assert(server->jobs > 0);
    server->jobs--;
    sorted_table_take_record(&jobs->of_person, job);
    sorted_table_take(&jobs->jobs, job->id);
    free(job);
}

typedef bool job_test(const struct known_job *job, const char *server_id, int64_t now_ms);

static void drop_where(struct print_jobs *jobs, job_test *goes, const char *server_id, int64_t now_ms)
{
    for (size_t i = jobs->jobs.count; i-- > 0;)
        if (goes(jobs->jobs.records[i], server_id, now_ms))
            drop_job(jobs, jobs->jobs.records[i]);
}

static bool is_of_server(const struct known_job *job, const char *server_id, int64_t now_ms)
{
    (void)now_ms;
    return text_equal(job->server, server_id);
}

static bool is_stale(const struct known_job *job, const char *server_id, int64_t now_ms)
{
    return job->stale && is_of_server(job, server_id, now_ms);
}

static bool is_long_over(const struct known_job *job, const char *server_id, int64_t now_ms)
{
    (void)server_id;
    int64_t kept_ms = known_job_is_untold(job) ? PRINT_UNTOLD_MS : PRINT_JOB_OVER_MS;
    return known_job_is_over(job) && now_ms - job->heard_ms > kept_ms;
}

static void drop_printers_of(struct print_jobs *jobs, const char *server_id)
{
    for (size_t i = jobs->printers.count; i-- > 0;) {
        struct known_printer *printer = jobs->printers.records[i];
        if (text_equal(printer->server, server_id))
            free(sorted_table_take(&jobs->printers, printer->id));
    }
}

void print_jobs_link(struct print_jobs *jobs, const char *server_id, bool up, int64_t now_ms)
{
    struct known_server *server = print_jobs_server(jobs, server_id);
    server->linked = up;
    server->changed_ms = now_ms;
    server->printers[0] = 0;
    for (size_t i = 0; up && i < jobs->jobs.count; i++) {
        struct known_job *job = jobs->jobs.records[i];
        job->stale = job->stale || text_equal(job->server, server_id);
    }
    drop_printers_of(jobs, server_id); // how they are now nobody knows
}

void print_jobs_complete(struct print_jobs *jobs, const char *server_id)
{
    drop_where(jobs, is_stale, server_id, 0);
}

void print_jobs_forget(struct print_jobs *jobs, const char *server_id)
{
    drop_where(jobs, is_of_server, server_id, 0);
    drop_printers_of(jobs, server_id);
    struct known_server *server = sorted_table_find(&jobs->servers, server_id);
    if (server && !server->entries) // else somebody still waits for what is being written
        free(sorted_table_take(&jobs->servers, server_id));
}

void print_jobs_sweep(struct print_jobs *jobs, int64_t now_ms)
{
    drop_where(jobs, is_long_over, "", now_ms);
    for (size_t i = 0; i < jobs->printers.count; i++) {
        struct known_printer *printer = jobs->printers.records[i];
        if (printer->state == PRINTER_UNREACHABLE && now_ms - printer->heard_ms > PRINT_AWAY_MS)
            printer->state = PRINTER_UNKNOWN;
    }
}

// ---- jobs

static size_t count_of_person(const struct print_jobs *jobs, const char *person_id)
{
    size_t count = 0;
    struct print_jobs_walk walk = print_jobs_of(jobs, person_id);
    while (count < PRINT_JOBS_OF_PERSON_MAX && print_jobs_next(&walk))
        count++;
    return count;
}

// Under the id of its owner's tenant, or of its host's, where it stood until the owner was found out.
static struct known_job *find_present(const struct print_jobs *jobs, const struct known_job *said)
{
    char other[ID_SIZE];
    struct known_job *present = sorted_table_find(&jobs->jobs, said->id);
    const char *name = strchr(said->id, '/');
    if (present || !name || !said->host[0])
        return present;
    id_beside(other, said->host, name + 1);
    return sorted_table_find(&jobs->jobs, other);
}

// One that is too much is in no list, and is printed all the same: it is its print server's.
static bool has_room(struct print_jobs *jobs, const struct known_job *said)
{
    return print_jobs_server(jobs, said->server)->jobs < PRINT_JOBS_OF_SERVER_MAX &&
           (!said->person[0] || count_of_person(jobs, said->person) < PRINT_JOBS_OF_PERSON_MAX);
}

struct known_job *print_jobs_take(struct print_jobs *jobs, const struct known_job *said)
{
    struct known_job *present = find_present(jobs, said);
    if (present ? !text_equal(present->server, said->server) : !has_room(jobs, said))
        return NULL;
    struct known_job *job = mem_new(1, sizeof *job);
    *job = *said;
    if (present) {
        job->told |= present->told;
        if (!job->delete_at_ms)
            job->delete_at_ms = present->delete_at_ms;
        drop_job(jobs, present);
    }
    print_jobs_server(jobs, job->server)->jobs++;
    sorted_table_put(&jobs->jobs, job);
    sorted_table_put(&jobs->of_person, job);
    return job;
}

const struct known_job *print_jobs_find(const struct print_jobs *jobs, const char *id)
{
    return sorted_table_find(&jobs->jobs, id);
}

int64_t print_jobs_waiting(const struct print_jobs *jobs, const char *printer_id, const char *server_id)
{
    int64_t count = 0;
    for (size_t i = 0; i < jobs->jobs.count; i++) {
        const struct known_job *job = jobs->jobs.records[i];
        count += !known_job_is_over(job) && (!printer_id || text_equal(job->printer, printer_id)) &&
                 (!server_id || text_equal(job->server, server_id));
    }
    return count;
}

struct print_jobs_walk print_jobs_of(const struct print_jobs *jobs, const char *person_id)
{
    return (struct print_jobs_walk){jobs, person_id, sorted_table_from(&jobs->of_person, person_id)};
}

struct known_job *print_jobs_next(struct print_jobs_walk *walk)
{
    const struct sorted_table *order = &walk->jobs->of_person;
    struct known_job *job = walk->at < order->count ? order->records[walk->at] : NULL;
    if (!job || !text_equal(job->person, walk->person))
        return NULL;
    walk->at++;
    return job;
}

// ---- printers

bool print_jobs_printer(struct print_jobs *jobs, const char *server_id, const char *printer_id,
                        enum printer_state state, const char *detail, int64_t now_ms)
{
    struct known_printer *printer = sorted_table_find(&jobs->printers, printer_id);
    if (!printer) {
        printer = mem_new(1, sizeof *printer);
        TEXT_PUT(printer->id, printer_id);
        printer->since_ms = now_ms;
        sorted_table_put(&jobs->printers, printer);
    }
    bool changed = printer->state != (int64_t)state;
    if (changed)
        printer->since_ms = now_ms;
    TEXT_PUT(printer->server, server_id);
    TEXT_PUT(printer->detail, detail);
    printer->state = state;
    printer->heard_ms = now_ms;
    return changed;
}

enum printer_state print_jobs_printer_state(const struct print_jobs *jobs, const char *printer_id)
{
    const struct known_printer *printer = sorted_table_find(&jobs->printers, printer_id);
    return printer ? (enum printer_state)printer->state : PRINTER_UNKNOWN;
}
