// SPDX-License-Identifier: EUPL-1.2
// A copy of a journal that goes on meanwhile: it is of one moment, a store opens it, and who was erased stays known
// beside it.
#include "broker/store/erased_list.h"
#include "broker/store/journal_copy.h"
#include "tests/program.h"
#include "tests/unit/store/journal_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct journal_fixture fixture;
static struct chain *chain;
static struct model model;
static struct fault why;
static char folder[80];

static void start(void)
{
    journal_fixture_make(&fixture);
    cr_assert(chain_open(&fixture.config, &chain, &why), "%s", why.text);
    model = (struct model){0};
    snprintf(folder, sizeof folder, "%s/copy", fixture.folder);
    cr_assert_eq(mkdir(folder, 0700), 0);
}

static void stop(void)
{
    chain_close(chain);
    journal_fixture_remove(&fixture);
}

TestSuite(copy, .init = start, .fini = stop, .timeout = 120);

static void fill(int batches, int person)
{
    struct model_batch batch;
    for (int i = 0; i < batches; i++) {
        model_add_events(&model, &batch, MODEL_BATCH_EVENTS);
        model_add_person(&model, &batch, person);
        cr_assert_eq(chain_append(chain, &batch.batch, &why), STORE_DURABLE, "%s", why.text);
    }
}

static void erase_one(int person)
{
    struct store_person row;
    model_person(&row, person, 1);
    cr_assert_eq(chain_erase_person(chain, row.id, &why), STORE_DURABLE, "%s", why.text);
    model.versions[person] = 0;
}

static bool copy_fits(void)
{
    struct chain *copied = NULL;
    cr_assert(chain_open(&(struct chain_config){.folder = folder}, &copied, &why), "%s", why.text);
    bool fits = model_fits(&model, copied, &why);
    chain_close(copied);
    return fits;
}

static bool copy_holds(const char *text)
{
    static char bytes[16 * 1024 * 1024];
    char path[160];
    snprintf(path, sizeof path, "%s/journal.db", folder);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(file, bytes, sizeof bytes);
    close(file);
    cr_assert(length > 0 && length < (ssize_t)sizeof bytes);
    return memmem(bytes, (size_t)length, text, strlen(text));
}

Test(copy, has_all_that_was_there_at_its_last_step)
{
    struct journal_copy *copy = NULL;
    bool done = false;
    int steps = 0;
    fill(300, 3);
    fill(1, 4);
    cr_assert(journal_copy_begin(chain, &fixture.config, folder, &copy, &why), "%s", why.text);
    while (!done) {
        cr_assert(journal_copy_step(copy, &done, &why), "%s", why.text);
        if (!done)
            fill(1, 5);
        if (steps++ == 1) // whose row has been copied
            erase_one(4);
    }
    journal_copy_free(copy);
    cr_assert_gt(steps, 3);
    cr_assert(copy_fits(), "%s", why.text);
    cr_assert_not(copy_holds("Person-004-"), "erased while it was copied");
    struct model copied = model;
    fill(2, 6);
    cr_assert(model_fits(&model, chain, &why), "%s", why.text);
    model = copied;
    cr_assert(copy_fits(), "%s", why.text);
}

Test(copy, is_for_its_user_only)
{
    struct journal_copy *copy = NULL;
    bool done = false;
    fill(1, 3);
    erase_one(3);
    cr_assert(journal_copy_begin(chain, &fixture.config, folder, &copy, &why), "%s", why.text);
    while (!done)
        cr_assert(journal_copy_step(copy, &done, &why), "%s", why.text);
    journal_copy_free(copy);
    const char *const names[] = {"journal.db", "head", "head.key", "erased"};
    for (int i = 0; i < 4; i++) {
        char path[160];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        cr_assert_eq(stat(path, &status), 0, "%s", names[i]);
        cr_assert_eq(status.st_mode & 0777, 0600, "%s: %o", names[i], status.st_mode);
    }
}

Test(copy, that_is_given_up_leaves_the_journal_as_it_was)
{
    struct journal_copy *copy = NULL;
    bool done = false;
    fill(100, 3);
    cr_assert(journal_copy_begin(chain, &fixture.config, folder, &copy, &why), "%s", why.text);
    cr_assert(journal_copy_step(copy, &done, &why) && !done);
    journal_copy_free(copy);
    fill(1, 3);
    cr_assert(model_fits(&model, chain, &why), "%s", why.text);
}

