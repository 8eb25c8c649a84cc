// SPDX-License-Identifier: EUPL-1.2
// Administrators who have a Kerberos ticket already, at the town's own KDC.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_broker(void)
{
    story_open("--tenant neustadt --host none --desk none");
}

TestSuite(ticket, .init = open_broker, .fini = story_close, .timeout = 60);

Test(ticket, logs_an_administrator_on_without_a_password)
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
