// SPDX-License-Identifier: EUPL-1.2
// A pool of desktops: one person a machine, persistent or free afterwards, and woken when they are off.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts1:altdorf --host ts2:altdorf --desk desk1 --desk desk2 "
               "--place home=10.77.9.1");
}

TestSuite(desktops, .init = open_altdorf, .fini = story_close, .timeout = 400);

// And the host has said that the session is over.
static void log_off(const char *desk, const char *host)
{
    char words[80];
    snprintf(words, sizeof words, "host show %s --json", host);
    desk_types(desk, "exit");
    desk_presses(desk, "Return");
    screen_shows(desk, "Tab: ", 20);
    pultctl_soon_shows(words, "\"sessions\":0", 15);
}

Test(desktops, each_has_a_machine_of_their_own_and_keeps_it)
{
    pultctl("pool set altdorf/office kind=desktop persistent=yes");
    pultctl("host drain altdorf/ts2");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts1", 30);
    pultctl("host undrain altdorf/ts2");
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    screen_shows("desk2", "egon auf ts2", 30);
    log_off("desk1", "altdorf/ts1");
    // Nobody is on ts1, but it is Dora's.
    desk_logs_on("desk1", "anna", "anna-altdorf-1");
    screen_shows("desk1", "alle Plätze belegt", 10);
    desk_presses("desk1", "Escape");
    log_off("desk2", "altdorf/ts2");
    desk_logs_on("desk2", "dora", "dora-geheim-1");
    screen_shows("desk2", "dora auf ts1", 30);
    log_off("desk2", "altdorf/ts1");
    pultctl_shows("host show altdorf/ts1 --json", "\"owner_user_name\":\"dora\"");
    pultctl("host release altdorf/ts1");
    desk_logs_on("desk2", "anna", "anna-altdorf-1");
    screen_shows("desk2", "anna auf ts1", 30);
}

#define PULTCTL "tests/town/pultctl $TOWN $BUILD "
#define END_ALL_SESSIONS PULTCTL "session list --json | jq -r '.[].id' | xargs -r " PULTCTL "session end"

// Each of the three had a right to the machine when they asked for it, and none has been there yet.
static void three_are_given_the_same_machine(void)
{
    place_runs("broker", "tests/e2e/fake-desk enrol altdorf/stub1 altdorf/stub2 altdorf/stub3");
    place_runs("home", "printf 'anna-altdorf-1\\n' | tests/e2e/fake-desk logon stub1 anna anna");
    place_runs("broker", END_ALL_SESSIONS);
    place_runs("home", "printf 'dora-geheim-1\\n' | tests/e2e/fake-desk logon stub2 dora dora");
    place_runs("broker", END_ALL_SESSIONS);
    place_runs("home", "printf 'egon-geheim-1\\n' | tests/e2e/fake-desk logon stub3 egon egon");
}

// The machine sees to it, also when there is no broker to ask.
Test(desktops, two_people_never_share_one)
{
    pultctl("pool set altdorf/office kind=desktop");
    pultctl("host drain altdorf/ts2");
    three_are_given_the_same_machine();
    broker_is_killed();
    place_runs("home", "tests/e2e/fake-desk open dora");
    screen_shows("home", "dora auf ts1", 20);
    place_runs("home", "tests/e2e/fake-desk open egon");
    screen_shows("home", "egon auf ts1", 20);
    place_soon("ts1", "! pgrep -u dora", 5);
    // Hers was used, and of Anna's nobody knows yet: it is older than Egon's.
    place_runs("home", "tests/e2e/fake-desk open dora refused && tests/e2e/fake-desk open anna refused");
    log_says("ts1-agent", "dora rejected: already used", 1);
    log_says("ts1-agent", "anna rejected: someone else was admitted here with a newer one", 1);
    place_runs("ts1", "! pgrep -u dora && ! pgrep -u anna && pgrep -x -u egon xterm");
    broker_starts_again();
    desk_logs_on("desk1", "egon", "egon-geheim-1");
    screen_shows("desk1", "egon auf ts1", 30);
    place_runs("ts1", "[ $(pgrep -c -x Xorg) = 1 ]");
}

// Off, and the broker has noticed.
static void switch_off(const char *place)
{
    char words[40], log[80];
    snprintf(words, sizeof words, "off %s", place);
    snprintf(log, sizeof log, "altdorf/%s: unreachable", place);
    town(words);
    log_says("broker", log, 20);
}

Test(desktops, one_that_is_off_is_woken_by_a_magic_packet)
{
    pultctl("pool set altdorf/office kind=desktop persistent=yes");
    pultctl("host drain altdorf/ts2");
    pultctl("host set altdorf/ts1 wake=02:00:0a:4d:03:01");
    town("wakeable");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts1", 30);
    log_off("desk1", "altdorf/ts1");
    pultctl("host undrain altdorf/ts2");
    switch_off("ts1");
    // ts2 is free, but hers is ts1.
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "wird (gerade )?eingeschaltet", 15);
    log_says("wake", "ts1 is switched on by a magic packet", 10);
    // Nobody types anything more.
    screen_shows("desk1", "dora auf ts1", 40);
}

Test(desktops, one_that_is_off_is_woken_by_a_command)
{
    pultctl("pool set altdorf/office kind=desktop");
    pultctl("host drain altdorf/ts2");
    pultctl("host set altdorf/ts1 wake=command");
    town("wakeable");
    switch_off("ts1");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    log_says("wake", "ts1 is switched on by its board", 10);
    screen_shows("desk1", "dora auf ts1", 40);
}

Test(desktops, one_that_does_not_wake_is_said_to_be_switched_on)
{
    pultctl("pool set altdorf/office kind=desktop");
    pultctl("host drain altdorf/ts2");
    pultctl_refuses("host set altdorf/ts1 wake=00:11:22:33:44", 1, "wake: ");
    pultctl_refuses("host set altdorf/ts1 address=--help", 1, "address: ");
    pultctl("host set altdorf/ts1 wake=02:00:0a:4d:03:09");
    town("wakeable");
    switch_off("ts1");
    pultctl_shows("explain dora --device altdorf/desk1", "host altdorf/ts1: asleep, can be woken");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "wird (gerade )?eingeschaltet", 15);
    log_says("broker", "altdorf/ts1: sending wake request", 1);
    desk_presses("desk1", "Escape");
    screen_shows("desk1", "Tab: ", 10);
}
