// SPDX-License-Identifier: EUPL-1.2
// What a backend of cupsd hands to pult-host.
#include "broker/pult-host/print_words.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char *const some[PRINT_WORD_COUNT] = {"pult:/var/lib/pult-host?next-to-me",
                                                   "1000",
                                                   "jürgen",
                                                   "2",
                                                   "job-uuid=urn:uuid:1 sides=one-sided",
                                                   "",
                                                   "application/pdf",
                                                   "",
                                                   "/run/cups",
                                                   "more"};

Test(print_words, come_out_as_they_went_in)
{
    char packet[PRINT_WORDS_MAX];
    const char *words[PRINT_WORD_COUNT];
    size_t length = print_words_write(some, packet);
    cr_assert(length > 0 && print_words_read(words, packet, length));
    for (size_t i = 0; i < PRINT_WORD_COUNT; i++)
        cr_assert_str_eq(words[i], some[i]);
}

Test(print_words, are_all_there_or_none)
{
    char packet[PRINT_WORDS_MAX];
    const char *words[PRINT_WORD_COUNT];
    size_t length = print_words_write(some, packet);
    for (size_t cut = 0; cut < length; cut++)
        cr_assert_not(print_words_read(words, packet, cut), "%zu", cut);
    packet[length] = 0;
    cr_assert_not(print_words_read(words, packet, length + 1), "one more");
}

Test(print_words, of_which_there_are_too_many_are_not_cut)
{
    static char packet[PRINT_WORDS_MAX], longest[PRINT_WORDS_MAX];
    const char *words[PRINT_WORD_COUNT];
    memcpy(words, some, sizeof words);
    memset(longest, 'x', sizeof longest - 1);
    words[PRINT_WORD_OPTIONS] = longest;
    cr_assert_eq(print_words_write(words, packet), 0);
    longest[1000] = 0;
    cr_assert_gt(print_words_write(words, packet), 1000);
}

Test(print_words, stand_in_the_environment_or_are_empty)
{
    const char *words[PRINT_WORD_COUNT];
    for (size_t i = 0; print_word_names[i]; i++)
        unsetenv(print_word_names[i]);
    setenv("AUTH_UID", "1000", 1);
    print_words_of_environment(words);
    cr_assert_str_eq(words[PRINT_WORD_UID], "1000");
    cr_assert_str_eq(words[PRINT_WORD_URI], "");
}

Test(print_words, say_where_pult_host_listens)
{
    char path[PRINT_SOCKET_SIZE], uri[2 * PRINT_SOCKET_SIZE] = "pult:/";
    cr_assert(print_words_socket_of(path, "pult:/var/lib/pult-host?next-to-me"));
    cr_assert_str_eq(path, "/var/lib/pult-host/print.sock");
    cr_assert(print_words_socket(path, "/srv"));
    cr_assert_str_eq(path, "/srv/print.sock");
    static const char *const others[] = {"",          "pult:",      "pult:?",
                                         "pult:/srv", "pult:srv?a", "pult-door:/run/door.sock?a"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert_not(print_words_socket_of(path, others[i]), "%s", others[i]);
    memset(uri + 6, 'x', PRINT_SOCKET_SIZE);
    memcpy(uri + 6 + PRINT_SOCKET_SIZE, "?a", 3);
    cr_assert_not(print_words_socket_of(path, uri));
}

Test(print_words, answers_are_a_digit_and_a_sentence)
{
    char packet[PRINT_ANSWER_SIZE], sentence[PRINT_ANSWER_SIZE], longest[2 * PRINT_ANSWER_SIZE];
    int code = -1;
    cr_assert(print_answer_read(&code, sentence, packet, print_answer_write(6, "Später.", packet)));
    cr_assert(code == 6 && strcmp(sentence, "Später.") == 0);
    cr_assert(print_answer_read(&code, sentence, packet, print_answer_write(0, "", packet)));
    cr_assert(code == 0 && !*sentence);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = 0;
    cr_assert(print_answer_read(&code, sentence, packet, print_answer_write(5, longest, packet)));
    cr_assert_eq(code, 5);
    cr_assert_not(print_answer_read(&code, sentence, "", 0));
    cr_assert_not(print_answer_read(&code, sentence, "x", 1));
    cr_assert_not(print_answer_read(&code, sentence, longest, sizeof longest));
}
