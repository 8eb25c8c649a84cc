// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/problem_document.h"

#include <stdio.h>

static const char problem_type[] = "urn:pult:";

// For answers that are none of ours, a proxy's for example.
static enum refusal refusal_of_status(int status)
{
    if (status >= 500)
        return REFUSAL_BUSY;
    for (enum refusal refusal = REFUSAL_NONE + 1; refusal < REFUSAL_COUNT; refusal++)
        if (refusal_rows[refusal].status == status)
            return refusal;
    return REFUSAL_INVALID;
}

static enum refusal refusal_of_type(const char *type, int status)
{
    bool ours = text_starts(type, problem_type);
    enum refusal refusal = ours ? refusal_by_code(type + sizeof problem_type - 1) : REFUSAL_NONE;
    return refusal == REFUSAL_NONE ? refusal_of_status(status) : refusal;
}

static void read_problem(struct client_answer *answer)
{
    answer->refusal = refusal_of_type(codec_string(answer->body, "type"), answer->status);
    text_cut(answer->detail, sizeof answer->detail, codec_string(answer->body, "detail"));
    text_cut(answer->detail_format, sizeof answer->detail_format, codec_string(answer->body, "detail_format"));
    text_cut(answer->help_desk, sizeof answer->help_desk, codec_string(answer->body, "help_desk"));
    int64_t seconds = codec_number(answer->body, "retry_after");
    if (seconds > 0 && seconds <= INT32_MAX)
        answer->retry_after_s = seconds;
}

bool problem_document_read(struct client_answer *answer, const char *bytes, size_t length, struct fault *why)
{
    bool done = answer->status >= 200 && answer->status < 300;
    json_object *body = NULL;
    if (length && !codec_parse(&body, bytes, length, why)) {
        if (done)
            return false;
        body = NULL;
    }
    answer->body = body;
    if (done)
        return true;
    read_problem(answer);
    if (!answer->detail[0] && !text_starts(codec_string(answer->body, "type"), problem_type))
        snprintf(answer->detail, sizeof answer->detail, "HTTP status %d", answer->status);
    return true;
}
