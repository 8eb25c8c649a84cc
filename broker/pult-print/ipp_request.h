// SPDX-License-Identifier: EUPL-1.2
// What a client asks by IPP (RFC 8010, 8011), read by the cups library from bytes that were looked at before
// (ipp_bounds), and what it is answered. A title is not read at all.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/text.h"
#include "broker/pult-print/spool_job.h"

enum { IPP_HEAD_MAX = 64 * 1024, IPP_PATH_SIZE = 320 };

enum ipp_question { ASKED_TO_PRINT, ASKED_TO_VALIDATE, ASKED_FOR_PRINTER };

// What comes of it: IPP's status, and for the backend whether it is to come again.
enum door_status {
    DOOR_OK,
    DOOR_BAD_REQUEST,    // the rest up to DOOR_LATER for good
    DOOR_NOT_AUTHORIZED, // nobody that we print for
    DOOR_NO_SUCH_PRINTER,
    DOOR_TOO_LARGE,
    DOOR_BAD_FORMAT,
    DOOR_COMPRESSED,
    DOOR_NOT_SUPPORTED, // such an operation
    DOOR_LATER,         // it may do later
    DOOR_TOO_MANY,      // the same, once others of this person or host are printed
    DOOR_STATUS_COUNT,
};

struct ipp_request {
    int version, id;
    enum ipp_question operation;
    char user_name[USER_NAME_SIZE];
    char job_uuid[ID_SIZE];
    char format[SPOOL_FORMAT_SIZE];
    char options[SPOOL_OPTIONS_SIZE]; // those of the rows in ipp_request.c
    int64_t age_s;                    // so long ago it was printed; 0: just now, or it is not said
};

// `bytes`: whole, by ipp_bounds_check. Anything but DOOR_OK is to be answered.
enum door_status ipp_request_read(struct ipp_request *request, const void *bytes, size_t length);

// "/ipp/print/next-to-me" or "/ipp/print/TENANT/PRINTER"; false: neither. `target` is empty for the first.
bool ipp_request_target(const char *path, char target[ID_SIZE]) __attribute__((warn_unused_result));

// `why`: English, for the log of who asked; `job` is the id of a job that is stored.
void ipp_request_answer(const struct ipp_request *request, enum door_status status, const char *why, const char *job,
                        const char *path, struct text *out);
