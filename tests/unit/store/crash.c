// SPDX-License-Identifier: EUPL-1.2
// The broker is killed while it writes; the disk of the journal is full. In real files.
#include "tests/program.h"
#include "tests/unit/store/journal_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct journal_fixture fixture;

// What is done next follows from what there is, so that the parent knows what was under way.
static bool snapshot_is_next(const struct model *model)
{
    return model->events % 7 == 3 && model->snapshot != model->events;
}

static size_t next_events(const struct model *model)
{
    return 1 + model->events % 5;
}

static int next_person(const struct model *model)
{
    return (int)(model->events % MODEL_PEOPLE);
}

static struct model next_model(const struct model *model)
{
    struct model next = *model;
    if (snapshot_is_next(model)) {
        next.snapshot = model->events;
    } else {
        next.events += next_events(model);
        next.versions[next_person(model)]++;
    }
    return next;
}

// Tells what was acknowledged, change by change, until it is killed.
static void write_for_ever(int pipe)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!store_fixture_open(&fixture.store))
        _exit(1);
    for (;;) {
        if (snapshot_is_next(&fixture.store.model))
            store_fixture_snapshot(&fixture.store);
        else
            store_fixture_append(&fixture.store, next_events(&fixture.store.model), next_person(&fixture.store.model));
        if (fixture.store.outcome != STORE_DURABLE ||
            write(pipe, &fixture.store.model, sizeof fixture.store.model) != sizeof fixture.store.model)
            _exit(2);
    }
}

// *last becomes what was acknowledged last.
static void kill_after(int wait_us, struct model *last)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_for_ever(ends[1]);
    }
    close(ends[1]);
    struct model model = {0};
    cr_assert_eq(read(ends[0], &model, sizeof model), sizeof model, "the child did not begin");
    *last = model;
    usleep((useconds_t)wait_us);
    kill(child, SIGKILL);
    while (read(ends[0], &model, sizeof model) == sizeof model)
        *last = model;
    int status;
    waitpid(child, &status, 0);
    cr_assert(WIFSIGNALED(status), "the child ended with %d", WEXITSTATUS(status));
    close(ends[0]);
}

// What was under way may be there or not, in whole.
static void check_after_kill(struct model *sure)
{
    struct model maybe = next_model(sure);
    struct chain *chain = NULL;
    struct fault other = {0};
    cr_assert(chain_open(&fixture.config, &chain, &fixture.store.why), "%s", fixture.store.why.text);
    if (!model_fits(sure, chain, &other)) {
        cr_assert(model_fits(&maybe, chain, &fixture.store.why), "neither before (%s) nor after (%s)", other.text,
                  fixture.store.why.text);
        *sure = maybe;
    }
    chain_close(chain);
}

Test(crash, loses_nothing_that_was_acknowledged, .timeout = 120)
{
    journal_fixture_make(&fixture);
    const char *kills = getenv("PULT_KILLS");
    // A slow disk takes little in so short a time: on until there was something to lose.
    for (int i = 0; i < (kills ? atoi(kills) : 50) || fixture.store.model.events <= 100; i++) {
        kill_after(rand() % 15000, &fixture.store.model);
        check_after_kill(&fixture.store.model);
    }
    journal_fixture_remove(&fixture);
}

static void mount_small_disk(void)
{
    if (unshare(CLONE_NEWNS) != 0)
        cr_skip_test("needs root for a small disk");
    cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    journal_fixture_make(&fixture);
    char command[512];
    snprintf(command, sizeof command, "mkdir '%s/kept' && cp -p '%s'/* '%s/kept'", fixture.folder, fixture.data,
             fixture.folder);
    program_shell(command);
    cr_assert_eq(mount("pult", fixture.data, "tmpfs", 0, "size=1m,mode=700"), 0);
    snprintf(command, sizeof command, "cp -p '%s/kept'/* '%s'", fixture.folder, fixture.data);
    program_shell(command);
}

Test(crash, of_a_full_disk_is_refused_and_over_when_there_is_room, .timeout = 60)
{
    mount_small_disk();
    cr_assert(store_fixture_open(&fixture.store), "%s", fixture.store.why.text);
    int written = 0;
    while (store_fixture_append(&fixture.store, 20, written % MODEL_PEOPLE) == STORE_DURABLE)
        cr_assert_lt(++written, 1000);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(store_fixture_append(&fixture.store, 50, -1), STORE_REFUSED);
        cr_assert_eq(fixture.store.why.kind, FAULT_UNAVAILABLE, "%s", fixture.store.why.text);
    }
    cr_assert_eq(mount("pult", fixture.data, "tmpfs", MS_REMOUNT, "size=16m,mode=700"), 0);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(store_fixture_append(&fixture.store, 20, 1), STORE_DURABLE, "%s", fixture.store.why.text);
    store_fixture_close(&fixture.store);
    store_fixture_check(&fixture.store);
    cr_assert_eq(umount(fixture.data), 0);
    journal_fixture_remove(&fixture);
}

// Killed while the disk is full: the next start is refused its tidying, but not its journal.
Test(crash, with_a_full_disk_loses_nothing, .timeout = 60)
{
    mount_small_disk();
    cr_assert(store_fixture_open(&fixture.store), "%s", fixture.store.why.text);
    struct model sure = fixture.store.model;
    char path[160];
    pid_t child;
    int ends[2];
    store_fixture_close(&fixture.store);
    cr_assert_eq(pipe(ends), 0);
    if ((child = fork()) == 0) {
        if (!store_fixture_open(&fixture.store))
            _exit(1);
        while (store_fixture_append(&fixture.store, 20, -1) == STORE_DURABLE)
            ;
        if (write(ends[1], &fixture.store.model, sizeof fixture.store.model) == sizeof fixture.store.model)
            raise(SIGKILL);
        _exit(2);
    }
    cr_assert_eq(read(ends[0], &sure, sizeof sure), sizeof sure);
    waitpid(child, NULL, 0);
    fixture.store.model = sure;
    snprintf(path, sizeof path, "%s/fill", fixture.data);
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    char bytes[4096] = {0};
    while (write(file, bytes, sizeof bytes) > 0)
        ;
    close(file);
    store_fixture_check(&fixture.store);
    unlink(path);
    store_fixture_check(&fixture.store);
    cr_assert_eq(umount(fixture.data), 0);
    journal_fixture_remove(&fixture);
}
