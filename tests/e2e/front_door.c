// SPDX-License-Identifier: EUPL-1.2
// Any RDP program of the hall, at the gateway's front door: its person logs on once, and is at their desktop.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void open_town(void)
{
    story_open("--tenant neustadt --host ts1 --desk desk1 --desk desk2 --outside desk2 --place home=10.77.9.1 "
               "--place study=10.77.9.2");
}

TestSuite(front_door, .init = open_town, .fini = story_close, .timeout = 400);

#define COMES(name, password, how) "printf '" password "\\n' | tests/e2e/fake-desk front-door " name how
#define CARRIES(count) "gateway show neustadt/gw --json", "\"channels\":" count

Test(front_door, anna_types_her_password_once_and_is_at_her_desktop)
{
    place_runs("home", COMES("anna", "anna-geheim-1", ""));
    screen_shows("home", "anna auf ts1", 30);
    desk_types("home", "touch /tmp/vom-eigenen-rechner");
    desk_presses("home", "Return");
    place_soon("ts1", "test -e /tmp/vom-eigenen-rechner", 15);
    pultctl_soon_shows(CARRIES("1"), 15);
    // At a desk it follows her, and is hers no more where she came from.
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts1", 30);
    pultctl_soon_shows(CARRIES("0"), 15);
    place_soon("home", "! pgrep -x xfreerdp3", 15);
    // And back, which the desk is told.
    place_runs("home", COMES("anna", "anna-geheim-1", ""));
    screen_shows("home", "anna auf ts1", 30);
    screen_shows("desk1", "gateway.pult.example", 20);
    place_runs("gateway", "test -s $TOWN/logs/gateway.log && ! grep -q anna-geheim-1 $TOWN/logs/gateway.log");
}

static void works(const char *place, const char *name, const char *file)
{
    char text[80];
    snprintf(text, sizeof text, "%s auf ts1", name);
    screen_shows(place, text, 30);
    snprintf(text, sizeof text, "touch /tmp/%s-%s", name, file);
    desk_types(place, text);
    desk_presses(place, "Return");
    snprintf(text, sizeof text, "test -e /tmp/%s-%s", name, file);
    place_soon("ts1", text, 15);
}

// FreeRDP 2, the engine of Remmina in Debian 12, is not in Debian 13.
Test(front_door, old_and_new_programs_come_and_stay_and_an_agent_beside_them, .timeout = 900)
{
    bool is_old_one_there = access("/usr/bin/xfreerdp", X_OK) == 0;
    place_runs("home", COMES("anna", "anna-geheim-1", ""));
    place_runs("study",
               is_old_one_there ? COMES("bert", "bert-geheim-1", " by=xfreerdp") : COMES("bert", "bert-geheim-1", ""));
    desk_logs_on("desk2", "clara", "clara-geheim-1");
    works("home", "anna", "erst");
    works("study", "bert", "erst");
    works("desk2", "clara", "erst");
    if (getenv("PULT_LONG")) // that nobody moves a hand
        story_runs("sleep 130");
    pultctl_soon_shows(CARRIES("3"), 15);
    works("home", "anna", "dann");
    works("study", "bert", "dann");
    works("desk2", "clara", "dann");
}

Test(front_door, who_guesses_is_locked_out_of_it_and_nobody_of_a_desk)
{
    place_runs("home", COMES("anna", "falsch", " refused") " && grep -q FRESH_CREDENTIALS /run/viewer.anna.log");
    place_runs("home", COMES("anna", "falsch", " refused") " && " COMES("anna", "falsch", " refused"));
    place_runs("home", COMES("anna", "anna-geheim-1", " refused") " && grep -q DENIED_CONNECTION /run/viewer.anna.log");
    log_says("gateway", "is refused: too-many-attempts", 5);
    pultctl_soon_shows("status", "front-door", 5);
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts1", 30);
    pultctl("person unlock neustadt/anna");
    place_runs("home", COMES("anna", "anna-geheim-1", ""));
    screen_shows("home", "anna auf ts1", 30);
}

Test(front_door, where_no_host_answers_it_says_so)
{
    town("off ts1");
    pultctl_soon_shows("status", "unreachable", 60);
    place_runs("home", COMES("anna", "anna-geheim-1", " refused") " && grep -q DESTINATION /run/viewer.anna.log");
    log_says("gateway", "is refused: no-host", 5);
}
