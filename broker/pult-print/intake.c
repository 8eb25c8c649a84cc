// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/intake.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/pult-print/document.h"
#include "broker/pult-print/ipp_bounds.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DISK_STEP = 4 * 1024 * 1024,  // so often it is looked for room
    AGE_MAX_S = 30 * 24 * 60 * 60 // of a job that comes: as long as one may wait anywhere
};

static_assert((int)DOCUMENT_KEY_BYTES == (int)PRINT_KEY_BYTES, "what is sealed is the key of a document");

enum intake_place {
    INTAKE_HEAD,     // IPP's attributes
    INTAKE_DOCUMENT, // of a job that is taken
    INTAKE_REST,     // what the answer no longer depends on
};

struct intake {
    struct intake *next, **before;
    struct intake_office *office;
    struct intake_origin origin;
    char path[IPP_PATH_SIZE];
    enum intake_place place;
    struct text head;
    size_t look_at; // at so many bytes the head may be whole
    struct ipp_request request;
    struct spool_job job;
    struct document_writer *document;
    uint64_t disk_looked; // bytes of the document when it was last looked for room
    enum door_status status;
    struct fault why;
    bool is_writing;
    intake_answered *answered; // NULL: nobody waits
    void *arg;
};

struct intake *intake_new(struct intake_office *office, const struct intake_origin *origin, const char *path,
                          intake_answered *answered, void *arg)
{
    struct intake *intake = mem_new(1, sizeof *intake);
    intake->office = office;
    intake->origin = *origin;
    intake->answered = answered;
    intake->arg = arg;
    intake->request = (struct ipp_request){.version = 11, .id = 1};
    TEXT_PUT(intake->path, path);
    intake->next = office->open;
    intake->before = &office->open;
    if (office->open)
        office->open->before = &intake->next;
    office->open = intake;
    return intake;
}

static void release(struct intake *intake)
{
    *intake->before = intake->next;
    if (intake->next)
        intake->next->before = intake->before;
    document_writer_free(intake->document);
    text_drop(&intake->head);
    free(intake);
}

void intake_free(struct intake *intake)
{
    if (!intake)
        return;
    intake->answered = NULL;
    if (!intake->is_writing)
        release(intake);
}

void intake_office_close(struct intake_office *office)
{
    while (office->open)
        release(office->open);
}

__attribute__((format(printf, 3, 4))) static void refuse(struct intake *intake, enum door_status status,
                                                         const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(intake->why.text, sizeof intake->why.text, format, values);
    va_end(values);
    document_writer_free(take(intake->document));
    intake->status = status;
    intake->place = INTAKE_REST;
}

// ---- whether it may come

static bool is_nobody(const char *name)
{
    static const char *const nobodies[] = {"anonymous", "remroot"};
    for (size_t i = 0; i < sizeof nobodies / sizeof *nobodies; i++) {
        size_t length = strlen(nobodies[i]);
        if (strncasecmp(name, nobodies[i], length) == 0 && (!name[length] || name[length] == '@'))
            return true;
    }
    return name[0] == 0;
}

// cupsd proves a principal, "anna@HALL.EXAMPLE"; without a realm it is a name that somebody claims.
static bool is_principal(const char *name)
{
    const char *at = strrchr(name, '@');
    return at && at != name && at[1] && !strpbrk(name, " /\\");
}

static bool set_owner(struct intake *intake)
{
    struct spool_job *job = &intake->job;
    const char *name = intake->request.user_name;
    bool by_host = intake->origin.host[0];
    if (is_nobody(name) || (!by_host && !is_principal(name)))
        return false;
    TEXT_PUT(job->host, intake->origin.host);
    TEXT_PUT(job->certificate, intake->origin.certificate);
    job->certified_ms = intake->origin.certified_ms;
    if (by_host)
        TEXT_PUT(job->user_name, name);
    else
        TEXT_PUT(job->principal, name);
    return true;
}