Test(copy, needs_a_folder)
{
    struct journal_copy *copy = NULL;
    cr_assert_not(journal_copy_begin(chain, &fixture.config, "/nowhere", &copy, &why));
    fill(1, 3);
}

// ---- through the port

static int answers;
static enum store_outcome answered_as;

static void note(void *arg, enum store_outcome outcome, const struct fault *reason)
{
    answers++;
    answered_as = outcome;
    why = *reason;
    loop_stop(arg);
}

Test(copy, is_made_in_the_store_s_thread)
{
    struct store_fixture *store = &fixture.store;
    chain_close(take(chain));
    cr_assert(store_fixture_open(store));
    for (int i = 0; i < 20; i++)
        cr_assert_eq(store_fixture_append(store, 50, 2), STORE_DURABLE);
    store->port.copy(store->port.self, folder, note, store->loop);
    loop_run(store->loop);
    cr_assert_eq(answers, 1);
    cr_assert_eq(answered_as, STORE_DURABLE, "%s", why.text);
    cr_assert(store->port.verify_copy(folder, &why), "%s", why.text);
    model = store->model;
    cr_assert(copy_fits(), "%s", why.text);
    store->port.copy(store->port.self, folder, note, store->loop); // where one is already
    loop_run(store->loop);
    cr_assert_eq(answered_as, STORE_REFUSED);
}

Test(copy, that_was_altered_is_not_whole)
{
    char path[160];
    struct store_fixture *store = &fixture.store;
    chain_close(take(chain));
    cr_assert(store_fixture_open(store));
    cr_assert_eq(store_fixture_append(store, 50, 2), STORE_DURABLE);
    store->port.copy(store->port.self, folder, note, store->loop);
    loop_run(store->loop);
    snprintf(path, sizeof path, "sed -i s/event-12[.]/event-13./ '%s/journal.db'", folder);
    program_shell(path);
    cr_assert_not(store->port.verify_copy(folder, &why));
    cr_assert_eq(why.kind, FAULT_BROKEN);
}

// ---- who was erased

static char erased[8][ID_SIZE];
static int erased_count;

static bool note_erased(void *arg, const char *id, struct fault *reason)
{
    (void)arg, (void)reason;
    snprintf(erased[erased_count++ % 8], ID_SIZE, "%s", id);
    return true;
}

static int list_of(const char *where)
{
    erased_count = 0;
    cr_assert(erased_list_each(where, note_erased, NULL, &why), "%s", why.text);
    return erased_count;
}

Test(copy, of_a_journal_comes_with_the_list_of_the_erased)
{
    cr_assert_eq(list_of(fixture.head), 0);
    fill(1, 3);
    fill(1, 4);
    erase_one(3);
    cr_assert_eq(list_of(fixture.head), 1);
    struct store_person row;
    model_person(&row, 3, 1);
    cr_assert_str_eq(erased[0], row.id);
    erase_one(4);
    cr_assert_eq(list_of(fixture.head), 2);
    cr_assert_eq(access(journal_fixture_path(&fixture, "erased"), F_OK), -1, "with the head, not with the journal");
}

Test(copy, s_list_goes_on_behind_a_torn_line)
{
    char path[160];
    fill(1, 3);
    erase_one(3);
    snprintf(path, sizeof path, "%s/erased", fixture.head);
    int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    cr_assert_eq(write(file, "tenant/p-12", 11), 11);
    close(file);
    cr_assert_eq(list_of(fixture.head), 1);
    fill(1, 4);
    erase_one(4);
    cr_assert_eq(list_of(fixture.head), 2);
}

Test(copy, s_person_who_cannot_be_put_on_the_list_is_not_erased_yet)
{
    char path[160];
    struct store_person row;
    fill(1, 3);
    model_person(&row, 3, 1);
    snprintf(path, sizeof path, "%s/erased", fixture.head);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_eq(chain_erase_person(chain, row.id, &why), STORE_REFUSED);
    cr_assert(model_fits(&model, chain, &why), "%s", why.text);
    rmdir(path);
    erase_one(3);
    cr_assert(model_fits(&model, chain, &why), "%s", why.text);
}
