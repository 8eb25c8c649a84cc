// SPDX-License-Identifier: EUPL-1.2
// A print server that runs as it does, in a network of its own, and whose broker is away; machines with certificates of
// one authority; clients as there are: curl, and the cups library.
#pragma once
#include "broker/api/types.h"
#include "broker/pult-print/spool.h"

#include <cups/ipp.h>

enum { PRINT_PORT = 8631 };

void print_fixture_init(void); // for a suite's .init; the print server does not run yet
void print_fixture_fini(void);
const char *print_fixture_path(const char *name); // in the test's folder

void print_fixture_shell(const char *words); // there

// Its lines are added to the configuration.
void print_fixture_start(const char *settings);
void print_fixture_stop(void); // asks it to end, and waits
pid_t print_fixture_pid(void);
void print_fixture_forget_broker(void); // what it heard of it

// Key and certificate of a machine, in a file NAME.pem.
void print_fixture_enrol(const char *name, enum noun noun, const char *id);

struct print_request {
    ipp_op_t operation;
    const char *user, *uuid, *format; // NULL: not in it
    size_t size;                      // of the document, of the letter `letter`
    char letter;
};
// A job as a session host sends it.
struct print_request print_fixture_job(const char *uuid);
// The request as a file; more may be added to `message` before.
ipp_t *print_fixture_message(const struct print_request *request);
void print_fixture_write(const char *name, ipp_t *message, const struct print_request *request);

// By curl: the file, with this machine's certificate (NULL: none). IPP's status; -1: no answer by IPP, and `http` has
// curl's exit code and HTTP's status ("56 000").
int print_fixture_post(const char *file, const char *machine, const char *path, const char *options);
extern char print_fixture_http[32];
int print_fixture_send(const struct print_request *request); // by the host "ts1" to next-to-me

// The spool, while the print server does not run.
struct spool *print_fixture_spool(void);
void print_fixture_close_spool(void);
bool print_fixture_is_whole(const struct spool_job *job, char letter); // by the key that was sealed for the broker
int print_fixture_files(void);                                         // in the spool's folder
