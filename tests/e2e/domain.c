// SPDX-License-Identifier: EUPL-1.2
// People of an Active Directory at their desks: a domain controller that demands signing and channel binding, a session
// host that takes its accounts.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_burgstadt(void)
{
    story_open("--tenant burgstadt --host ts5:burgstadt --desk desk1 --desk desk2");
}

TestSuite(domain, .init = open_burgstadt, .fini = story_close, .timeout = 400);

Test(domain, people_log_on_by_ticket)
{
    desk_logs_on("desk1", "anna", "anna-burgstadt-1");
    screen_shows("desk1", "anna auf ts5", 30);
    log_says("broker", "authenticated by ticket", 1);
    // Her ticket is the largest of all.
    desk_logs_on("desk2", "vera", "vera-geheim-1");
    screen_shows("desk2", "vera auf ts5", 30);
    log_says("broker", "burgstadt/desk2 on burgstadt/ts5, authenticated by ticket", 1);
}

Test(domain, a_directory_is_checked_as_the_broker_goes)
{
    pultctl_shows("tenant check burgstadt --as anna", "Groups: works: anna is in 3 groups: ");
    pultctl_shows("tenant check burgstadt --as anna --lang de", "Gruppen: in Ordnung: anna ist in 3 Gruppen: ");
    pultctl_shows("tenant check burgstadt --json", "\"step\":\"kerberos\",\"state\":\"ok\"");
    pultctl_refuses("tenant check burgstadt --as niemand", 1, "has the name niemand");
    // The domain stays as it is while its keytab and its clock do not.
    place_runs("broker", "echo broken > /srv/pult-credentials/burgstadt.keytab");
    pultctl_refuses("tenant check burgstadt", 1, "Kerberos: FAILED: ");
}

Test(domain, people_log_on_by_their_mail_name_and_password)
{
    desk_logs_on("desk1", "anna.auer@rathaus-burgstadt.example", "anna-burgstadt-1");
    screen_shows("desk1", "anna auf ts5", 30);
    log_says("broker", "authenticated by password", 1);
}

static void change_at_greeter(const char *desk)
{
    desk_types_secret(desk, "ganz-neu-und-lang-22");
    desk_presses(desk, "Tab");
    desk_types_secret(desk, "ganz-neu-und-lang-22");
    desk_presses(desk, "Return");
}

Test(domain, a_password_that_must_be_changed_is_changed_at_the_greeter)
{
    desk_logs_on("desk1", "eva", "eva-geheim-1"); // by the desk itself, at the KDC
    screen_shows("desk1", "expired|abgelaufen|ändern", 10);
    change_at_greeter("desk1");
    screen_shows("desk1", "eva auf ts5", 30);
    desk_logs_on("desk2", "dirk.dachs@rathaus-burgstadt.example", "dirk-geheim-1"); // by the broker
    screen_shows("desk2", "expired|abgelaufen", 10);
    change_at_greeter("desk2");
    screen_shows("desk2", "dirk auf ts5", 30);
    log_says("broker", "change at burgstadt/desk2: ", 1);
}

Test(domain, a_group_two_levels_up_chooses_the_profile)
{
    pultctl("host set burgstadt/ts5 pool=burgstadt/building");
    pultctl("assignment add burgstadt/all profile=burgstadt/builder group=stadt priority=30");
    pultctl_shows("explain bruno --device burgstadt/desk1", "assignment burgstadt/all applies (group stadt");
    desk_logs_on("desk1", "bruno", "bruno-geheim-1");
    screen_shows("desk1", "bruno auf ts5", 30);
    pultctl_shows("session list --json", "\"profile\":\"burgstadt/builder\"");
}

Test(domain, why_somebody_may_not_log_on_is_said_to_who_knows_the_password)
{
    desk_logs_on("desk1", "hugo.horn@rathaus-burgstadt.example", "falsch");
    screen_shows("desk1", "Name or the password is wrong|Name oder (das )?(Ihr )?(Passwort|Kennwort)", 10);
    desk_logs_on("desk2", "hugo.horn@rathaus-burgstadt.example", "hugo-geheim-1");
    log_says("broker", "outside-hours", 10);
    screen_shows("desk2", "hours|Uhrzeit|Zeit|Stunde", 10);
}

Test(domain, a_silent_domain_controller_is_said_to_be_silent)
{
    town("cut dir-burgstadt");
    desk_logs_on("desk1", "anna", "anna-burgstadt-1");
    screen_shows("desk1", "directory|Verzeichnis", 30);
    town("mend dir-burgstadt");
    log_says("broker", "answers again", 15); // who comes before that is told to try again
    host_is_well("burgstadt/ts5");
    desk_logs_on("desk2", "anna", "anna-burgstadt-1");
    screen_shows("desk2", "anna auf ts5", 40);
}
