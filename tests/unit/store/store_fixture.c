// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/store/store_fixture.h"

#include <assert.h>
#include <criterion/criterion.h>

void store_fixture_connect(struct store_fixture *rig)
{
    rig->loop = loop_new();
    rig->port = rig->connect(rig->place, rig->loop);
}

void store_fixture_create(struct store_fixture *rig)
{
    store_fixture_connect(rig);
    cr_assert(!rig->port.open(rig->port.self, &rig->why));
    cr_assert_eq(rig->why.kind, FAULT_ABSENT, "%s", rig->why.text);
    cr_assert(rig->port.create(rig->port.self, &rig->why), "%s", rig->why.text);
    store_fixture_close(rig);
}

bool store_fixture_open(struct store_fixture *rig)
{
    store_fixture_connect(rig);
    if (rig->port.open(rig->port.self, &rig->why))
        return true;
    store_fixture_close(rig);
    return false;
}

void store_fixture_close(struct store_fixture *rig)
{
    if (!rig->loop)
        return;
    rig->port.close(rig->port.self);
    loop_free(rig->loop);
    rig->loop = NULL;
}

static void note_answer(void *arg, enum store_outcome outcome, const struct fault *why)
{
    struct store_fixture *rig = arg;
    assert(!rig->answered);
    rig->answered = true;
    rig->outcome = outcome;
    rig->why = *why;
    loop_stop(rig->loop);
}

static enum store_outcome wait_for_answer(struct store_fixture *rig, const struct model *after)
{
    assert(!rig->answered); // never from within the call
    loop_run(rig->loop);
    assert(rig->answered);
    rig->answered = false;
    if (rig->outcome == STORE_DURABLE)
        rig->model = *after;
    return rig->outcome;
}

enum store_outcome store_fixture_append(struct store_fixture *rig, size_t events, int person)
{
    static struct model_batch batch;
    struct model after = rig->model;
    model_add_events(&after, &batch, events);
    if (person >= 0)
        model_add_person(&after, &batch, person);
    rig->port.append(rig->port.self, &batch.batch, note_answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome store_fixture_snapshot(struct store_fixture *rig)
{
    struct model after = rig->model;
    after.snapshot = after.events;
    char bytes[800];
    size_t length = model_snapshot(bytes, after.snapshot);
    rig->port.keep_snapshot(rig->port.self, after.snapshot, bytes, length, note_answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome store_fixture_erase(struct store_fixture *rig, uint64_t last)
{
    struct model after = rig->model;
    after.erased = last;
    // In two ranges and the wrong way round.
    struct store_range ranges[] = {{last / 2 + 1, last}, {1, last / 2}};
    rig->port.erase(rig->port.self, ranges, 2, note_answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome store_fixture_prune(struct store_fixture *rig, uint64_t last)
{
    struct model after = rig->model;
    after.pruned = last;
    if (after.erased < last)
        after.erased = last;
    rig->port.prune(rig->port.self, last, note_answer, rig);
    return wait_for_answer(rig, &after);
}

enum store_outcome store_fixture_erase_person(struct store_fixture *rig, int number)
{
    struct model after = rig->model;
    after.versions[number] = 0;
    struct store_person person;
    model_person(&person, number, 0);
    rig->port.erase_person(rig->port.self, person.id, note_answer, rig);
    return wait_for_answer(rig, &after);
}

void store_fixture_check(struct store_fixture *rig)
{
    cr_assert(!rig->loop);
    cr_assert(store_fixture_open(rig), "%s", rig->why.text);
    cr_assert(model_fits_port(&rig->model, &rig->port, &rig->why), "%s", rig->why.text);
    store_fixture_close(rig);
}
