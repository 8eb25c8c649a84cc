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

void problem_document_read(struct problem_document *problem, int status, json_object *body)
{
    const char *type = codec_string(body, "type");
    int64_t seconds = codec_number(body, "retry_after");
    *problem = (struct problem_document){.refusal = refusal_of_type(type, status)};
    text_cut(problem->detail, sizeof problem->detail, codec_string(body, "detail"));
    text_cut(problem->detail_format, sizeof problem->detail_format, codec_string(body, "detail_format"));
    text_cut(problem->help_desk, sizeof problem->help_desk, codec_string(body, "help_desk"));
    if (seconds > 0 && seconds <= INT32_MAX)
        problem->retry_after_s = seconds;
    if (!problem->detail[0] && !text_starts(type, problem_type))
        snprintf(problem->detail, sizeof problem->detail, "HTTP status %d", status);
}
