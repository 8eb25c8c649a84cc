// SPDX-License-Identifier: EUPL-1.2
// The short form of tests/bench/kill: what was answered outlives a broker that is killed at any moment.
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct program_result said;

static bool shows(const char *figure)
{
    return strstr(said.out, figure);
}

Test(kills, no_answered_logon_is_lost_or_doubled_in_twenty_kills, .timeout = 380)
{
    char line[600];
    // On a busy machine nobody is to be refused for the directory's sake.
    setenv("PULT_DIRECTORY_DEADLINE_MS", "20000", 1);
    snprintf(line, sizeof line, "bash tests/bench/kill 20 %s", getenv("PULT_BUILD"));
    program_run(&said, line, NULL);
    cr_assert_eq(said.exit_code, 0, "%s%s", said.out, said.err);
    cr_assert(shows("kill.lost\t0\t") && shows("kill.doubled\t0\t") && shows("kill.refused\t0\t"), "%s%s", said.out,
              said.err);
}
