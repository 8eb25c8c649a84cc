// SPDX-License-Identifier: EUPL-1.2
// Whoever does what pult-broker(8) says, to the letter, has a district with an administrator, and gets back into it.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

TestSuite(manual, .fini = story_close, .timeout = 400);

Test(manual, leads_to_an_administrator_and_back_when_nobody_can_log_on)
{
    story_open("--tenant altdorf --host none --desk none");
    broker_is_killed();
    place_runs("broker", "tests/e2e/by-the-manual unpack first_steps district_has_an_administrator");
    place_runs("broker", "tests/e2e/by-the-manual service_account_fails locked_out mended renewal");
}
