// SPDX-License-Identifier: EUPL-1.2
// Whether names come back, on a host whose directory is in this file.
#include "broker/pult-host/name_checks.h"
#include "broker/base/text.h"
#include "broker/pult-host/otp_log.h"
#include "broker/pult-host/pam_protocol.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char back[32]; // the name of uid 10001; empty: it has none
static struct loop *loop;
static struct loop_timer *patience;
static struct name_checks *checks;
static int changes, found;

static int answer(struct passwd *entry, char *room, size_t size, struct passwd **is, const char *name, uid_t uid)
{
    snprintf(room, size, "%s", name);
    *entry = (struct passwd){.pw_name = room, .pw_uid = uid};
    *is = *name ? entry : NULL;
    return 0;
}

// In place of libc's.
int getpwuid_r(uid_t uid, struct passwd *entry, char *room, size_t size, struct passwd **is)
{
    return answer(entry, room, size, is, uid == 10001 ? back : "", uid);
}

int getpwnam_r(const char *name, struct passwd *entry, char *room, size_t size, struct passwd **is)
{
    return answer(entry, room, size, is, text_equal(name, "left") ? "" : name, 10001);
}

static void changed(void *arg)
{
    (void)arg;
    changes++;
    loop_stop(loop);
}

static void start(void)
{
    loop = loop_new();
    patience = loop_timer_new(loop, (loop_work *)loop_stop, loop);
    checks = name_checks_new(loop, changed, NULL);
    TEXT_PUT(back, "Anna");
}

static void stop(void)
{
    name_checks_free(checks);
    loop_timer_free(patience);
    loop_free(loop);
}

TestSuite(name_checks, .init = start, .fini = stop, .timeout = 60);

static void logs_on(const char *user_name, uid_t uid)
{
    int before = changes;
    name_checks_add(checks, user_name, uid);
    loop_timer_start(patience, 20000);
    loop_run(loop);
    cr_assert_eq(changes, before + 1);
}

static const char *printed(void)
{
    static char lines[4000];
    struct text text = {0};
    name_checks_print(checks, &text);
    text_cut(lines, sizeof lines, text.bytes ? text.bytes : "");
    text_drop(&text);
    return lines;
}

Test(name_checks, a_name_comes_back_in_whatever_case)
{
    char fault[NAME_FAULT_SIZE];
    cr_assert(name_check("anna", 10001, fault));
    cr_assert_not(name_check("anna", 10002, fault));
    cr_assert_not(name_check("anna", PAM_NO_UID, fault));
    cr_assert_not(name_check("berta", 10001, fault));
    cr_assert(strstr(fault, "berta has uid 10001, which is called Anna"), "%s", fault);
}

Test(name_checks, who_logs_on_by_one_that_does_not_is_told_of_until_it_does)
{
    cr_assert_str_eq(printed(), "");
    TEXT_PUT(back, "berta");
    logs_on("anna", 10001);
    cr_assert(strstr(printed(), "anna has uid 10001, which is called berta"), "%s", printed());
    TEXT_PUT(back, "");
    logs_on("anna", 10001);
    cr_assert_str_eq(printed(), "user names: anna has uid 10001, which has no name here");
    TEXT_PUT(back, "anna");
    logs_on("anna", 10001);
    cr_assert_str_eq(printed(), "");
}

Test(name_checks, the_newest_are_told_of)
{
    char user_name[16];
    int lines = 1;
    for (int i = 0; i <= NAME_FAULTS_MAX; i++) {
        snprintf(user_name, sizeof user_name, "p%d", i);
        logs_on(user_name, 10001);
    }
    for (const char *at = printed(); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    cr_assert(lines == NAME_FAULTS_MAX && !strstr(printed(), "p0 ") && strstr(printed(), "p8 "), "%s", printed());
}

static void note(void *arg, const char *fault)
{
    found++;
    cr_assert(strstr(fault, arg), "%s", fault);
}

Test(name_checks, the_log_tells_who_was_here)
{
    char folder[FOLDER_SIZE], path[FOLDER_SIZE + 16], who[] = "berta has uid 10001";
    folder_make(folder, "names");
    snprintf(path, sizeof path, "%s/ledger", folder);
    name_check_log(path, note, who); // there is none yet
    FILE *file = fopen(path, "we");
    fprintf(file, "person 5 1 n/s-0000000000000001-00000001 10001 anna\n"
                  "person 5 2 n/s-0000000000000002-00000001 10001 berta\n"
                  "person 5 3 n/s-0000000000000003-00000001 10001 left\n");
    fclose(file);
    name_check_log(path, note, who);
    cr_assert_eq(found, 1);
    folder_remove(folder);
}
