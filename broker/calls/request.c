// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/request.h"
#include "broker/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_USUAL = 1024 };

static void finish(struct request *request, int status, json_object *answer, int64_t retry_after_s)
{
    struct text text = {0};
    codec_print(&text, answer);
    json_object_put(answer);
    request->finish(request, status, &text, retry_after_s);
}

void request_answer(struct request *request, json_object *answer)
{
    finish(request, 200, answer, 0);
}

void request_answer_record(struct request *request, const struct field *fields, const void *source)
{
    struct text text = {0};
    mem_reserve(&text.bytes, &text.capacity, RECORD_USUAL, 1);
    codec_print_record(&text, fields, CODEC_ANSWER, source);
    request->finish(request, 200, &text, 0);
}

void request_answer_text(struct request *request, struct text *answer)
{
    request->finish(request, 200, answer, 0);
}

static void refuse(struct request *request, enum refusal refusal, const char *detail, const char *format,
                   int64_t retry_after_ms)
{
    const struct refusal_row *row = &refusal_rows[refusal];
    char type[80];
    request->etag[0] = 0;
    snprintf(type, sizeof type, "urn:pult:%s", row->code);
    json_object *problem = json_object_new_object();
    json_object_object_add(problem, "type", json_object_new_string(type));
    json_object_object_add(problem, "title", json_object_new_string(row->sentence));
    json_object_object_add(problem, "status", json_object_new_int(row->status));
    if (detail)
        json_object_object_add(problem, "detail", json_object_new_string(detail));
    if (format)
        json_object_object_add(problem, "detail_format", json_object_new_string(format));
    if (request->help_desk[0])
        json_object_object_add(problem, "help_desk", json_object_new_string(request->help_desk));
    int64_t retry_after_s = (retry_after_ms + 999) / 1000;
    if (retry_after_s)
        json_object_object_add(problem, "retry_after", json_object_new_int64(retry_after_s));
    finish(request, row->status, problem, retry_after_s);
}

void request_refuse(struct request *request, enum refusal refusal, const char *detail)
{
    refuse(request, refusal, detail, detail, 0);
}

void request_refuse_later(struct request *request, enum refusal refusal, int64_t retry_after_ms)
{
    refuse(request, refusal, NULL, NULL, retry_after_ms);
}

void request_refuse_fault(struct request *request, const struct fault *why)
{
    refuse(request, refusal_of_fault(why->kind), why->text, why->format, 0);
}

void request_fini(struct request *request)
{
    json_drop(&request->body);
    if (request->negotiate)
        explicit_bzero(request->negotiate, strlen(request->negotiate));
    bytes_drop(&request->negotiate);
    bytes_drop(&request->negotiate_reply);
}
