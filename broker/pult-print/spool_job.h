// SPDX-License-Identifier: EUPL-1.2
// What is kept of a job beside its document: one record, by its rows. There is no title in it.
#pragma once
#include "broker/api/job.h"

enum {
    SPOOL_ID_SIZE = 35, // "j-" and 32 hexadecimal digits
    SPOOL_SEALED_SIZE = 2048,
    SPOOL_FORMAT_SIZE = 64,
    SPOOL_OPTIONS_SIZE = 512,
    SPOOL_JOB_NAME_SIZE = 64,
};

enum spool_state {
    SPOOL_WAITING,   // for its printer, or for the broker to say which
    SPOOL_HELD,      // for a person
    SPOOL_SENDING,   // the printer may have heard of it
    SPOOL_SENT,      // the printer has all of it
    SPOOL_UNCERTAIN, // nobody can know whether it was printed: for a person
    SPOOL_DONE,      // and the document is gone
    SPOOL_CANCELLED, // the same
    SPOOL_STATE_COUNT,
};
extern const char *const spool_state_words[];

struct spool_job {
    char id[SPOOL_ID_SIZE];
    int64_t state;  // enum spool_state
    int64_t reason; // enum job_reason
    // Whence it came: from a session host, which had shown this certificate, or by the Kerberos door.
    char host[ID_SIZE], certificate[DIGEST_SIZE];
    int64_t certified_ms; // since when that one is valid
    char principal[USER_NAME_SIZE];
    char user_name[USER_NAME_SIZE];   // as the host vouches for it
    char target[ID_SIZE];             // the printer that was chosen; empty: next to its person
    char format[SPOOL_FORMAT_SIZE];   // MIME type of the document
    char options[SPOOL_OPTIONS_SIZE]; // "copies=2 sides=one-sided": IPP's names, as the cups library reads them
    int64_t size;                     // of the document, bytes
    char sealed[SPOOL_SEALED_SIZE];   // the key of the document, for the broker; base64
    int64_t created_ms, changed_ms;
    // As the broker says.
    char person[ID_SIZE];
    int64_t delete_at_ms;        // 0: it has not said yet
    char told[JOB_REASONS_SIZE]; // the reasons of which its person was told on the screen
    // Of its printing.
    char printer[ID_SIZE]; // where it is, or was last
    char printer_uri[URI_SIZE];
    char fingerprint[DIGEST_SIZE]; // of that printer's certificate
    int64_t printer_job;           // its number there; 0: none
    int64_t pages;                 // sides that were printed
    int64_t sending_ms;            // when that printer may first have heard of it
    int64_t attempts;              // how often it was sent somewhere
    bool doubtful;                 // that printer may have only part of it
    bool at_substitute;            // and stands in for the one that it was for
    int64_t cancelling;            // enum job_reason: it is to be cancelled there, for this; JOB_REASON_NONE: it is not
};

extern const struct record_type spool_job_type;

bool spool_id_is_valid(const char *id);
// Of the job that is called so by this owner, who may have chosen the name: the same again for the same. `host` is ""
// for the Kerberos door.
void spool_id_make(char id[SPOOL_ID_SIZE], const char *host, const char *owner, const char *job_uuid);
// What the printer gets to see instead of a title, by which the job is found there again.
void spool_job_name(char name[SPOOL_JOB_NAME_SIZE], const char *id);
bool spool_job_is_over(const struct spool_job *job); // done or cancelled
