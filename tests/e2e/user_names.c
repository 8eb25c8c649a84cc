// SPDX-License-Identifier: EUPL-1.2
// One person, one user name at the session hosts, whatever was typed.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts1:altdorf --desk desk1 --desk desk2");
}

TestSuite(user_names, .init = open_altdorf, .fini = story_close, .timeout = 400);

Test(user_names, of_a_person_with_two_open_the_same_desktop)
{
    desk_logs_on("desk1", "jan.janssen", "jan-geheim-1");
    screen_shows("desk1", "jan auf ts1", 30);
    desk_types("desk1", "echo Notiz von $(id -un | tr a-z A-Z)");
    desk_presses("desk1", "Return");
    screen_shows("desk1", "Notiz von JAN", 10);
    // The host's report has come, and it is the broker's session that runs there.
    sessions_soon_are("length == 1 and .[0].state == \"connected\" and .[0].user_name == \"jan\"", 20);
    pultctl_shows("host drain altdorf/ts1 --json", "\"sessions\":1");
    desk_logs_on("desk2", "jan", "jan-geheim-1");
    screen_shows("desk2", "Notiz von JAN", 30);
    sessions_soon_are("length == 1 and .[0].device == \"altdorf/desk2\"", 20);
}

Test(user_names, are_spelled_at_the_host_as_in_the_directory)
{
    place_runs("ts1", "getent passwd Otto.Muster && ! getent passwd otto.muster");
    desk_logs_on("desk1", "otto.muster", "otto-geheim-1");
    screen_shows("desk1", "Otto.Muster auf ts1", 30);
    sessions_soon_are("length == 1 and .[0].state == \"connected\" and .[0].user_name == \"Otto.Muster\"", 20);
    desk_logs_on("desk2", "OTTO.Muster", "otto-geheim-1");
    screen_shows("desk2", "Otto.Muster auf ts1", 30);
    sessions_soon_are("length == 1 and .[0].device == \"altdorf/desk2\"", 20);
    // An assignment names people in any case.
    pultctl("assignment add altdorf/otto profile=altdorf/clerk person=otto.MUSTER priority=100");
    pultctl_shows("explain Otto.muster --device altdorf/desk1", "altdorf/otto");
}
