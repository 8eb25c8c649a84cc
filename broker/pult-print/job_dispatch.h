// SPDX-License-Identifier: EUPL-1.2
// Which job goes to which printer, and when: the broker is asked for each (`route`), and again when its printer is
// free, for its person may be elsewhere by then. Keys are asked for only when a job may be sent at once. Nothing is
// asked of the broker twice at a time, and not too much at once.
#pragma once
#include "broker/api/print_link.h"
#include "broker/pult-print/printer_station.h"
#include "broker/pult-print/spool.h"

struct job_dispatch;

struct job_dispatch_config {
    const struct print_worker_ports *workers;
    struct loop *loop;
    struct spool *spool;
    struct accounts *accounts;
    const char *credentials;                                      // folder of what printers want to know of us
    bool (*send)(void *arg, const struct print_message *message); // to the broker; false: it is away
    void *arg;
};

// Takes up all that is in the spool.
struct job_dispatch *job_dispatch_new(const struct job_dispatch_config *config);
void job_dispatch_free(struct job_dispatch *dispatch); // before the spool; NULL allowed
// Of each job that is new, or another one: what the spool tells.
void job_dispatch_changed(struct job_dispatch *dispatch, const struct spool_job *job);
void job_dispatch_link(struct job_dispatch *dispatch, bool is_up);
// By whose clock jobs grow too old: until the broker has told its own none does, and this machine's may be set as it
// likes.
void job_dispatch_clock(struct job_dispatch *dispatch, int64_t broker_ms);
// What that clock said when it was this hour here. Until the broker has told it: this hour.
int64_t job_dispatch_broker_ms(const struct job_dispatch *dispatch, int64_t here_ms);
// What the broker says.
void job_dispatch_printers(struct job_dispatch *dispatch, const struct print_message *message);
void job_dispatch_routed(struct job_dispatch *dispatch, const struct print_message *message);
void job_dispatch_order(struct job_dispatch *dispatch, const struct print_message *message);
