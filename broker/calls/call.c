// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/call.h"
#include "broker/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_USUAL = 1024 };

static void finish(struct call *call, int status, json_object *answer, int64_t retry_after_s)
{
    struct text text = {0};
    codec_print(&text, answer);
    json_object_put(answer);
    call->finish(call, status, &text, retry_after_s);
}

void call_answer(struct call *call, json_object *answer)
{
    finish(call, 200, answer, 0);
}

void call_answer_record(struct call *call, const struct field *fields, const void *source)
{
    struct text text = {0};
    mem_reserve(&text.bytes, &text.capacity, RECORD_USUAL, 1);
    codec_print_record(&text, fields, CODEC_ANSWER, source);
    call->finish(call, 200, &text, 0);
}

void call_answer_text(struct call *call, struct text *answer)
{
    call->finish(call, 200, answer, 0);
}

static void refuse(struct call *call, enum refusal refusal, const char *detail, const char *format,
                   int64_t retry_after_ms)
{
    const struct refusal_row *row = &refusal_rows[refusal];
    char type[80];
    call->etag[0] = 0;
    snprintf(type, sizeof type, "urn:pult:%s", row->code);
    json_object *problem = json_object_new_object();
    json_object_object_add(problem, "type", json_object_new_string(type));
    json_object_object_add(problem, "title", json_object_new_string(row->sentence));
    json_object_object_add(problem, "status", json_object_new_int(row->status));
    if (detail)
        json_object_object_add(problem, "detail", json_object_new_string(detail));
    if (format)
        json_object_object_add(problem, "detail_format", json_object_new_string(format));
    if (call->help_desk[0])
        json_object_object_add(problem, "help_desk", json_object_new_string(call->help_desk));
    int64_t retry_after_s = (retry_after_ms + 999) / 1000;
    if (retry_after_s)
        json_object_object_add(problem, "retry_after", json_object_new_int64(retry_after_s));
    finish(call, row->status, problem, retry_after_s);
}

void call_refuse(struct call *call, enum refusal refusal, const char *detail)
{
    refuse(call, refusal, detail, detail, 0);
}

void call_refuse_later(struct call *call, enum refusal refusal, int64_t retry_after_ms)
{
    refuse(call, refusal, NULL, NULL, retry_after_ms);
}

void call_refuse_fault(struct call *call, const struct fault *why)
{
    refuse(call, refusal_of_fault(why->kind), why->text, why->format, 0);
}

void call_fini(struct call *call)
{
    json_drop(&call->body);
    if (call->negotiate)
        explicit_bzero(call->negotiate, strlen(call->negotiate));
    bytes_drop(&call->negotiate);
    bytes_drop(&call->negotiate_reply);
}
