// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/cups_spool.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <cups/cups.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Names are a letter and at least five digits: control (c), document (d, and "-001"), credentials (a).
enum { NAME_SIZE = 32, DIGITS_MIN = 5, REQUEST_DIGITS = 8 };

static const char digits[] = "0123456789";

struct cups_spool {
    const char *folder;
    struct cups_spool_result *result;
    struct fault *why;
    char (*names)[NAME_SIZE];
    size_t name_count, name_capacity;
    bool failed;
};

static void path_of(const struct cups_spool *spool, char path[FILE_PATH_SIZE], const char *name)
{
    snprintf(path, FILE_PATH_SIZE, "%s/%s", spool->folder, name);
}

static bool is_there(const struct cups_spool *spool, const char *name)
{
    char path[FILE_PATH_SIZE];
    path_of(spool, path, name);
    return file_exists(path);
}

// The first fault is told, and the rest done all the same.
static void note_fault(struct cups_spool *spool, const struct fault *fault)
{
    if (!spool->failed)
        *spool->why = *fault;
    spool->failed = true;
}

static void remove_file(struct cups_spool *spool, const char *name)
{
    char path[FILE_PATH_SIZE];
    struct fault why = {0};
    path_of(spool, path, name);
    if (file_remove(path, &why))
        spool->result->removed++;
    else if (why.kind != FAULT_ABSENT)
        note_fault(spool, &why);
}

static bool read_names(struct cups_spool *spool)
{
    DIR *folder = opendir(spool->folder);
    if (!folder)
        return errno == ENOENT || fault_set(spool->why, FAULT_UNAVAILABLE, "%s: %s", spool->folder, strerror(errno));
    spool->name_count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strlen(entry->d_name) >= NAME_SIZE)
            continue;
        mem_reserve(&spool->names, &spool->name_capacity, spool->name_count + 1, NAME_SIZE);
        text_put(spool->names[spool->name_count++], NAME_SIZE, entry->d_name);
    }
    closedir(folder);
    return true;
}

// What follows the letter and the job's number; NULL: it is of no job, or another kind of file.
static const char *behind_number(const char *name, char letter)
{
    size_t count = name[0] == letter ? strspn(name + 1, digits) : 0;
    return count >= DIGITS_MIN ? name + 1 + count : NULL;
}

// ---- control files that were being replaced

// cupsd writes "c00001.N", renames "c00001" to "c00001.O" and the new one to "c00001", and answers then.
static void settle_replaced(struct cups_spool *spool, const char *name)
{
    char whole[NAME_SIZE], from[FILE_PATH_SIZE], to[FILE_PATH_SIZE];
    struct fault why = {0};
    const char *end = behind_number(name, 'c');
    if (!end || *end != '.')
        return;
    snprintf(whole, sizeof whole, "%.*s", (int)(end - name), name);
    if (!text_equal(end, ".O") || is_there(spool, whole)) {
        remove_file(spool, name);
        return;
    }
    path_of(spool, from, name);
    path_of(spool, to, whole);
    if (!file_rename(from, to, &why))
        note_fault(spool, &why);
}

// ---- jobs

enum control_verdict { CONTROL_LEFT, CONTROL_RESUMED, CONTROL_NEVER_ACCEPTED };

static void ipp_drop(ipp_t **message)
{
    ippDelete(*message);
}

static ssize_t add_bytes(void *arg, ipp_uchar_t *bytes, size_t length)
{
    text_add(arg, (const char *)bytes, length);
    return (ssize_t)length;
}

// NULL: it is damaged, and cupsd says so itself.
static ipp_t *read_control(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ipp_t *job = file >= 0 ? ippNew() : NULL;
    if (job && ippReadFile(file, job) != IPP_STATE_DATA) {
        ippDelete(job);
        job = NULL;
    }
    if (file >= 0)
        close(file);
    return job;
}

static bool says(ipp_t *job, const char *name, const char *value)
{
    ipp_attribute_t *attribute = ippFindAttribute(job, name, IPP_TAG_ZERO);
    const char *said = attribute ? ippGetString(attribute, 0, NULL) : NULL;
    return said && text_equal(said, value);
}

