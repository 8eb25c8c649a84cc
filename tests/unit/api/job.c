// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/job.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>

Test(job, reasons_are_written_as_words_and_read_again)
{
    char words[JOB_REASONS_SIZE];
    uint64_t reasons = job_reasons_with(job_reasons_with(0, JOB_BY_AN_ADMINISTRATOR), JOB_PRINTER_AWAY);
    job_reasons_print(words, reasons);
    cr_assert_str_eq(words, "printer-away by-an-administrator");
    cr_assert_eq(job_reasons_read(words), reasons);
    cr_assert_eq(job_reasons_read("later printer printer-away "), job_reasons_with(0, JOB_PRINTER_AWAY));
    cr_assert_eq(job_reasons_read(""), 0);
}

Test(job, all_reasons_have_room)
{
    char words[JOB_REASONS_SIZE];
    uint64_t all = 0;
    for (int64_t reason = 0; reason < JOB_REASON_COUNT; reason++)
        all = job_reasons_with(all, reason);
    job_reasons_print(words, all);
    cr_assert_eq(job_reasons_read(words), all);
}

Test(job, a_reason_is_found_by_its_word)
{
    cr_assert_str_eq(job_reason_sentence("too-old"), job_reason_sentences[JOB_TOO_OLD]);
    cr_assert_str_eq(job_reason_sentence("none"), "");
    cr_assert_str_eq(job_reason_sentence("of-a-later-version"), "");
}
