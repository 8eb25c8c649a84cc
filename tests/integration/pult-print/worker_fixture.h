// SPDX-License-Identifier: EUPL-1.2
// A spool, accounts and printers for a test, and what comes of a job.
#pragma once
#include "broker/pult-print/print_worker.h"
#include "broker/pult-print/printer_client.h"
#include "tests/folder.h"

enum { PRINT_PORT = 8700, PRINT_PATH_SIZE = 200 };

struct printed_job {
    char id[SPOOL_ID_SIZE];
    unsigned char key[DOCUMENT_KEY_BYTES];
    char *document; // what was handed over
    size_t size;
};

extern struct loop *print_loop;
extern struct spool *print_spool;
extern struct accounts *print_accounts;
extern struct print_worker *print_worker;
extern enum printer_state print_state; // as it was told last
extern char print_detail[PRINTER_DETAIL_SIZE];
extern bool print_gives_key;             // when the worker wants one
extern int print_told;                   // entries of the accounts
extern struct print_account print_entry; // the last one

void print_start(void); // for a suite's .init and .fini
void print_stop(void);

// CUPS's own printer, or the odd one with these habits. Both at PRINT_PORT, one at a time.
void print_ippeve(const char *options);
void print_odd(const char *habits);
void print_odd_ipps(const char *habits, char fingerprint[DIGEST_SIZE]);
void print_habits(const char *habits); // from now on
void print_printer_off(void);
void print_nowhere(void); // the next worker looks for it where it is not
void print_worker_for(const char *uri, const char *fingerprint, const char *credentials);

// A PDF of so many pages, which say `words`; the caller frees it.
char *print_pdf(int pages, const char *words, size_t *size);
void print_add(struct printed_job *job, int pages, const char *options);
void print_add_bytes(struct printed_job *job, const char *format, const char *options, const char *bytes, size_t size);
void print_forget(struct printed_job *job);
void print_send(const struct printed_job *job);
void print_wait(void);                                               // until the worker is done with it
void print_wait_requests(const char *line, int count);               // until the odd printer was asked this so often
void print_pause(int ms);                                            // the loop goes on meanwhile
const struct spool_job *print_record(const struct printed_job *job); // NULL: it is over
// What lies at the printer: how many papers, and the last one; the caller frees it.
int print_papers(void);
char *print_paper(size_t *size);
// It waits for somebody, or came out just so; the second forgets it.
void print_assert_held(const struct printed_job *job, enum spool_state state, enum job_reason reason);
void print_assert_printed(struct printed_job *job, int papers, int64_t impressions, bool by_document);
bool print_asked(const char *words); // in what was asked for with any paper
// Starts anew, as after a crash: what was going on is found on the disk.
void print_restart(void);
// The record as `sending` or `sent`, which a crash left.
void print_crashed(const struct printed_job *job, enum spool_state state, int64_t number);
