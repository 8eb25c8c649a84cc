// SPDX-License-Identifier: EUPL-1.2
// What the administrator of a district does and sees, in a town with a directory and a KDC.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_town(void)
{
    story_open("--tenant neustadt --host ts1:neustadt --desk none");
}

TestSuite(district, .init = open_town, .fini = story_close, .timeout = 400);

Test(district, is_looked_after_by_ticket_without_a_password)
{
    pultctl_refuses("log-on --ticket --tenant neustadt", 4, "kinit");
    place_runs("broker", "echo anna-geheim-1 | kinit anna");
    pultctl_refuses("log-on --ticket --tenant neustadt", 4, "You are not allowed to do that.");
    place_runs("broker", "echo admin-geheim-1 | kinit admin");
    pultctl_refuses("log-on --ticket --tenant altdorf", 4, "Your Kerberos ticket was not accepted.");
    pultctl_refuses("log-on --ticket", 2, "--tenant TENANT");
    pultctl_shows("log-on --ticket --tenant neustadt", "district");
    pultctl_shows("event list --last 1", "admin neustadt/admin");
}

Test(district, shows_the_directory_and_the_hosts_in_trouble)
{
    pultctl_soon_shows("status", "ldaps://dir.neustadt.example", 10);
    pultctl_soon_shows("--json status", "\"state\":\"ok\"", 10);
    town("off ts1");
    pultctl_soon_shows("status", "unreachable", 30);
    pultctl_shows("status", "Host in trouble");
    town("off dir-neustadt");
    pultctl_soon_shows("--json status", "\"state\":\"down\"", 30);
    pultctl_shows("--json status", "\"trouble\":\"ldaps://dir.neustadt.example: ");
    town("on dir-neustadt");
    pultctl_soon_shows("--json status", "\"state\":\"ok\"", 30);
    pultctl_shows("--json status", "\"trouble\":\"\"");
}
