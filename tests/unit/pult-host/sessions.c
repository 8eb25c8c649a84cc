// SPDX-License-Identifier: EUPL-1.2
// Whose sessions make room for whom, while the directory takes its time to say whose they are.
#include "broker/pult-host/sessions.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UID = 54321, DISPLAY = 177 };

static char folder[FOLDER_SIZE];
static struct loop *loop;
static struct sessions *sessions;
static struct loop_timer *patience;
static struct process server;
static enum { NOT_YET, CLEARED, NOT_CLEARED } cleared;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t said = PTHREAD_COND_INITIALIZER;
static char name[32]; // of UID

// In place of libc's: it waits until the directory has said something.
int getpwuid_r(uid_t uid, struct passwd *entry, char *room, size_t size, struct passwd **found)
{
    pthread_mutex_lock(&lock);
    while (!*name)
        pthread_cond_wait(&said, &lock);
    snprintf(room, size, "%s", name);
    pthread_mutex_unlock(&lock);
    *entry = (struct passwd){.pw_name = room, .pw_uid = uid};
    *found = entry;
    return 0;
}

static void directory_says(const char *user_name)
{
    pthread_mutex_lock(&lock);
    TEXT_PUT(name, user_name);
    pthread_cond_broadcast(&said);
    pthread_mutex_unlock(&lock);
}

// Sessions are ended here: no other process of the machine may be seen.
__attribute__((constructor)) static void be_alone(int count, char **words)
{
    char before[16];
    // The shell is there to be process 1. The next has our number, by which Criterion names a socket of the machine's.
    const char *line[32] = {
        "unshare",      "--pid", "--fork", "--kill-child",
        "--mount-proc", "sh",    "-c",     "echo $PULT_ALONE >/proc/sys/kernel/ns_last_pid; \"$0\" \"$@\"; exit $?"};
    if (getenv("PULT_ALONE"))
        return;
    snprintf(before, sizeof before, "%d", (int)getpid() - 1);
    setenv("PULT_ALONE", before, 1);
    for (int i = 0; i < count && i < 20; i++)
        line[8 + i] = words[i];
    execvp(line[0], (char *const *)(uintptr_t)line);
    _exit(1);
}

// What looks like an X server of xrdp's and its sesexec, and ends when asked to.
static void start_server(void)
{
    char sesexec[80], program[80], line[200];
    snprintf(sesexec, sizeof sesexec, "%s/xrdp-sesexec", folder);
    snprintf(program, sizeof program, "%s/Xorg", folder);
    cr_assert(symlink("/bin/sh", sesexec) == 0 && symlink("/bin/sh", program) == 0);
    snprintf(line, sizeof line,
             "setpriv --reuid %d --clear-groups %s -c 'while :; do sleep 1; done' :%d xrdp/xorg.conf & wait", UID,
             program, DISPLAY);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(sesexec, sesexec, "-c", line, NULL);
        _exit(1);
    }
}

static bool lives(void)
{
    return process_lives("/proc", &server);
}

static void changed(void *arg)
{
    (void)arg;
}

static void over(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

static void run_for(int64_t wait_ms)
{
    loop_timer_start(patience, wait_ms);
    loop_run(loop);
}

static void start(void)
{
    folder_make(folder, "sessions");
    cr_assert_eq(chmod(folder, 0755), 0);
    start_server();
    loop = loop_new();
    patience = loop_timer_new(loop, over, NULL);
    sessions = sessions_new(loop, changed, NULL);
    struct sessions_row row;
    for (int i = 0; i < 1000 && !sessions_at(sessions, 0, &row); i++) {
        run_for(20);
        sessions_look(sessions);
    }
    cr_assert(sessions_at(sessions, 0, &row) && row.session.display == DISPLAY && !row.session.orphan &&
              !*row.user_name);
    server = row.session.server;
}

static void stop(void)
{
    process_signal(&server, SIGKILL);
    sessions_free(sessions);
    loop_timer_free(patience);
    loop_free(loop);
    folder_remove(folder);
}

TestSuite(sessions, .init = start, .fini = stop, .timeout = 60);

static void is_cleared(void *arg, bool fine)
{
    (void)arg;
    cleared = fine ? CLEARED : NOT_CLEARED;
    loop_stop(loop);
}

Test(sessions, what_may_be_their_own_waits_for_its_name)
{
    sessions_clear(sessions, "anna", true, is_cleared, NULL);
    run_for(1000);
    cr_assert(cleared == NOT_YET && lives());
    directory_says("Anna");
    run_for(10000);
    cr_assert(cleared == CLEARED && lives());
}

Test(sessions, what_turns_out_to_be_somebody_elses_makes_room)
{
    sessions_clear(sessions, "anna", true, is_cleared, NULL);
    run_for(100);
    directory_says("berta");
    run_for(10000);
    cr_assert(cleared == CLEARED && !lives());
}

Test(sessions, nobody_waits_for_ever_for_a_name)
{
    sessions_clear(sessions, "anna", true, is_cleared, NULL);
    run_for(20000);
    cr_assert(cleared == NOT_CLEARED && lives());
}

Test(sessions, where_many_may_be_a_name_matters_little)
{
    sessions_clear(sessions, "anna", false, is_cleared, NULL);
    run_for(10000);
    cr_assert(cleared == CLEARED && lives());
}

Test(sessions, a_name_is_told_as_the_broker_writes_it)
{
    struct sessions_row row;
    directory_says("Anna");
    for (int i = 0; i < 1000 && sessions_at(sessions, 0, &row) && !*row.user_name; i++)
        run_for(20);
    cr_assert(sessions_at(sessions, 0, &row));
    cr_assert_str_eq(row.user_name, "anna");
}