// Held until "no-hold" is one that waits for its next try, whose time is in no file, or one whose document is still
// coming: nobody comes any more. Stopped is one whose backend could not be started once.
static enum control_verdict judge(const struct cups_spool *spool, const char *name, ipp_t *job)
{
    char document[NAME_SIZE];
    snprintf(document, sizeof document, "d%.*s-001", NAME_SIZE - 8, name + 1);
    ipp_attribute_t *state = ippFindAttribute(job, "job-state", IPP_TAG_ENUM);
    int is = state ? ippGetInteger(state, 0) : 0;
    if (is == IPP_JSTATE_STOPPED)
        return CONTROL_RESUMED;
    if (is != IPP_JSTATE_HELD || !says(job, "job-hold-until", "no-hold"))
        return CONTROL_LEFT;
    if (says(job, "job-state-reasons", "job-incoming") || !is_there(spool, document))
        return CONTROL_NEVER_ACCEPTED;
    return CONTROL_RESUMED;
}

static void resume_job(struct cups_spool *spool, const char *path, ipp_t *job)
{
    struct fault why = {0};
    struct text content = {0};
    ipp_attribute_t *state = ippFindAttribute(job, "job-state", IPP_TAG_ENUM);
    ippSetInteger(job, &state, 0, IPP_JSTATE_PENDING);
    ippSetState(job, IPP_STATE_IDLE);
    if (ippWriteIO(&content, add_bytes, 1, NULL, job) != IPP_STATE_DATA)
        fault_set(&why, FAULT_BROKEN, "%s: %s", path, cupsLastErrorString());
    if (why.kind == FAULT_NONE && file_replace(path, 0600, content.bytes, content.length, &why))
        spool->result->resumed++;
    else
        note_fault(spool, &why);
    text_drop(&content);
}

static void settle_job(struct cups_spool *spool, const char *name)
{
    char path[FILE_PATH_SIZE];
    const char *end = behind_number(name, 'c');
    if (!end || *end)
        return;
    path_of(spool, path, name);
    owned(ipp) ipp_t *job = read_control(path);
    switch (job ? judge(spool, name, job) : CONTROL_LEFT) {
    case CONTROL_LEFT:
        break;
    case CONTROL_RESUMED:
        resume_job(spool, path, job);
        break;
    case CONTROL_NEVER_ACCEPTED:
        remove_file(spool, name); // and then what belongs to it
        break;
    }
}

// ---- what belongs to no job

// Documents are there in clear.
static void settle_orphan(struct cups_spool *spool, const char *name)
{
    char control[NAME_SIZE];
    const char *document = behind_number(name, 'd'), *credentials = behind_number(name, 'a');
    const char *end = document ? document : credentials;
    // A control file or one with credentials, too, may look like a number of eight digits to the base of 16.
    bool is_request = !end && !behind_number(name, 'c') && strlen(name) == REQUEST_DIGITS &&
                      strspn(name, "0123456789abcdef") == REQUEST_DIGITS;
    if (end)
        snprintf(control, sizeof control, "c%.*s", (int)(end - name - 1), name + 1);
    if (is_request || (end && !is_there(spool, control)))
        remove_file(spool, name);
}

static void each_name(struct cups_spool *spool, void settle(struct cups_spool *, const char *))
{
    for (size_t i = 0; i < spool->name_count; i++)
        settle(spool, spool->names[i]);
}

// One that is older than a control file is not read for jobs. It lies where others than root may write.
static void set_back_cache(struct cups_spool *spool, const char *cache)
{
    char path[FILE_PATH_SIZE];
    static const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    snprintf(path, sizeof path, "%s/job.cache", cache);
    if (utimensat(AT_FDCWD, path, long_ago, AT_SYMLINK_NOFOLLOW) == 0 || errno == ENOENT)
        return;
    struct fault why = {0};
    fault_set(&why, FAULT_UNAVAILABLE, "%s: %s", path, strerror(errno));
    note_fault(spool, &why);
}

bool cups_spool_settle(const char *folder, const char *cache, struct cups_spool_result *result, struct fault *why)
{
    struct cups_spool spool = {.folder = folder, .result = result, .why = why};
    assert(folder[0] == '/' && cache[0] == '/');
    *result = (struct cups_spool_result){0};
    set_back_cache(&spool, cache);
    static void (*const passes[])(struct cups_spool *, const char *) = {settle_replaced, settle_job, settle_orphan};
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        if (read_names(&spool))
            each_name(&spool, passes[i]);
        else
            spool.failed = true;
    }
    free(spool.names);
    return !spool.failed;
}
