// SPDX-License-Identifier: EUPL-1.2
// One request by IPP, from its first byte to what is answered: who may print, how much, where it is kept. A job is
// answered with DOOR_OK when it is on the disk, or was before.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-print/ipp_request.h"
#include "broker/pult-print/job_seal.h"
#include "broker/pult-print/spool.h"

struct intake_limits {
    int64_t job_bytes;                  // of one document
    int64_t jobs, host_jobs, user_jobs; // that wait: in all, of a host, of a person
    int64_t disk_reserve;               // bytes that stay free
};

// Who takes them in; one for all doors.
struct intake_office {
    struct spool *spool;
    const struct job_seal *sealing;
    struct intake_limits limits;
    struct intake *open; // all that are under way
};

// Whose it is: of a session host, by its certificate; `host` empty: by the Kerberos door.
struct intake_origin {
    char host[ID_SIZE], certificate[DIGEST_SIZE];
    int64_t certified_ms;
};

struct intake;

// Never from within intake_new and intake_add. `answer` is IPP, borrowed.
typedef void intake_answered(void *arg, const struct text *answer);

struct intake *intake_new(struct intake_office *office, const struct intake_origin *origin, const char *path,
                          intake_answered *answered, void *arg);
// The next bytes of the body, hostile.
void intake_add(struct intake *intake, const char *bytes, size_t length);
// That was the body: it is answered, at once or later.
void intake_finish(struct intake *intake);
// Nobody wants the answer any more. What is not whole is gone; what is being written is written.
void intake_free(struct intake *intake);                // NULL allowed
void intake_office_close(struct intake_office *office); // after the doors and the spool
