// SPDX-License-Identifier: EUPL-1.2
// What the broker and a print server (pult-print) say to each other over its link; rows of api/link. The print server
// has the jobs, and asks at the moment of sending where one is to go; the broker knows where people are. Neither keeps
// what the other is right about: the broker forgets all jobs with its own end, and hears of them again.
#pragma once
#include "broker/api/job.h"
#include "broker/api/link.h"

enum {
    PRINT_MESSAGE_MAX = 512 * 1024, // bytes
    PRINT_PRINTERS_MAX = 800,       // that one print server may use
    PRINT_SEALED_SIZE = 2048,       // base64
    PRINT_SEAL_SIZE = 4096,         // a certificate, base64 of its DER
    PRINT_KEY_BYTES = 32,           // a job's key; the id of its print server is sealed behind it
    PRINT_KEY_SIZE = 64,            // base64 of that
    PRINT_DETAIL_SIZE = 320,
    PRINT_ROUTE_MS = 10 * 1000, // how long a print server waits for `routed` before it asks again
};

enum print_message_type {
    // From the broker.
    PRINT_WELCOME,  // once the link is up: now_ms, seal, authority
    PRINT_PRINTERS, // after that, and at each change: printers
    PRINT_ROUTED,   // answers PRINT_ROUTE: outcome, reason, person, printer, uri, fingerprint, key, delete_at_ms, trace
    PRINT_ORDER,    // job, order, printer, by
    PRINT_PROBE,    // ask a printer what it is: request_id, uri, fingerprint
    PRINT_TEST_PAGE, // print a page of our own: request_id, printer, uri, fingerprint
    PRINT_COUNTED,   // answers PRINT_PRINTED, and said once the link is up: number; it is in the journal
    PRINT_TOLD,      // its person was told on the screen why a job is no further: job, reason
    // From the print server.
    PRINT_ROUTE,    // where is it to go: request_id, job, host, certificate, certified_ms and user_name, or principal;
                    // target, sealed, created_ms, avoid
    PRINT_JOB,      // a job is in this state now; all of them once the link is up
    PRINT_JOBS_END, // all of them were told
    PRINT_PRINTER,  // a printer is in this state now
    PRINT_PROBED,   // answers PRINT_PROBE
    PRINT_TESTED,   // answers PRINT_TEST_PAGE
    PRINT_PRINTED,  // an entry for the accounts; said again until PRINT_COUNTED
    PRINT_MESSAGE_TYPE_COUNT,
};

enum print_outcome {
    PRINT_SEND,   // to `printer`, now
    PRINT_WAIT,   // and ask again: when the printer or the broker says something new, at the latest after a minute
    PRINT_HOLD,   // until it is released
    PRINT_REFUSE, // it is deleted
};
extern const char *const print_outcome_words[];

enum print_order {
    PRINT_RELEASE, // a job that is held, or uncertain; `printer`: there, whatever its target; empty: as it was meant
    PRINT_CANCEL,
    PRINT_MOVE, // from now on its target is `printer`
};
extern const char *const print_order_words[];

// A printer that the print server may use.
struct print_printer {
    char printer[ID_SIZE];
    char uri[URI_SIZE];
    char fingerprint[DIGEST_SIZE];
    bool draining;
};

struct print_message {
    int64_t type;                    // enum print_message_type
    int64_t request_id;              // of a question; its answer repeats it
    int64_t now_ms;                  // the broker's clock
    char seal[PRINT_SEAL_SIZE];      // the certificate that keys of jobs are sealed for
    char authority[PRINT_SEAL_SIZE]; // the certificate that signs those of machines
    struct record_list printers;     // of struct print_printer
    char job[JOB_NAME_SIZE];
    char host[ID_SIZE];            // that vouches for `user_name`, by its certificate
    char certificate[DIGEST_SIZE]; // that one: SHA-256
    int64_t certified_ms;          // since when it is valid
    char user_name[USER_NAME_SIZE];
    char principal[USER_NAME_SIZE]; // by Kerberos, instead of both
    char target[ID_SIZE];           // the printer that was chosen; empty: next to me
    char avoid[ID_SIZE];            // one that just failed
    char sealed[PRINT_SEALED_SIZE]; // the job's key; empty: the document is not whole yet, and no key is wanted
    char key[PRINT_KEY_SIZE];       // the same, unsealed
    char told[JOB_REASONS_SIZE];    // the reasons of which its person was told
    int64_t created_ms, delete_at_ms, at_ms;
    int64_t outcome, order, reason; // enums print_outcome, print_order, job_reason
    char person[ID_SIZE];
    char printer[ID_SIZE];
    char uri[URI_SIZE];
    char fingerprint[DIGEST_SIZE];
    char trace[TRACE_SIZE]; // how it was decided, a line per step
    char by[ACTOR_SIZE];    // who gave the order
    int64_t state;          // of a job: enum job_state
    int64_t printer_state;  // of a printer: enum printer_state
    char detail[PRINT_DETAIL_SIZE];
    int64_t size, pages; // of the document: bytes; 0: not known
    int64_t number;      // of an entry of the accounts: 1, 2, 3 ...
    int64_t impressions, sheets, counted;
    char fault[PRINT_DETAIL_SIZE]; // why a printer could not be asked; empty: it was
    char name[NAME_SIZE], location[NAME_SIZE], make[NAME_SIZE];
    char formats[LIST_SIZE], media[LIST_SIZE];
    bool colour, duplex;
};

extern const struct record_type print_printer_type;
extern const struct link_type print_link_types[PRINT_MESSAGE_TYPE_COUNT];
