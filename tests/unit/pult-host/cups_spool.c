// SPDX-License-Identifier: EUPL-1.2
// Control files as cups 2.4 writes them.
#include "broker/pult-host/cups_spool.h"
#include "broker/base/file.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <cups/cups.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char spool[FOLDER_SIZE], cache[FOLDER_SIZE];
static struct cups_spool_result result;

static void make_folders(void)
{
    folder_make(spool, "cups");
    folder_make(cache, "cups");
}

static void remove_folders(void)
{
    folder_remove(spool);
    folder_remove(cache);
}

TestSuite(cups_spool, .init = make_folders, .fini = remove_folders);

static const char *at(const char *folder, const char *name)
{
    static char path[2 * FOLDER_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *folder, const char *name, const char *content)
{
    struct fault why = {0};
    cr_assert(file_create(at(folder, name), 0600, content, strlen(content), &why), "%s", why.text);
}

static void put_control(const char *name, int state, const char *until, const char *reason)
{
    ipp_t *job = ippNew();
    ippAddString(job, IPP_TAG_OPERATION, IPP_TAG_CHARSET, "attributes-charset", NULL, "utf-8");
    ippAddString(job, IPP_TAG_JOB, IPP_TAG_NAME, "job-originating-user-name", NULL, "anna");
    ippAddInteger(job, IPP_TAG_JOB, IPP_TAG_ENUM, "job-state", state);
    ippAddString(job, IPP_TAG_JOB, IPP_TAG_KEYWORD, "job-hold-until", NULL, until);
    ippAddString(job, IPP_TAG_JOB, IPP_TAG_KEYWORD, "job-state-reasons", NULL, reason);
    int file = open(at(spool, name), O_WRONLY | O_CREAT | O_EXCL, 0600);
    cr_assert(file >= 0 && ippWriteFile(file, job) == IPP_STATE_DATA);
    close(file);
    ippDelete(job);
}

static int state_of(const char *name)
{
    ipp_t *job = ippNew();
    int file = open(at(spool, name), O_RDONLY);
    cr_assert(file >= 0 && ippReadFile(file, job) == IPP_STATE_DATA, "%s", name);
    close(file);
    ipp_attribute_t *user = ippFindAttribute(job, "job-originating-user-name", IPP_TAG_NAME);
    cr_assert_str_eq(ippGetString(user, 0, NULL), "anna");
    int state = ippGetInteger(ippFindAttribute(job, "job-state", IPP_TAG_ENUM), 0);
    ippDelete(job);
    return state;
}

static bool is_there(const char *name)
{
    return file_exists(at(spool, name));
}

static void settle(void)
{
    struct fault why = {0};
    cr_assert(cups_spool_settle(spool, cache, &result, &why), "%s", why.text);
}

Test(cups_spool, a_job_that_waits_for_its_next_try_is_tried_as_soon_as_cupsd_is_there)
{
    put_control("c00024", IPP_JSTATE_HELD, "no-hold", "resources-are-not-ready");
    put(spool, "d00024-001", "%PDF-");
    put(spool, "a00024", "uid 10001");
    // Saved once more by a cupsd that had forgotten why.
    put_control("c00025", IPP_JSTATE_HELD, "no-hold", "none");
    put(spool, "d00025-001", "%PDF-");
    put_control("c00026", IPP_JSTATE_STOPPED, "no-hold", "job-stopped");
    put(spool, "d00026-001", "%PDF-");
    settle();
    cr_assert_eq(state_of("c00026"), IPP_JSTATE_PENDING);
    cr_assert_eq(state_of("c00024"), IPP_JSTATE_PENDING);
    cr_assert_eq(state_of("c00025"), IPP_JSTATE_PENDING);
    cr_assert(is_there("d00024-001") && is_there("a00024"));
    cr_assert(result.resumed == 3 && result.removed == 0);
    settle();
    cr_assert(result.resumed == 0 && result.removed == 0);
}

Test(cups_spool, what_its_person_holds_stays_held_and_others_are_left_alone)
{
    static const int states[] = {IPP_JSTATE_PENDING, IPP_JSTATE_PROCESSING, IPP_JSTATE_COMPLETED};
    put_control("c00001", IPP_JSTATE_HELD, "indefinite", "job-hold-until-specified");
    put_control("c00002", IPP_JSTATE_HELD, "18:30", "job-hold-until-specified");
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%05d", 3 + i);
        put_control(name, states[i], "no-hold", "none");
    }
    settle();
    cr_assert(state_of("c00001") == IPP_JSTATE_HELD && state_of("c00002") == IPP_JSTATE_HELD);
    cr_assert_eq(state_of("c00003"), IPP_JSTATE_PENDING);
    cr_assert_eq(state_of("c00005"), IPP_JSTATE_COMPLETED);
    cr_assert(result.resumed == 0 && result.removed == 0);
}

