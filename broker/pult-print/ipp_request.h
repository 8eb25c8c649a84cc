// SPDX-License-Identifier: EUPL-1.2
// What a client asks by IPP (RFC 8010, 8011), read by the cups library from bytes that were looked at before
// (ipp_bounds), and what it is answered. A title is not read at all.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/text.h"
#include "broker/pult-print/spool_job.h"

enum { IPP_HEAD_MAX = 64 * 1024, IPP_PATH_SIZE = 320 };

enum print_operation { PRINT_JOB, VALIDATE_JOB, GET_PRINTER_ATTRIBUTES };

// What comes of it: IPP's status, and for the backend whether it is to come again.
enum print_status {
    PRINT_OK,
    PRINT_BAD_REQUEST,      // the rest up to PRINT_LATER for good
    PRINT_NOT_AUTHORIZED,   // nobody that we print for
    PRINT_NO_SUCH_PRINTER,
    PRINT_TOO_LARGE,
    PRINT_BAD_FORMAT,
    PRINT_COMPRESSED,
    PRINT_NOT_SUPPORTED,    // such an operation
    PRINT_LATER,            // it may do later
    PRINT_TOO_MANY,         // the same, once others of this person or host are printed
    PRINT_STATUS_COUNT,
};

struct ipp_request {
    int version, id;
    enum print_operation operation;
    char user_name[USER_NAME_SIZE];
    char job_uuid[ID_SIZE];
    char format[SPOOL_FORMAT_SIZE];
    char options[SPOOL_OPTIONS_SIZE]; // those of the rows in ipp_request.c
};

// `bytes`: whole, by ipp_bounds_check. Anything but PRINT_OK is to be answered.
enum print_status ipp_request_read(struct ipp_request *request, const void *bytes, size_t length);

// "/ipp/print/next-to-me" or "/ipp/print/TENANT/PRINTER"; false: neither. `target` is empty for the first.
bool ipp_request_target(const char *path, char target[ID_SIZE]) __attribute__((warn_unused_result));

// `why`: English, for the log of who asked; `job` is the id of a job that is stored.
void ipp_request_answer(const struct ipp_request *request, enum print_status status, const char *why, const char *job,
                        const char *path, struct text *out);
