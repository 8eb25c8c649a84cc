// SPDX-License-Identifier: EUPL-1.2
// The printers that jobs were sent to: where each listens, what works there, and how it is as far as that knows.
#pragma once
#include "broker/api/print_link.h"
#include "broker/pult-print/print_worker.h"

#include <uthash.h>

// What prints, one a printer: see print_worker.h.
struct print_worker_ports {
    struct print_worker *(*open)(struct loop *loop, struct spool *spool, struct accounts *accounts,
                                 const struct print_target *target, const struct print_worker_events *events,
                                 void *arg);
    void (*close)(struct print_worker *worker);
    void (*move)(struct print_worker *worker, const struct printer_address *address);
    bool (*is_free)(const struct print_worker *worker);
    void (*send)(struct print_worker *worker, const char *job, const unsigned char key[DOCUMENT_KEY_BYTES]);
    void (*recover)(struct print_worker *worker, const char *job);
    void (*give_key)(struct print_worker *worker, const char *job, const unsigned char *key);
    void (*cancel)(struct print_worker *worker, const char *job, enum job_reason reason);
};
extern const struct print_worker_ports print_workers; // the real ones

struct job_errand;

struct printer_station {
    struct printer_stations *stations;
    struct print_target target;
    struct print_worker *worker;
    enum printer_state state;
    char detail[PRINT_DETAIL_SIZE];
    struct job_errand *parked, *turn; // who waits there, and who was asked about for the last time before it is printed
    UT_hash_handle hh;
};

// What its worker says of it: see print_worker.h.
struct printer_station_events {
    void (*ended)(void *arg, struct printer_station *station, const char *job);
    void (*changed)(void *arg, struct printer_station *station); // how it is
    void (*wants_key)(void *arg, struct printer_station *station, const char *job);
};

struct printer_stations {
    const struct print_worker_ports *workers;
    struct loop *loop;
    struct spool *spool;
    struct accounts *accounts;
    const char *credentials; // folder
    const struct printer_station_events *events;
    void *arg;
    struct printer_station *all; // by id
};

// It is made where it is not there yet; where it listens may be another place now. NULL: that is no printer's id.
struct printer_station *printer_station_at(struct printer_stations *stations, const char *id, const char *uri,
                                           const char *fingerprint);
void printer_station_move(struct printer_station *station, const char *uri, const char *fingerprint);
// Nothing is printed there, nor about to be.
bool printer_station_is_free(const struct printer_station *station);
void printer_stations_close(struct printer_stations *stations);
