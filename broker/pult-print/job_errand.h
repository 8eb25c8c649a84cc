// SPDX-License-Identifier: EUPL-1.2
// The jobs that are neither with a person nor over, each in one place at a time: to be asked about, asked about, behind
// another at its printer, at rest, or printed. Who decides is job_dispatch.
#pragma once
#include "broker/pult-print/printer_station.h"

#include <uthash.h>

enum errand_place {
    ERRAND_NEW,    // the broker is to be asked
    ERRAND_ASKED,  // and was
    ERRAND_PARKED, // its printer has another job
    ERRAND_RESTS,  // until `at_ms`, or until its printer has news
    ERRAND_WORKED, // a worker has it
    ERRAND_PLACE_COUNT,
};

struct job_errand {
    char id[SPOOL_ID_SIZE];
    enum errand_place place;
    struct job_errand *prev, *next; // of the same place; PARKED: of its station
    int64_t request_id;             // of its question; 0: none is out
    int64_t at_ms;                  // steady: since when the question is out; without one: rests until then
    char printer[ID_SIZE];          // that it rests for
    char avoid[ID_SIZE];
    bool recovers;                   // a printer may have it already: it is not asked where
    bool wants_key;                  // its worker does: it is asked for where the job is, wherever its person is now
    struct printer_station *station; // where it is parked, worked, or has the next turn
    UT_hash_handle hh;
};

// All zeros: there is none.
struct job_errands {
    struct job_errand *all; // by id
    struct job_errand *places[ERRAND_PLACE_COUNT];
    size_t asked; // how many are asked about
};

struct job_errand *job_errand_find(const struct job_errands *errands, const char *id); // NULL: there is none
struct job_errand *job_errand_add(struct job_errands *errands, const char *id);        // a new one, which is ERRAND_NEW
// To the end of that place's list. `station` is NULL where the place has none.
void job_errand_move(struct job_errands *errands, struct job_errand *errand, enum errand_place place,
                     struct printer_station *station);
void job_errand_rest(struct job_errands *errands, struct job_errand *errand, int64_t wait_ms);
void job_errand_remove(struct job_errands *errands, struct job_errand *errand); // and frees it
void job_errands_clear(struct job_errands *errands);                            // before the stations
