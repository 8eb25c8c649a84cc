// SPDX-License-Identifier: EUPL-1.2
// A tenant with a KDC and three session hosts: tickets, pools, drained and dead hosts.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_neustadt(void)
{
    story_open("--tenant neustadt --host ts1 --host ts2 --host ts4 --desk desk1 --desk desk2");
}

TestSuite(hosts, .init = open_neustadt, .fini = story_close, .timeout = 400);

Test(hosts, a_log_on_by_ticket_and_two_profiles_in_two_pools)
{
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts[12]", 30);
    log_says("broker", "authenticated by ticket", 1);
    desk_logs_on("desk2", "bert", "bert-geheim-1");
    screen_shows("desk2", "bert auf ts4", 30);
    pultctl_shows("session list --json", "\"pool\":\"neustadt/office\"");
    pultctl_shows("session list --json", "\"pool\":\"neustadt/building\"");
    pultctl_shows("explain bert --device neustadt/desk1", "bauamt");
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
    desk_logs_on("desk2", "clara", "clara-geheim-1");
    screen_shows("desk1", "anna auf ts2", 30);
    screen_shows("desk2", "clara auf ts2", 30);
    pultctl("host undrain neustadt/ts1");
    town("off ts2");
    screen_shows("desk1", "abgerissen|Sitzung", 60);
    screen_shows("desk2", "abgerissen|Sitzung", 10);
    log_says("broker", "neustadt/ts2: unreachable", 20);
    // Each at the other's desk: it is the people who go on, not the desks.
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    desk_logs_on("desk1", "clara", "clara-geheim-1");
    screen_shows("desk2", "anna auf ts1", 30);
    screen_shows("desk1", "clara auf ts1", 30);
    pultctl_shows("host show neustadt/ts2 --json", "\"sessions\":0");
    pultctl_shows("host show neustadt/ts1 --json", "\"sessions\":2");
}

// The directory asks the KDC itself and calls the right password wrong; the desk knows better.
Test(hosts, without_the_kdc_nobodys_password_is_called_wrong)
{
    place_runs("dir-neustadt", "pkill -KILL -x krb5kdc; while pgrep -x krb5kdc >/dev/null; do sleep 0.02; done");
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "Kerberos-Server antwortet nicht", 20);
    desk_logs_on("desk2", "clara", "falsch");
    screen_shows("desk2", "Kerberos-Server antwortet nicht", 20);
    pultctl_shows("session list --json", "[]");
    place_runs("dir-neustadt", "KRB5_KDC_PROFILE=/etc/krb5kdc/kdc.conf setsid -f krb5kdc -n -r NEUSTADT.EXAMPLE "
                               ">>$TOWN/logs/dir-neustadt-kdc.log 2>&1 </dev/null");
    place_soon("desk1", "echo anna-geheim-1 | kinit -c MEMORY: anna", 10);
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts[12]", 30);
    log_says("broker", "authenticated by ticket", 1);
    desk_logs_on("desk2", "clara", "falsch");
    screen_shows("desk2", "Name oder Passwort stimmt nicht", 20);
}

static void chooses(const char *desk, const char *password, const char *again)
{
    desk_types_secret(desk, password);
    desk_presses(desk, "Tab");
    desk_types_secret(desk, again);
    desk_presses(desk, "Return");
}

Test(hosts, a_password_that_must_be_changed_is_changed_at_the_kdc)
{
    desk_logs_on("desk1", "emil", "emil-geheim-1");
    screen_shows("desk1", "Passwort (ist abgelaufen|muss ge.ndert)", 20);
    chooses("desk1", "ganz-neu-und-lang-22", "ganz-anders-und-lang-22");
    screen_shows("desk1", "sind verschieden", 10);
    chooses("desk1", "ganz-neu-und-lang-22", "ganz-neu-und-lang-22");
    screen_shows("desk1", "emil auf ts4", 30);
    log_says("broker", "authenticated by ticket", 1);
    desk_logs_on("desk2", "doris", "falsch");
    screen_shows("desk2", "Name oder Passwort stimmt nicht", 20);
    place_runs("desk1", "! echo emil-geheim-1 | kinit -c MEMORY: emil");
    place_runs("desk1", "echo ganz-neu-und-lang-22 | kinit -c MEMORY: emil");
}
