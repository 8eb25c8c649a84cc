// SPDX-License-Identifier: EUPL-1.2
// Before settings are changed the administrator sees who would get something else tomorrow.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_town(void)
{
    story_open("--tenant neustadt --host ts1:neustadt --desk desk1");
}

TestSuite(forecast, .init = open_town, .fini = story_close, .timeout = 400);

#define DRY_RUN "apply --dry-run -f /root/less.yaml"

Test(forecast, names_people_from_memory_and_from_the_directory)
{
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    log_says("broker", "started at neustadt/desk1", 30);
    place_runs("broker", "echo 'assignments: [{id: neustadt/clerks, profile: neustadt/clerk, group: bauamt}]' "
                         ">/root/less.yaml");
    pultctl_shows(DRY_RUN, "WARNING: people who would lose their workplace: 1");
    pultctl_shows(DRY_RUN, "anna");
    broker_is_killed();
    broker_starts_again();
    place_runs("broker", "echo admin-geheim-1 | kinit admin");
    pultctl("login --ticket --tenant neustadt");
    town("off dir-neustadt");
    pultctl_shows(DRY_RUN, "People who could not be checked: 1.");
    town("on dir-neustadt");
    pultctl_soon_shows(DRY_RUN, "WARNING: people who would lose their workplace: 1", 30);
    pultctl_shows("assignment show neustadt/clerks", "rathaus");
}
