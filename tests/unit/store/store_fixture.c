// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/store/store_fixture.h"

#include <assert.h>
#include <criterion/criterion.h>

void store_fixture_connect(struct store_fixture *fixture)
{
    fixture->loop = loop_new();
    fixture->port = fixture->connect(fixture->place, fixture->loop);
}

void store_fixture_create(struct store_fixture *fixture)
{
    store_fixture_connect(fixture);
    cr_assert(!fixture->port.open(fixture->port.self, &fixture->why));
    cr_assert_eq(fixture->why.kind, FAULT_ABSENT, "%s", fixture->why.text);
    cr_assert(fixture->port.create(fixture->port.self, &fixture->why), "%s", fixture->why.text);
    store_fixture_close(fixture);
}

bool store_fixture_open(struct store_fixture *fixture)
{
    store_fixture_connect(fixture);
    if (fixture->port.open(fixture->port.self, &fixture->why))
        return true;
    store_fixture_close(fixture);
    return false;
}

void store_fixture_close(struct store_fixture *fixture)
{
    if (!fixture->loop)
        return;
    fixture->port.close(fixture->port.self);
    loop_free(fixture->loop);
    fixture->loop = NULL;
}

static void note_answer(void *arg, enum store_outcome outcome, const struct fault *why)
{
    struct store_fixture *fixture = arg;
    assert(!fixture->answered);
    fixture->answered = true;
    fixture->outcome = outcome;
    fixture->why = *why;
    loop_stop(fixture->loop);
}

static enum store_outcome wait_for_answer(struct store_fixture *fixture, const struct model *after)
{
    assert(!fixture->answered); // never from within the call
    loop_run(fixture->loop);
    assert(fixture->answered);
    fixture->answered = false;
    if (fixture->outcome == STORE_DURABLE)
        fixture->model = *after;
    return fixture->outcome;
}

enum store_outcome store_fixture_append(struct store_fixture *fixture, size_t events, int person)
{
    static struct model_batch batch;
    struct model after = fixture->model;
    model_add_events(&after, &batch, events);
    if (person >= 0)
        model_add_person(&after, &batch, person);
    fixture->port.append(fixture->port.self, &batch.batch, note_answer, fixture);
    return wait_for_answer(fixture, &after);
}

enum store_outcome store_fixture_snapshot(struct store_fixture *fixture)
{
    struct model after = fixture->model;
    after.snapshot = after.events;
    char bytes[800];
    size_t length = model_snapshot(bytes, after.snapshot);
    fixture->port.keep_snapshot(fixture->port.self, after.snapshot, bytes, length, note_answer, fixture);
    return wait_for_answer(fixture, &after);
}

enum store_outcome store_fixture_erase(struct store_fixture *fixture, uint64_t last)
{
    struct model after = fixture->model;
    after.erased = last;
    // In two ranges and the wrong way round.
    struct store_range ranges[] = {{last / 2 + 1, last}, {1, last / 2}};
    fixture->port.erase(fixture->port.self, ranges, 2, note_answer, fixture);
    return wait_for_answer(fixture, &after);
}

enum store_outcome store_fixture_prune(struct store_fixture *fixture, uint64_t last)
{
    struct model after = fixture->model;
    after.pruned = last;
    if (after.erased < last)
        after.erased = last;
    fixture->port.prune(fixture->port.self, last, note_answer, fixture);
    return wait_for_answer(fixture, &after);
}

enum store_outcome store_fixture_erase_person(struct store_fixture *fixture, int number)
{
    struct model after = fixture->model;
    after.versions[number] = 0;
    struct store_person person;
    model_person(&person, number, 0);
    fixture->port.erase_person(fixture->port.self, person.id, note_answer, fixture);
    return wait_for_answer(fixture, &after);
}

void store_fixture_check(struct store_fixture *fixture)
{
    cr_assert(!fixture->loop);
    cr_assert(store_fixture_open(fixture), "%s", fixture->why.text);
    cr_assert(model_fits_port(&fixture->model, &fixture->port, &fixture->why), "%s", fixture->why.text);
    store_fixture_close(fixture);
}
