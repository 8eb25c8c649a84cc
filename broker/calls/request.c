// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/request.h"
#include "broker/api/codec.h"
#include "broker/api/record.h"
#include "broker/base/mem.h"
#include "broker/portal/page_form.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_USUAL = 1024 };

bool request_read_body(struct request *request, char *bytes, size_t length, struct fault *why)
{
    const struct record_type *type = request->method->body ? request->method->body : &nothing_type;
    assert(!request->body);
    request->body = mem_new(1, type->size);
    if (request->visit)
        return page_form_read(type, bytes, length, request->body, why);
    return codec_decode(type, CODEC_CHANGE, length ? bytes : "{}", length ? length : 2, request->body, why);
}

void request_answer(struct request *request, const void *answer)
{
    struct text text = {.is_secret = true}; // of some methods it is
    assert(request->method && request->method->answer);
    mem_reserve(&text.bytes, &text.capacity, RECORD_USUAL, 1);
    codec_print_record(&text, request->method->answer->fields, CODEC_ANSWER, answer);
    request->finish(request, 200, &text, 0);
}

void request_answer_text(struct request *request, struct text *answer)
{
    request->finish(request, 200, answer, 0);
}

static void send_refusal(struct request *request, enum refusal refusal, const char *detail, const char *format,
                         int64_t retry_after_ms)
{
    assert(refusal > REFUSAL_NONE && refusal < REFUSAL_COUNT && retry_after_ms >= 0);
    if (request->visit) {
        request->refuse(request, refusal, retry_after_ms);
        return;
    }
    const struct refusal_row *row = &refusal_rows[refusal];
    struct text text = {0};
    struct problem problem = {.status = row->status, .retry_after_s = (retry_after_ms + 999) / 1000};
    request->etag[0] = 0;
    snprintf(problem.type, sizeof problem.type, "urn:pult:%s", row->code);
    TEXT_PUT(problem.title, row->sentence);
    text_cut(problem.detail, sizeof problem.detail, detail ? detail : "");
    text_cut(problem.detail_format, sizeof problem.detail_format, format ? format : "");
    TEXT_PUT(problem.help_desk, request->help_desk);
    codec_print_record(&text, problem_type.fields, CODEC_ANSWER, &problem);
    request->finish(request, row->status, &text, problem.retry_after_s);
}

void request_refuse(struct request *request, enum refusal refusal, const char *detail)
{
    send_refusal(request, refusal, detail, detail, 0);
}

void request_refuse_later(struct request *request, enum refusal refusal, int64_t retry_after_ms)
{
    send_refusal(request, refusal, NULL, NULL, retry_after_ms);
}

void request_refuse_fault(struct request *request, const struct fault *why)
{
    send_refusal(request, refusal_of_fault(why->kind), why->text, why->format, 0);
}

void request_fini(struct request *request)
{
    if (request->body && request->method && request->method->body)
        record_free(request->method->body->fields, request->body);
    bytes_drop(&request->body);
    if (request->negotiate)
        explicit_bzero(request->negotiate, strlen(request->negotiate));
    bytes_drop(&request->negotiate);
    bytes_drop(&request->negotiate_reply);
    page_visit_free(take(request->visit));
}
