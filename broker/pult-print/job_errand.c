// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/job_errand.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

struct job_errand *job_errand_find(const struct job_errands *errands, const char *id)
{
    struct job_errand *errand = NULL;
    HASH_FIND_STR(errands->all, id, errand);
    return errand;
}

static struct job_errand **list_of(struct job_errands *errands, const struct job_errand *errand)
{
    return errand->place == ERRAND_PARKED ? &errand->station->parked : &errands->places[errand->place];
}

static void leave_place(struct job_errands *errands, struct job_errand *errand)
{
    struct job_errand **list = list_of(errands, errand);
    DL_DELETE(*list, errand);
    errands->asked -= errand->place == ERRAND_ASKED;
    if (errand->station && errand->station->turn == errand)
        errand->station->turn = NULL;
}

void job_errand_move(struct job_errands *errands, struct job_errand *errand, enum errand_place place,
                     struct printer_station *station)
{
    leave_place(errands, errand);
    errand->place = place;
    errand->station = station;
    errand->at_ms = clock_steady_ms();
    errands->asked += place == ERRAND_ASKED;
    struct job_errand **list = list_of(errands, errand);
    DL_APPEND(*list, errand);
}

struct job_errand *job_errand_add(struct job_errands *errands, const char *id)
{
    struct job_errand *errand = mem_new(1, sizeof *errand);
    TEXT_PUT(errand->id, id);
    DL_APPEND(errands->places[ERRAND_NEW], errand);
    HASH_ADD_STR(errands->all, id, errand);
    return errand;
}

void job_errand_remove(struct job_errands *errands, struct job_errand *errand)
{
    leave_place(errands, errand);
    HASH_DEL(errands->all, errand);
    free(errand);
}

void job_errand_rest(struct job_errands *errands, struct job_errand *errand, int64_t wait_ms)
{
    job_errand_move(errands, errand, ERRAND_RESTS, NULL);
    errand->at_ms += wait_ms;
}

void job_errands_clear(struct job_errands *errands)
{
    struct job_errand *errand, *next;
    HASH_ITER(hh, errands->all, errand, next) job_errand_remove(errands, errand);
    assert(errands->asked == 0);
}
