// SPDX-License-Identifier: EUPL-1.2
// The portal's pages in a browser: who cannot see, who has no mouse, who has a slow line.
#include "tests/integration/server/portal_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void fetch_and_open(void)
{
    program_shell("tests/integration/server/pages/fetch"); // before the network is our own
    portal_open();
}

TestSuite(portal_pages, .init = fetch_and_open, .fini = portal_close);

Test(portal_pages, are_for_everybody)
{
    struct program_result said;
    char line[512];
    snprintf(line, sizeof line, "node %s/tests/integration/pages/check.js https://localhost:%d", getenv("PULT_BUILD"),
             PORTAL_PORT);
    program_run(&said, line, "");
    cr_assert_eq(said.exit_code, 0, "%s%s", said.out, said.err);
    fprintf(stderr, "%s", said.out);
}