static bool is_same_owner(const struct spool_job *a, const struct spool_job *b)
{
    return text_equal(a->host, b->host) && text_equal(a->user_name, b->user_name) &&
           text_equal(a->principal, b->principal);
}

struct job_counts {
    int64_t all, of_host, of_user;
};

static void count_job(struct job_counts *counts, const struct spool_job *job, const struct spool_job *other)
{
    counts->all++;
    counts->of_host += text_equal(job->host, other->host);
    counts->of_user += is_same_owner(job, other);
}

static bool has_room_for_job(struct intake *intake)
{
    struct job_counts counts = {0};
    const struct intake_office *office = intake->office;
    const struct intake_limits *limits = &office->limits;
    for (size_t i = 0; i < spool_count(office->spool); i++)
        count_job(&counts, &intake->job, spool_at(office->spool, i));
    for (const struct intake *other = office->open; other; other = other->next)
        if (other->document || other->is_writing)
            count_job(&counts, &intake->job, &other->job);
    if (counts.all < limits->jobs && counts.of_host < limits->host_jobs && counts.of_user < limits->user_jobs)
        return true;
    refuse(intake, DOOR_TOO_MANY, "too many jobs wait: %lld, %lld of this host, %lld of this person",
           (long long)counts.all, (long long)counts.of_host, (long long)counts.of_user);
    return false;
}

static bool has_room_on_disk(struct intake *intake)
{
    char path[SPOOL_PATH_SIZE];
    spool_document_path(intake->office->spool, intake->job.id, path);
    *strrchr(path, '/') = 0;
    if (file_disk_free_bytes(path) >= (uint64_t)intake->office->limits.disk_reserve)
        return true;
    refuse(intake, DOOR_LATER, "the disk of the print server is full");
    return false;
}

static bool is_on_its_way(const struct intake *intake)
{
    for (const struct intake *other = intake->office->open; other; other = other->next)
        if (other != intake && (other->document || other->is_writing) && text_equal(other->job.id, intake->job.id))
            return true;
    return false;
}

static void open_document(struct intake *intake)
{
    struct fault why = {0};
    char path[SPOOL_PATH_SIZE];
    if (!job_seal_is_ready(intake->office->sealing)) {
        refuse(intake, DOOR_LATER, "the print server has not heard of its broker yet");
        return;
    }
    if (!has_room_for_job(intake) || !has_room_on_disk(intake))
        return;
    spool_document_path(intake->office->spool, intake->job.id, path);
    intake->document = document_create(path, intake->job.id, &why);
    if (!intake->document)
        refuse(intake, DOOR_LATER, "%s", why.text);
}

static void begin_job(struct intake *intake)
{
    struct spool_job *job = &intake->job;
    const struct ipp_request *request = &intake->request;
    spool_id_make(job->id, intake->origin.host, request->user_name, request->job_uuid);
    job->changed_ms = clock_wall_ms();
    // When it was printed and not when it came: whose session has ended since is asked for by that.
    job->created_ms = job->changed_ms - 1000 * (request->age_s < AGE_MAX_S ? request->age_s : AGE_MAX_S);
    TEXT_PUT(job->format, request->format);
    TEXT_PUT(job->options, request->options);
    if (is_on_its_way(intake))
        refuse(intake, DOOR_LATER, "this job is on its way already");
    else if (spool_knows(intake->office->spool, job->id))
        intake->place = INTAKE_REST; // it is stored, whatever comes now
    else
        open_document(intake);
}

static void judge_request(struct intake *intake, size_t length)
{
    intake->place = INTAKE_DOCUMENT;
    enum door_status status = ipp_request_read(&intake->request, intake->head.bytes, length);
    if (status == DOOR_OK && !ipp_request_target(intake->path, intake->job.target))
        status = DOOR_NO_SUCH_PRINTER;
    if (status == DOOR_OK && intake->request.operation != ASKED_FOR_PRINTER && !set_owner(intake))
        status = DOOR_NOT_AUTHORIZED;
    if (status != DOOR_OK)
        refuse(intake, status, "refused");
    else if (intake->request.operation == ASKED_TO_PRINT)
        begin_job(intake);
    else
        intake->place = INTAKE_REST;
}

