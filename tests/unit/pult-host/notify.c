// SPDX-License-Identifier: EUPL-1.2
// Which windows there are in a session. The program that shows them is a script that notes what it was given.
#include "broker/pult-host/notify.h"
#include "broker/base/text.h"
#include "tests/folder.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_SIZE];
static struct loop *loop;
static struct loop_timer *patience;
static struct notifier *notifier;
static struct xrdp_session session = {
    .display = 177, .server = {.pid = 77, .started = 1}, .owner = {.uid = 54321, .gid = 1}};

static void over(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

// /usr/bin holds nothing but a shell and the script.
static void start(void)
{
    char line[400];
    folder_make(folder, "notify");
    snprintf(line, sizeof line,
             "cd %1$s && mkdir bin said && chmod 777 . said && cp /usr/bin/sh /usr/bin/sleep bin && "
             "printf '#!/usr/bin/sh\\nprintf %%%%s \"$5\" >%1$s/said/$$\\nwhile :; do sleep 1; done\\n' >bin/zenity && "
             "chmod 755 bin/*",
             folder);
    program_shell(line);
    cr_assert(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    snprintf(line, sizeof line, "%s/bin", folder);
    cr_assert_eq(mount(line, "/usr/bin", NULL, MS_BIND, NULL), 0);
    loop = loop_new();
    patience = loop_timer_new(loop, over, NULL);
    notifier = notify_new(loop);
}

static void stop(void)
{
    notify_free(notifier);
    loop_timer_free(patience);
    loop_free(loop);
    umount2("/usr/bin", MNT_DETACH);
    folder_remove(folder);
}

TestSuite(notify, .init = start, .fini = stop, .timeout = 60);

static void run_for(int64_t wait_ms)
{
    loop_timer_start(patience, wait_ms);
    loop_run(loop);
}

static bool says(const char *pid, const char *sentence)
{
    char path[300], text[NOTIFY_SENTENCE_SIZE] = "";
    snprintf(path, sizeof path, "%s/said/%s", folder, pid);
    FILE *file = fopen(path, "re");
    bool read = file && fread(text, 1, sizeof text - 1, file) > 0;
    if (file)
        fclose(file);
    return read && text_equal(text, sentence) && kill(atoi(pid), 0) == 0;
}

static bool is_there(const char *sentence)
{
    char path[64];
    bool found = false;
    snprintf(path, sizeof path, "%s/said", folder);
    DIR *all = opendir(path);
    for (const struct dirent *one; (one = readdir(all)) != NULL;)
        found = found || says(one->d_name, sentence);
    closedir(all);
    return found;
}

static bool comes(const char *sentence)
{
    for (int i = 0; i < 1000 && !is_there(sentence); i++)
        run_for(20);
    return is_there(sentence);
}

static bool goes(const char *sentence)
{
    for (int i = 0; i < 1000 && is_there(sentence); i++)
        run_for(20);
    return !is_there(sentence);
}

Test(notify, a_warning_takes_the_place_of_the_one_before)
{
    notify_show(notifier, &session, HOST_BECAUSE_HOURS, "ten minutes");
    notify_show(notifier, &session, HOST_BECAUSE_NONE, "cake");
    cr_assert(comes("ten minutes") && comes("cake"));
    notify_show(notifier, &session, HOST_BECAUSE_HOURS, "two minutes");
    cr_assert(comes("two minutes") && goes("ten minutes"));
    cr_assert(is_there("cake"));
}

Test(notify, who_is_back_is_not_told_any_more_that_they_were_away)
{
    struct xrdp_session other = session;
    other.server.pid++;
    notify_show(notifier, &session, HOST_BECAUSE_IDLE, "idle");
    notify_show(notifier, &other, HOST_BECAUSE_IDLE, "idle, too");
    notify_show(notifier, &session, HOST_BECAUSE_HOURS, "hours");
    cr_assert(comes("idle") && comes("idle, too") && comes("hours"));
    notify_idle(notifier, &session, 300);
    run_for(1500);
    cr_assert(is_there("idle"));
    notify_idle(notifier, &session, 0);
    cr_assert(goes("idle"));
    cr_assert(is_there("idle, too") && is_there("hours"));
}

Test(notify, a_folder_is_shown_as_it_was_written)
{
    notify_show(notifier, &session, HOST_BECAUSE_NONE, "\\\\fs1\\neu");
    cr_assert(comes("\\\\\\\\fs1\\\\neu"));
}
