// SPDX-License-Identifier: EUPL-1.2
// A tenant with a KDC and three session hosts: tickets, pools, drained and dead hosts.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_neustadt(void)
{
    story_open("--tenant neustadt --host ts1 --host ts2 --host ts4 --desk desk1 --desk desk2");
}

TestSuite(hosts, .init = open_neustadt, .fini = story_close, .timeout = 180);

Test(hosts, a_log_on_by_ticket_and_two_profiles_in_two_pools)
{
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts[12lI|]", 30);
    log_says("broker", "proven by ticket", 1);
    desk_logs_on("desk2", "bert", "bert-geheim-1");
    screen_shows("desk2", "bert auf ts4", 30);
    pultctl_shows("session list --json", "\"pool\":\"neustadt/office\"");
    pultctl_shows("session list --json", "\"pool\":\"neustadt/building\"");
    pultctl_shows("logon why bert --at neustadt/desk1", "bauamt");
}

Test(hosts, a_drained_host_gets_nobody_new)
{
    pultctl("host drain neustadt/ts1");
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts2", 30);
    desk_logs_on("desk2", "clara", "clara-geheim-1");
    screen_shows("desk2", "clara auf ts2", 30);
    pultctl_shows("host show neustadt/ts1 --json", "\"sessions\":0");
}

Test(hosts, when_a_host_dies_its_people_log_on_again_elsewhere)
{
    pultctl("host drain neustadt/ts1");
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts2", 30);
    pultctl("host undrain neustadt/ts1");
    town("off ts2");
    log_says("broker", "neustadt/ts2: unreachable", 20);
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "anna auf ts[1lI|]", 30);
}

Test(hosts, without_the_kdc_it_is_said_in_words)
{
    place_runs("dir-neustadt", "pkill -KILL -x krb5kdc");
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "Name oder|antwortet nicht|anna auf", 30);
}
