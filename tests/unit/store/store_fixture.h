// SPDX-License-Identifier: EUPL-1.2
// A store through its port, with a loop, and changes that wait for their answer.
#pragma once
#include "broker/base/loop.h"
#include "tests/unit/store/journal_model.h"

struct store_fixture {
    struct store_port (*connect)(const void *place, struct loop *loop);
    const void *place;
    struct loop *loop; // NULL: not open
    struct store_port port;
    struct model model; // what was acknowledged
    enum store_outcome outcome;
    struct fault why; // of the last answer, or of what was false
    bool answered;
};

// The port with a loop, but the store not open yet: for create and accept, and for store_fixture_open.
void store_fixture_connect(struct store_fixture *fixture);
void store_fixture_create(struct store_fixture *fixture); // and closes it again
bool store_fixture_open(struct store_fixture *fixture);
void store_fixture_close(struct store_fixture *fixture);

// These may be called in a child of the test, where Criterion's own assertions would hang.
enum store_outcome store_fixture_append(struct store_fixture *fixture, size_t events, int person); // person -1: none
enum store_outcome store_fixture_snapshot(struct store_fixture *fixture);
enum store_outcome store_fixture_erase(struct store_fixture *fixture, uint64_t last);
enum store_outcome store_fixture_prune(struct store_fixture *fixture, uint64_t last);
enum store_outcome store_fixture_erase_person(struct store_fixture *fixture, int number);
// Closed: opens it by itself, and it holds what was acknowledged.
void store_fixture_check(struct store_fixture *fixture);
