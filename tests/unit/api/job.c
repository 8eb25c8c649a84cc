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

// What is said in German is looked at by tests/tree.
Test(job, each_reason_has_a_word_and_a_sentence_of_its_own)
{
    cr_assert_str_empty(job_reason_sentence("none"));
    cr_assert_str_empty(job_reason_sentence("nothing-of-ours"));
    cr_assert_null(job_reason_words[JOB_REASON_COUNT]);
    for (size_t i = 1; i < JOB_REASON_COUNT; i++) {
        const char *sentence = job_reason_sentence(job_reason_words[i]);
        cr_assert_str_eq(sentence, job_reason_sentences[i]);
        cr_expect(sentence[0] && sentence[strlen(sentence) - 1] == '.', "%s", job_reason_words[i]);
        for (size_t j = 0; j < i; j++)
            cr_expect(!text_equal(sentence, job_reason_sentences[j]), "%s", job_reason_words[i]);
    }
}
