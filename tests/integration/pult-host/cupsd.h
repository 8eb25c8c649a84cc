// SPDX-License-Identifier: EUPL-1.2
// Debian's cupsd with the package's configuration and the backend of this build, in a folder of a test's own; people
// who print there; and what stands in for their print server (print_receiver).
#pragma once
#include "broker/pult-host/cups_queues.h"
#include "tests/folder.h"
#include "tests/program.h"

#define CUPSD_TITLE "Abmahnung-Schulze"
enum { CUPSD_ANNA = 2001, CUPSD_BEN = 2002, CUPSD_CARL = 2003, CUPSD_LINE_SIZE = 1024 };

extern char cupsd_folder[FOLDER_SIZE], cupsd_socket[FOLDER_SIZE + 16], cupsd_state[FOLDER_SIZE + 16];
extern struct program_result cupsd_said; // by whatever ran last
// Of Neustadt, but for Ben, who is of Altstadt; Carl's account bears a domain.
extern const struct host_printing_person cupsd_anna, cupsd_ben, cupsd_carl;
extern const struct host_queue cupsd_next_to_me, cupsd_room1; // for all; for the people of Neustadt

void cupsd_init(void); // for a suite's .init: cupsd runs, without queues
void cupsd_fini(void);
void cupsd_start(void); // again
void cupsd_kill(void);
void cupsd_has_queues(void); // those two, of those three

__attribute__((format(printf, 1, 2))) void cupsd_shell(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cupsd_await(const char *format, ...); // until the shell's words are true
void cupsd_expect_success(void);
void cupsd_as(int uid, const char *line);
void cupsd_prints(int uid, const char *options); // a PDF called CUPSD_TITLE

void cupsd_plan(const char *answer); // of the print server (print_receiver)
// How the N-th request that the print server took says this.
void cupsd_expect(int number, const char *name, const char *value);
void cupsd_try_again(void);   // what waits is handed over now, not when it is its time
void cupsd_await_empty(void); // trying again: no job left, and nothing of any
void cupsd_expect_each_once(int count);

void cupsd_settle(const struct host_queue *const *queues, const struct host_printing_person *const *people,
                  struct cups_queues_result *result);
#define CUPSD_SETTLE(result, queues, ...)                                                                              \
    cupsd_settle((const struct host_queue *const[]){queues},                                                           \
                 (const struct host_printing_person *const[]){__VA_ARGS__, NULL}, result)
#define CUPSD_QUEUES(...) __VA_ARGS__, NULL
