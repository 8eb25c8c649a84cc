// SPDX-License-Identifier: EUPL-1.2
#include "tests/log_kept.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static FILE *file;
static int before;
static char said[256 * 1024];

void log_kept_begin(void)
{
    fflush(stderr);
    file = tmpfile();
    before = dup(STDERR_FILENO);
    cr_assert(file && before >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
}

const char *log_kept_end(void)
{
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    size_t length = fread(said, 1, sizeof said - 1, file);
    said[length] = 0;
    fclose(file);
    cr_assert_lt(length, sizeof said - 1, "the log says more than that");
    return said;
}

size_t log_kept_lines(const char *words)
{
    size_t count = 0;
    for (const char *at = said; (at = strstr(at, words)) && (at = strchr(at, '\n')); at++)
        count++;
    return count;
}
