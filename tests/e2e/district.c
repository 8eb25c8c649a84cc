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
    pultctl_refuses("login --ticket --tenant neustadt", 4, "kinit");
    place_runs("broker", "echo anna-geheim-1 | kinit anna");
    pultctl_refuses("login --ticket --tenant neustadt", 4, "You are not allowed to do that.");
    place_runs("broker", "echo admin-geheim-1 | kinit admin");
    pultctl_refuses("login --ticket --tenant altdorf", 4, "Your Kerberos ticket was not accepted.");
    pultctl_refuses("login --ticket", 2, "--tenant TENANT");
    pultctl_shows("login --ticket --tenant neustadt", "district");
    pultctl_shows("event list --last 1", "admin neustadt/admin");
}

Test(district, shows_the_directory_and_the_hosts_in_trouble)
{
    pultctl_soon_shows("status", "ldaps://dir.neustadt.example", 10);
    pultctl_soon_shows("--json status", "\"state\":\"ok\"", 10);
    town("off ts1");
    pultctl_soon_shows("status", "unreachable", 30);
    pultctl_shows("status", "Host with problems");
    town("off dir-neustadt");
    pultctl_soon_shows("--json status", "\"state\":\"down\"", 30);
    pultctl_shows("--json status", "\"last_failure\":\"ldaps://dir.neustadt.example: ");
    town("on dir-neustadt");
    pultctl_soon_shows("--json status", "\"state\":\"ok\"", 30);
    pultctl_shows("--json status", "\"last_failure\":\"\"");
}

#define PULTCTL "tests/town/pultctl $TOWN $BUILD "
#define LOG_ON "printf 'bert-geheim-1\\n' | tests/e2e/fake-desk logon stub1 bert bert"
#define ID_OF_BERT PULTCTL "person list --json | jq -er '.[] | select(.user_name == \"bert\").id'"
#define FILES_HOLD "grep -aqi bert /srv/pult-broker/*"

Test(district, forgets_who_asks_for_it)
{
    place_runs("broker",
               "tests/e2e/fake-desk enrol neustadt/stub1 && " LOG_ON " && " ID_OF_BERT " >/root/bert && " FILES_HOLD);
    place_runs("broker", PULTCTL "person erase $(cat /root/bert) --yes >/root/said 2>&1; [ $? = 1 ] && "
                                 "grep -q 'pultctl session end neustadt/s-' /root/said");
    place_runs("broker", PULTCTL "session list --json | jq -r '.[].id' | xargs " PULTCTL "session end");
    place_runs("broker", PULTCTL "person erase $(cat /root/bert) </dev/null; [ $? = 5 ] && " ID_OF_BERT);
    place_runs("broker", PULTCTL "person erase $(cat /root/bert) --yes");
    place_runs("broker", "! " FILES_HOLD " && ! " ID_OF_BERT);
    pultctl_shows("event list --last 1", "person.erased");
    broker_is_killed();
    broker_starts_again();
    place_runs("broker", "! " FILES_HOLD);
    place_runs("broker", "echo admin-geheim-1 | kinit admin");
    pultctl("login --ticket --tenant neustadt");
    place_runs("broker", LOG_ON " && " ID_OF_BERT " | grep -vxFf /root/bert");
}
