// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/print_result.h"
#include "broker/base/text.h"

static bool is_colour(const struct print_result *result)
{
    const char *mode = result->options->values[OPTION_COLOUR];
    return result->seen->colour >= 0 ? result->seen->colour > 0 : text_equal(mode, "color") || text_equal(mode, "auto");
}

static int64_t sheets_of(const struct print_result *result, int64_t impressions)
{
    if (result->seen->sheets > 0)
        return result->seen->sheets;
    return text_starts(result->options->values[OPTION_SIDES], "two-sided") ? (impressions + 1) / 2 : impressions;
}

static void judge_outcome(const struct print_result *result, int64_t expected, int64_t *outcome, int64_t *reason)
{
    int64_t printed = result->seen->impressions;
    bool whole = printed > 0 && printed == expected, doubtful = result->job->doubtful;
    *reason = result->job->at_substitute ? JOB_AT_SUBSTITUTE : JOB_REASON_NONE;
    if (result->seen->state == PRINTER_JOB_CANCELLED) {
        *outcome = SPOOL_CANCELLED;
        *reason = result->job->cancelling ? result->job->cancelling : JOB_AT_ITS_PRINTER;
    } else if (result->seen->state == PRINTER_JOB_COMPLETED && (!doubtful || whole))
        *outcome = SPOOL_DONE;
    else if (result->seen->state == PRINTER_JOB_ABORTED && printed == 0 && !doubtful) {
        *outcome = SPOOL_HELD;
        *reason = JOB_NOT_SUPPORTED;
    } else {
        *outcome = SPOOL_UNCERTAIN;
        *reason = result->recovered ? JOB_SERVER_RESTARTED : JOB_HALF_PRINTED;
    }
}

bool print_result_wants_pages(const struct print_result *result)
{
    bool counts = result->seen->impressions > 0;
    return result->seen->state == PRINTER_JOB_COMPLETED && counts == result->job->doubtful &&
           text_equal(result->job->format, "application/pdf");
}

void print_result_judge(const struct print_result *result, int64_t at_ms, struct print_account *entry)
{
    int64_t expected = print_options_impressions(result->options, result->pages);
    int64_t printed = result->seen->impressions;
    *entry = (struct print_account){.attempt = result->job->attempts, .at_ms = at_ms};
    judge_outcome(result, expected, &entry->outcome, &entry->reason);
    entry->by_document = printed <= 0;
    entry->impressions = printed > 0 ? printed : entry->outcome == SPOOL_DONE ? expected : 0;
    entry->sheets = sheets_of(result, entry->impressions);
    entry->colour = is_colour(result);
    TEXT_PUT(entry->job, result->job->id);
    TEXT_PUT(entry->host, result->job->host);
    TEXT_PUT(entry->person, result->job->person);
    TEXT_PUT(entry->printer, result->job->printer);
}
