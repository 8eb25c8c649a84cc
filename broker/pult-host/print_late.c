// SPDX-License-Identifier: EUPL-1.2
// Behind cupsd's backend (print_backend.c), where pult-host does not take the job: hands over that one, and ends with
// what became of it.
#include "broker/client/language.h"
#include "broker/pult-host/print_handover.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    static const atomic_bool never;
    const char *words[PRINT_WORD_COUNT];
    signal(SIGPIPE, SIG_IGN);
    language_init(NULL);
    print_words_of_environment(words);
    int document = *words[PRINT_WORD_FILE] ? open(words[PRINT_WORD_FILE], O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    struct print_line *line = print_line_new();
    struct print_end end = {.code = EXIT_LATER, .sentence = _("cupsd hands over no document. It is tried again.")};
    if (document >= 0)
        end = print_handover(line, words, document, &never);
    print_line_free(line);
    // Of INFO nothing is left in the job's state once a backend has ended.
    if (*end.sentence)
        fprintf(stderr, "ERROR: %s\n", end.sentence);
    return (int)end.code;
}
