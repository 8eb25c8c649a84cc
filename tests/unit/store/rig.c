// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/store/rig.h"
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

static void make_folders(struct rig *rig)
{
    log_set_level(LOG_LEVEL_ERROR);
    *rig = (struct rig){0};
    folder_make(rig->folder, "store");
    snprintf(rig->data, sizeof rig->data, "%s/data", rig->folder);
    snprintf(rig->head, sizeof rig->head, "%s/head", rig->folder);
    cr_assert_eq(mkdir(rig->data, 0700), 0);
    cr_assert_eq(mkdir(rig->head, 0700), 0);
    rig->config = (struct ledger_config){.folder = rig->data, .head_folder = rig->head};
}

void rig_make(struct rig *rig)
{
    make_folders(rig);
    cr_assert(journal_is_absent(&rig->config));
    cr_assert(journal_create(&rig->config, &rig->why), "%s", rig->why.text);
    cr_assert(!journal_is_absent(&rig->config));
}

bool rig_open(struct rig *rig)
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

void rig_close(struct rig *rig)
{
    if (!rig->loop)
        return;
    journal_close(rig->journal);
    loop_free(rig->loop);
    rig->journal = NULL;
    rig->loop = NULL;
}

void rig_remove(struct rig *rig)
{
    rig_close(rig);
    folder_remove(rig->folder);
}

void rig_start(struct rig *rig)
{
    rig_make(rig);
    cr_assert(rig_open(rig), "%s", rig->why.text);
}

static void answer(void *arg, enum store_outcome outcome, const struct fault *why)
{
    struct rig *rig = arg;
    assert(!rig->answered);
    rig->answered = true;
    rig->outcome = outcome;
    rig->why = *why;
    loop_stop(rig->loop);
}

static enum store_outcome wait_for_answer(struct rig *rig, const struct model *after)
{
    assert(!rig->answered); // never from within the call
    loop_run(rig->loop);
    assert(rig->answered);
    rig->answered = false;
    if (rig->outcome == STORE_DURABLE)
        rig->model = *after;
    return rig->outcome;
}

enum store_outcome rig_append(struct rig *rig, size_t events, int person)
{
    static struct model_batch batch;
    struct model after = rig->model;
    model_add_events(&after, &batch, events);
    if (person >= 0)
        model_add_person(&after, &batch, person);
    rig->port.append(rig->port.self, &batch.batch, answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome rig_snapshot(struct rig *rig)
{
    struct model after = rig->model;
    after.snapshot = after.events;
    char bytes[800];
    size_t length = model_snapshot(bytes, after.snapshot);
    journal_keep_snapshot(rig->journal, after.snapshot, bytes, length, answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome rig_erase(struct rig *rig, uint64_t last)
{
    struct model after = rig->model;
    after.erased = last;
    journal_erase(rig->journal, 1, last, answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome rig_prune(struct rig *rig, uint64_t last)
{
    struct model after = rig->model;
    after.pruned = last;
    if (after.erased < last)
        after.erased = last;
    journal_prune(rig->journal, last, answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome rig_erase_person(struct rig *rig, int number)
{
    struct model after = rig->model;
    after.versions[number] = 0;
    struct store_person person;
    model_person(&person, number, 0);
    rig->port.erase_person(rig->port.self, person.id, answer, rig);
    return wait_for_answer(rig, &after);
}

void rig_check(struct rig *rig)
{
    cr_assert(!rig->loop);
    struct ledger *ledger = NULL;
    cr_assert(ledger_open(&rig->config, &ledger, &rig->why), "%s", rig->why.text);
    cr_assert(model_fits(&rig->model, ledger, &rig->why), "%s", rig->why.text);
    ledger_close(ledger);
}

bool rig_files_hold(const struct rig *rig, const char *text)
{
    struct program_result grep;
    char line[128];
    snprintf(line, sizeof line, "grep -raqF -f - %s", rig->folder);
    program_run(&grep, line, text);
    cr_assert_leq(grep.exit_code, 1, "%s", grep.err);
    return grep.exit_code == 0;
}

const char *rig_path(const struct rig *rig, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", text_starts(name, "head") ? rig->head : rig->data, name);
    return path;
}
