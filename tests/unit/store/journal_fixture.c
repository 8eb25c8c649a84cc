// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/store/journal_fixture.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "tests/program.h"

#include <assert.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_folders(struct journal_fixture *rig)
{
    log_set_level(LOG_LEVEL_ERROR);
    *rig = (struct journal_fixture){0};
    folder_make(rig->folder, "store");
    snprintf(rig->data, sizeof rig->data, "%s/data", rig->folder);
    snprintf(rig->head, sizeof rig->head, "%s/head", rig->folder);
    cr_assert_eq(mkdir(rig->data, 0700), 0);
    cr_assert_eq(mkdir(rig->head, 0700), 0);
    rig->config = (struct chain_config){.folder = rig->data, .head_folder = rig->head};
}

void journal_fixture_make(struct journal_fixture *rig)
{
    make_folders(rig);
    cr_assert(journal_is_absent(&rig->config));
    cr_assert(journal_create(&rig->config, &rig->why), "%s", rig->why.text);
    cr_assert(!journal_is_absent(&rig->config));
}

bool journal_fixture_open(struct journal_fixture *rig)
{
    rig->loop = loop_new();
    if (journal_open(&rig->config, rig->loop, &rig->journal, &rig->why)) {
        rig->port = journal_port(rig->journal);
        return true;
    }
    loop_free(rig->loop);
    rig->loop = NULL;
    return false;
}

void journal_fixture_close(struct journal_fixture *rig)
{
    if (!rig->loop)
        return;
    journal_close(rig->journal);
    loop_free(rig->loop);
    rig->journal = NULL;
    rig->loop = NULL;
}

void journal_fixture_remove(struct journal_fixture *rig)
{
    journal_fixture_close(rig);
    folder_remove(rig->folder);
}

void journal_fixture_start(struct journal_fixture *rig)
{
    journal_fixture_make(rig);
    cr_assert(journal_fixture_open(rig), "%s", rig->why.text);
}

static void answer(void *arg, enum store_outcome outcome, const struct fault *why)
{
    struct journal_fixture *rig = arg;
    assert(!rig->answered);
    rig->answered = true;
    rig->outcome = outcome;
    rig->why = *why;
    loop_stop(rig->loop);
}

static enum store_outcome wait_for_answer(struct journal_fixture *rig, const struct model *after)
{
    assert(!rig->answered); // never from within the call
    loop_run(rig->loop);
    assert(rig->answered);
    rig->answered = false;
    if (rig->outcome == STORE_DURABLE)
        rig->model = *after;
    return rig->outcome;
}

enum store_outcome journal_fixture_append(struct journal_fixture *rig, size_t events, int person)
{
    static struct model_batch batch;
    struct model after = rig->model;
    model_add_events(&after, &batch, events);
    if (person >= 0)
        model_add_person(&after, &batch, person);
    rig->port.append(rig->port.self, &batch.batch, answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome journal_fixture_snapshot(struct journal_fixture *rig)
{
    struct model after = rig->model;
    after.snapshot = after.events;
    char bytes[800];
    size_t length = model_snapshot(bytes, after.snapshot);
    journal_keep_snapshot(rig->journal, after.snapshot, bytes, length, answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome journal_fixture_erase(struct journal_fixture *rig, uint64_t last)
{
    struct model after = rig->model;
    after.erased = last;
    journal_erase(rig->journal, 1, last, answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome journal_fixture_prune(struct journal_fixture *rig, uint64_t last)
{
    struct model after = rig->model;
    after.pruned = last;
    if (after.erased < last)
        after.erased = last;
    journal_prune(rig->journal, last, answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome journal_fixture_erase_person(struct journal_fixture *rig, int number)
{
    struct model after = rig->model;
    after.versions[number] = 0;
    struct store_person person;
    model_person(&person, number, 0);
    rig->port.erase_person(rig->port.self, person.id, answer, rig);
    return wait_for_answer(rig, &after);
}

void journal_fixture_check(struct journal_fixture *rig)
{
    cr_assert(!rig->loop);
    struct chain *chain = NULL;
    cr_assert(chain_open(&rig->config, &chain, &rig->why), "%s", rig->why.text);
    cr_assert(model_fits(&rig->model, chain, &rig->why), "%s", rig->why.text);
    chain_close(chain);
}

bool journal_fixture_files_hold(const struct journal_fixture *rig, const char *text)
{
    struct program_result grep;
    char line[128];
    snprintf(line, sizeof line, "grep -raqF -f - %s", rig->folder);
    program_run(&grep, line, text);
    cr_assert_leq(grep.exit_code, 1, "%s", grep.err);
    return grep.exit_code == 0;
}

const char *journal_fixture_path(const struct journal_fixture *rig, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", text_starts(name, "head") ? rig->head : rig->data, name);
    return path;
}
