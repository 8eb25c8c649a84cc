// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/job.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>

#define _(sentence) sentence

// A row a line.
// clang-format off
const char *const job_state_words[] = {"waiting", "held", "printing", "uncertain", "done", "cancelled", NULL};
const char *const printer_state_words[] = {"unknown", "idle", "printing", "stopped", "unreachable", NULL};

const char *const job_reason_words[] = {
    [JOB_REASON_NONE] = "none",
    [JOB_NOT_AT_A_DESK] = "not-at-a-desk",
    [JOB_NO_PRINTER_NEAR] = "no-printer-near",
    [JOB_PRINTER_AWAY] = "printer-away",
    [JOB_PRINTER_STOPPED] = "printer-stopped",
    [JOB_PRINTER_DRAINING] = "printer-draining",
    [JOB_PRINTER_UNKNOWN] = "printer-unknown",
    [JOB_AT_SUBSTITUTE] = "at-substitute",
    [JOB_NO_GRANT] = "no-grant",
    [JOB_HALF_PRINTED] = "half-printed",
    [JOB_NOT_SUPPORTED] = "not-supported",
    [JOB_DAMAGED] = "damaged",
    [JOB_OWNER_UNKNOWN] = "owner-unknown",
    [JOB_MAY_NOT_PRINT] = "may-not-print",
    [JOB_TOO_OLD] = "too-old",
    [JOB_SEALED_FOR_ANOTHER_BROKER] = "sealed-for-another-broker",
    [JOB_SERVER_RESTARTED] = "server-restarted",
    [JOB_SERVER_AWAY] = "server-away",
    [JOB_BY_ITS_PERSON] = "by-its-person",
    [JOB_BY_AN_ADMINISTRATOR] = "by-an-administrator",
    [JOB_AT_ITS_PRINTER] = "at-its-printer",
    [JOB_REASON_COUNT] = NULL,
};

const char *const job_state_sentences[JOB_STATE_COUNT] = {
    [JOB_WAITING] = _("It waits for its turn."),
    [JOB_HELD] = _("It is held until it is released."),
    [JOB_PRINTING] = _("It is being printed."),
    [JOB_UNCERTAIN] = _("Nobody can tell whether it came out."),
    [JOB_DONE] = _("It is printed."),
    [JOB_CANCELLED] = _("It is deleted."),
};

const char *const job_reason_sentences[JOB_REASON_COUNT] = {
    [JOB_REASON_NONE] = "",
    [JOB_NOT_AT_A_DESK] = _("You were at no desk when it was printed. Release it at a printer."),
    [JOB_NO_PRINTER_NEAR] = _("There is no printer near your desk. Release it at another printer."),
    [JOB_PRINTER_AWAY] = _("The printer does not answer. The job waits until it does."),
    [JOB_PRINTER_STOPPED] = _("The printer has stopped: look whether it needs paper or toner. The job waits until it prints again."),
    [JOB_PRINTER_DRAINING] = _("The printer is out of service. The job waits until it is back; you can send it to another printer."),
    [JOB_PRINTER_UNKNOWN] = _("The printer is no longer there, or is not for you. Send the job to another printer."),
    [JOB_AT_SUBSTITUTE] = _("It comes out at another printer, since the one nearest to you cannot print at the moment."),
    [JOB_NO_GRANT] = _("The printers near this desk belong to another administration, and you may not use them. Release the job at one of your own printers."),
    [JOB_HALF_PRINTED] = _("The printer broke off, and part of it may have been printed. Look at the printer, then release the job again or cancel it."),
    [JOB_NOT_SUPPORTED] = _("The printer does not understand this document. Send the job to another printer, or print it as PDF."),
    [JOB_DAMAGED] = _("The stored job is damaged and cannot be printed. Print it again."),
    [JOB_OWNER_UNKNOWN] = _("It could not be found out whose job this is, so it was not printed. Print it again."),
    [JOB_MAY_NOT_PRINT] = _("Your workplace does not include printing. Ask the help desk."),
    [JOB_TOO_OLD] = _("The job waited too long and was deleted. Print it again."),
    [JOB_SEALED_FOR_ANOTHER_BROKER] = _("The job can no longer be opened since the broker or the print server was reinstalled. Print it again."),
    [JOB_SERVER_RESTARTED] = _("The print server was restarted while printing this. Look at the printer, then release the job again or cancel it."),
    [JOB_SERVER_AWAY] = _("The print server cannot be reached. What you print waits, and comes out once it can."),
    [JOB_BY_ITS_PERSON] = _("You cancelled it."),
    [JOB_BY_AN_ADMINISTRATOR] = _("An administrator cancelled it."),
    [JOB_AT_ITS_PRINTER] = _("It was cancelled at the printer."),
};
// clang-format on

const char *job_reason_sentence(const char *word)
{
    for (size_t i = 0; i < JOB_REASON_COUNT; i++)
        if (text_equal(job_reason_words[i], word))
            return job_reason_sentences[i];
    return "";
}

static_assert(JOB_REASON_COUNT <= 64, "a bit for each");

bool job_reasons_have(uint64_t reasons, int64_t reason)
{
    assert(reason >= 0 && reason < JOB_REASON_COUNT);
    return reasons >> reason & 1;
}

uint64_t job_reasons_with(uint64_t reasons, int64_t reason)
{
    assert(reason >= 0 && reason < JOB_REASON_COUNT);
    return reasons | UINT64_C(1) << reason;
}

uint64_t job_reasons_read(const char *words)
{
    uint64_t reasons = 0;
    for (int64_t reason = 0; reason < JOB_REASON_COUNT; reason++)
        if (text_has_word(words, job_reason_words[reason]))
            reasons = job_reasons_with(reasons, reason);
    return reasons;
}

void job_reasons_print(char words[JOB_REASONS_SIZE], uint64_t reasons)
{
    owned(text) struct text text = {0};
    text_adds(&text, "");
    for (int64_t reason = 0; reason < JOB_REASON_COUNT; reason++)
        if (job_reasons_have(reasons, reason))
            text_addf(&text, "%s%s", text.length ? " " : "", job_reason_words[reason]);
    assert(text.length < JOB_REASONS_SIZE);
    text_put(words, JOB_REASONS_SIZE, text.bytes);
}
