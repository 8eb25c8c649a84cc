// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/printer_station.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-print/printer_credentials.h"

#include <stdlib.h>
#include <string.h>

const struct print_worker_ports print_workers = {
    .open = print_worker_new,
    .close = print_worker_free,
    .move = print_worker_move,
    .is_free = print_worker_is_free,
    .send = print_worker_send,
    .recover = print_worker_recover,
    .give_key = print_worker_give_key,
    .cancel = print_worker_cancel,
};

// ---- what its worker says

static void worker_ended(void *arg, struct print_worker *worker, const char *job)
{
    struct printer_station *station = arg;
    (void)worker;
    station->stations->events->ended(station->stations->arg, station, job);
}

static void worker_state(void *arg, struct print_worker *worker, enum printer_state state, const char *detail)
{
    struct printer_station *station = arg;
    (void)worker;
    station->state = state;
    text_cut(station->detail, sizeof station->detail, detail);
    station->stations->events->changed(station->stations->arg, station);
}

static void worker_wants_key(void *arg, struct print_worker *worker, const char *job)
{
    struct printer_station *station = arg;
    (void)worker;
    station->stations->events->wants_key(station->stations->arg, station, job);
}

static const struct print_worker_events worker_events = {
    .ended = worker_ended, .state = worker_state, .wants_key = worker_wants_key};

// ----

static void put_address(struct printer_station *station, const char *uri, const char *fingerprint)
{
    struct printer_address *address = &station->target.address;
    TEXT_PUT(address->uri, uri);
    TEXT_PUT(address->fingerprint, fingerprint);
    printer_credentials(address->credentials, station->stations->credentials, station->target.id);
}

static struct printer_station *add_station(struct printer_stations *stations, const char *id, const char *uri,
                                           const char *fingerprint)
{
    struct printer_station *station = mem_new(1, sizeof *station);
    station->stations = stations;
    TEXT_PUT(station->target.id, id);
    put_address(station, uri, fingerprint);
    HASH_ADD_KEYPTR(hh, stations->all, station->target.id, strlen(station->target.id), station);
    station->worker = stations->workers->open(stations->loop, stations->spool, stations->accounts, &station->target,
                                              &worker_events, station);
    return station;
}

struct printer_station *printer_station_at(struct printer_stations *stations, const char *id, const char *uri,
                                           const char *fingerprint)
{
    struct printer_station *station = NULL;
    HASH_FIND(hh, stations->all, id, strlen(id), station);
    if (station)
        printer_station_move(station, uri, fingerprint);
    else if (id_is_valid(NOUN_PRINTER, id) && strchr(id, '/'))
        station = add_station(stations, id, uri, fingerprint);
    return station;
}

void printer_station_move(struct printer_station *station, const char *uri, const char *fingerprint)
{
    const struct printer_address *address = &station->target.address;
    if (text_equal(address->uri, uri) && text_equal(address->fingerprint, fingerprint))
        return;
    put_address(station, uri, fingerprint);
    station->stations->workers->move(station->worker, address);
}

bool printer_station_is_free(const struct printer_station *station)
{
    return !station->turn && station->stations->workers->is_free(station->worker);
}

void printer_stations_close(struct printer_stations *stations)
{
    struct printer_station *station, *next;
    HASH_ITER(hh, stations->all, station, next)
    {
        stations->workers->close(station->worker);
        HASH_DEL(stations->all, station);
        free(station);
    }
}
