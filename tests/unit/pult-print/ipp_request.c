// SPDX-License-Identifier: EUPL-1.2
// What clients that people have really ask: cups' backend and ipptool as they were recorded, Windows' class driver by
// its specification. The same bytes are where fuzzing begins.
#include "broker/pult-print/ipp_request.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/pult-print/http_reader.h"
#include "broker/pult-print/ipp_bounds.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENT_MAX = 8192 };

static const struct client_row {
    const char *name;
    enum door_status status;
    const char *options;
} client_rows[] = {
    {"cups-2.4.2-printer", DOOR_OK, ""},
    {"cups-2.4.2-print-job", DOOR_OK, "copies=2 sides=two-sided-long-edge media=A4 print-color-mode=monochrome"},
    {"cups-2.4.2-job", DOOR_NOT_SUPPORTED, ""},
    {"cups-2.4.2-jobs", DOOR_NOT_SUPPORTED, ""},
    {"cups-2.4.10-printer", DOOR_OK, ""},
    {"cups-2.4.10-print-job", DOOR_OK, "copies=2 sides=two-sided-long-edge media=A4 print-color-mode=monochrome"},
    {"cups-2.4.10-job", DOOR_NOT_SUPPORTED, ""},
    {"cups-2.4.10-jobs", DOOR_NOT_SUPPORTED, ""},
    // Without a name for the job that stays the same nobody could tell a job from its repetition.
    {"ipptool-2.4.2-print-job", DOOR_BAD_REQUEST, ""},
    {"ipptool-2.4.2-validate", DOOR_BAD_FORMAT, ""},
    {"ipptool-2.4.10-print-job", DOOR_BAD_REQUEST, ""},
    {"windows-printer", DOOR_OK, ""},
    {"windows-validate", DOOR_OK,
     "copies=2 sides=two-sided-long-edge media=iso_a4_210x297mm print-color-mode=monochrome print-quality=4 "
     "orientation-requested=3 "
     "output-bin=face-down multiple-document-handling=separate-documents-collated-copies"},
    {"windows-create-job", DOOR_NOT_SUPPORTED, ""},
    {"windows-print-job", DOOR_BAD_REQUEST, ""},
};

static size_t read_body(const char *name, char *body)
{
    char path[FILENAME_MAX], bytes[CLIENT_MAX];
    size_t length = 0, used = 0;
    struct fault why = {0};
    snprintf(path, sizeof path, "tests/fuzz/corpus/ipp/%s", name);
    cr_assert(file_read(path, bytes, sizeof bytes, &length, &why), "%s: %s", name, why.text);
    struct http_reader *reader = mem_new(1, sizeof *reader);
    enum http_event event = HTTP_MORE;
    for (size_t at = 0; at < length;) {
        at += http_reader_add(reader, bytes + at, length - at, &event);
        cr_assert_neq(event, HTTP_BROKEN, "%s", name);
        if (event == HTTP_BODY) {
            memcpy(body + used, reader->body, reader->body_length);
            used += reader->body_length;
        }
    }
    free(reader);
    return used;
}

Test(ipp_request, what_clients_ask_is_understood)
{
    for (size_t i = 0; i < sizeof client_rows / sizeof *client_rows; i++) {
        const struct client_row *row = &client_rows[i];
        char body[CLIENT_MAX];
        size_t end = 0, length = read_body(row->name, body);
        struct fault why = {0};
        struct ipp_request request;
        cr_assert(ipp_bounds_check(body, length, &end, &why), "%s: %s", row->name, why.text);
        cr_expect_eq(ipp_request_read(&request, body, end), row->status, "%s", row->name);
        cr_expect_str_eq(request.options, row->options, "%s: %s", row->name, request.options);
    }
}