Test(cups_spool, a_job_whose_document_was_still_coming_goes)
{
    put_control("c00007", IPP_JSTATE_HELD, "no-hold", "job-incoming");
    put_control("c00008", IPP_JSTATE_HELD, "no-hold", "job-incoming");
    put(spool, "d00008-001", "the first of two"); // lp has heard an error
    put_control("c00009", IPP_JSTATE_HELD, "no-hold", "none");
    put(spool, "0000002a", "half a document");
    settle();
    cr_assert(!is_there("c00007") && !is_there("c00008") && !is_there("d00008-001") && !is_there("c00009"));
    cr_assert_not(is_there("0000002a"));
    cr_assert_eq(result.removed, 5);
}

// Two files of one job would be two jobs.
Test(cups_spool, a_job_is_there_once_however_far_its_control_file_was_replaced)
{
    put_control("c00010", IPP_JSTATE_PENDING, "no-hold", "none");
    put(spool, "c00010.N", "half");
    put_control("c00011", IPP_JSTATE_PENDING, "no-hold", "none");
    put_control("c00011.O", IPP_JSTATE_PROCESSING, "no-hold", "none");
    put_control("c00012.O", IPP_JSTATE_PENDING, "no-hold", "none");
    put_control("c00012.N", IPP_JSTATE_PROCESSING, "no-hold", "none");
    put(spool, "d00012-001", "%PDF-");
    put_control("c1519261368.N", IPP_JSTATE_PENDING, "no-hold", "none");
    settle();
    for (int i = 10; i <= 12; i++) {
        char name[16], part[24];
        snprintf(name, sizeof name, "c%05d", i);
        cr_assert_eq(state_of(name), IPP_JSTATE_PENDING);
        snprintf(part, sizeof part, "%s.N", name);
        cr_assert_not(is_there(part));
        snprintf(part, sizeof part, "%s.O", name);
        cr_assert_not(is_there(part));
    }
    cr_assert(is_there("d00012-001") && !is_there("c1519261368.N"));
}

Test(cups_spool, documents_of_no_job_are_removed_and_nothing_else)
{
    put(spool, "d00013-001", "%PDF-");
    put(spool, "a00013", "uid 10001");
    put_control("c00014", IPP_JSTATE_PENDING, "no-hold", "none");
    put(spool, "d00014-001", "%PDF-");
    put(spool, "d00014-002", "%PDF-");
    put(spool, "notes", "of an administrator");
    put(spool, "c15", "too short for a job");
    put_control("c1234567", IPP_JSTATE_PENDING, "no-hold", "none"); // which may be a number to the base of 16
    put(spool, "a1234567", "uid 10001");
    put(spool, "d1234567-001", "%PDF-");
    mkdir(at(spool, "tmp"), 0700);
    settle();
    cr_assert(is_there("c1234567") && is_there("a1234567") && is_there("d1234567-001"));
    cr_assert(!is_there("d00013-001") && !is_there("a00013"));
    cr_assert(is_there("d00014-001") && is_there("d00014-002") && is_there("notes") && is_there("c15") &&
              is_there("tmp"));
    cr_assert_eq(result.removed, 2);
}

Test(cups_spool, a_damaged_control_file_is_cupsds_to_judge)
{
    put(spool, "c00016", "");
    put(spool, "c00017", "no IPP");
    put(spool, "d00017-001", "%PDF-");
    settle();
    cr_assert(is_there("c00016") && is_there("c00017") && is_there("d00017-001"));
}

Test(cups_spool, the_list_of_jobs_is_older_than_any_of_them)
{
    struct stat list, target;
    put(cache, "job.cache", "NextJobId 451\n");
    settle();
    cr_assert(stat(at(cache, "job.cache"), &list) == 0 && list.st_mtime == 1);
    // Whoever may write there does not have another file's time changed.
    put(spool, "notes", "of an administrator");
    char to[2 * FOLDER_SIZE];
    TEXT_PUT(to, at(spool, "notes"));
    cr_assert(unlink(at(cache, "job.cache")) == 0 && symlink(to, at(cache, "job.cache")) == 0);
    settle();
    cr_assert(stat(to, &target) == 0 && target.st_mtime > 1);
}

Test(cups_spool, a_host_without_a_spool_has_nothing_to_settle)
{
    struct fault why = {0};
    folder_empty(spool);
    cr_assert(cups_spool_settle(at(spool, "absent"), cache, &result, &why), "%s", why.text);
}

Test(cups_spool, what_cannot_be_done_is_told)
{
    struct fault why = {0};
    put_control("c00018", IPP_JSTATE_HELD, "no-hold", "none");
    put(spool, "d00018-001", "%PDF-");
    cr_assert_eq(mkdir(at(spool, "c00018.new"), 0700), 0);
    cr_assert_not(cups_spool_settle(spool, cache, &result, &why));
    cr_assert(why.kind != FAULT_NONE && why.text[0]);
}