// ---- what comes

static void add_to_document(struct intake *intake, const char *bytes, size_t length)
{
    struct fault why = {0};
    if (intake->place != INTAKE_DOCUMENT || !length)
        return;
    uint64_t size = document_size(intake->document) + length;
    if (size > (uint64_t)intake->office->limits.job_bytes) {
        refuse(intake, DOOR_TOO_LARGE, "the document is larger than %lld bytes",
               (long long)intake->office->limits.job_bytes);
        return;
    }
    if (size - intake->disk_looked >= DISK_STEP) {
        intake->disk_looked = size;
        if (!has_room_on_disk(intake))
            return;
    }
    if (!document_add(intake->document, bytes, length, &why))
        refuse(intake, DOOR_LATER, "%s", why.text);
}

// It is looked at again only when a good part has come: whoever sends byte by byte does not cost more for it.
static void look_at_head(struct intake *intake, bool is_all)
{
    size_t end = 0;
    struct fault why = {0};
    if (!is_all && intake->head.length < intake->look_at && intake->head.length < IPP_HEAD_MAX)
        return;
    intake->look_at = intake->head.length + intake->head.length / 4 + 1;
    if (ipp_bounds_check(intake->head.bytes ? intake->head.bytes : "", intake->head.length, &end, &why)) {
        judge_request(intake, end);
        add_to_document(intake, intake->head.bytes + end, intake->head.length - end);
        text_drop(&intake->head);
    } else if (why.kind != FAULT_BUSY || is_all || intake->head.length >= IPP_HEAD_MAX) {
        refuse(intake, DOOR_BAD_REQUEST, "%s", why.text);
    }
}

void intake_add(struct intake *intake, const char *bytes, size_t length)
{
    while (length && intake->place == INTAKE_HEAD) {
        size_t room = IPP_HEAD_MAX - intake->head.length, part = length < room ? length : room;
        text_add(&intake->head, bytes, part);
        bytes += part;
        length -= part;
        look_at_head(intake, false);
    }
    add_to_document(intake, bytes, length);
}

// ---- the end

static void answer(struct intake *intake)
{
    owned(text) struct text out = {0};
    bool fine = intake->status == DOOR_OK;
    const char *from = intake->origin.host[0] ? intake->origin.host : "the Kerberos door";
    if (!fine)
        log_warn("job", "%s: %s", from, intake->why.text);
    ipp_request_answer(&intake->request, intake->status, fine ? NULL : intake->why.text, intake->job.id, intake->path,
                       &out);
    if (intake->answered)
        intake->answered(intake->arg, &out);
    release(intake);
}

static void job_written(void *arg, const struct fault *why)
{
    struct intake *intake = arg;
    intake->is_writing = false;
    if (why->kind != FAULT_NONE) {
        refuse(intake, DOOR_LATER, "%s", why->text);
    } else {
        log_info("job", "%s from %s: stored, %lld bytes", intake->job.id,
                 intake->job.host[0] ? intake->job.host : "the Kerberos door", (long long)intake->job.size);
    }
    answer(intake);
}

static void store(struct intake *intake)
{
    struct fault why = {0};
    intake->job.size = (int64_t)document_size(intake->document);
    bool sealed = job_seal_seal(intake->office->sealing, document_key(intake->document), intake->job.sealed, &why);
    struct file_draft *draft = sealed ? document_finish(intake->document, &why) : NULL;
    document_writer_free(take(intake->document));
    if (!draft) {
        refuse(intake, DOOR_LATER, "%s", why.text);
        answer(intake);
        return;
    }
    intake->is_writing = true;
    spool_add(intake->office->spool, &intake->job, draft, job_written, intake);
}

void intake_finish(struct intake *intake)
{
    if (intake->place == INTAKE_HEAD)
        look_at_head(intake, true);
    if (intake->document)
        store(intake);
    else
        answer(intake);
}
