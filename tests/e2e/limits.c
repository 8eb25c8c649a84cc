// SPDX-License-Identifier: EUPL-1.2
// What a profile limits, carried out at a real desktop with the smallest limits there are; and a host that is drained.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts3:altdorf --desk desk1 --desk desk2 --place home=10.77.9.1");
    place_runs("broker", "tests/e2e/stub enrol altdorf/stub1");
    pultctl("profile set altdorf/clerk idle=1");
    pultctl("profile add altdorf/short name=Kurz pool=altdorf/office longest=1");
    pultctl("profile add altdorf/left name=Verlassen pool=altdorf/office disconnected=1");
    pultctl("assignment add altdorf/egon profile=altdorf/short person=egon priority=50");
    pultctl("assignment add altdorf/anna profile=altdorf/left person=anna priority=50");
}

TestSuite(limits, .init = open_altdorf, .fini = story_close, .timeout = 200);

#define PULTCTL "tests/town/pultctl $TOWN $BUILD "

// A window of `person` on ts3 that can be seen and says `sentence`. The letters are small for machine reading and other
// windows lie about: the sentence is read from the program that shows it, the window is asked of the X server.
static void is_told(const char *person, const char *sentence, const char *desk)
{
    char shell[600];
    snprintf(shell, sizeof shell,
             "timeout 50 sh -c 'until p=$(pgrep -x -n -u %s xmessage) && grep -q -a \"%s\" /proc/$p/cmdline && "
             "env -i $(tr \"\\0\" \"\\n\" </proc/$p/environ | grep -a -E \"^(DISPLAY|XAUTHORITY)=\") "
             "/usr/bin/xwininfo -name Pult | grep -q IsViewable; do sleep 0.1; done'",
             person, sentence);
    place_runs("ts3", shell);
    screen_shows(desk, ".", 10); // for its picture
}

static void a_drained_host_tells_its_people_and_comes_back_by_itself(void)
{
    place_runs("broker", PULTCTL "host drain altdorf/ts3 --until $(date -u -d '+15 seconds' +%FT%T.000Z) "
                                 "--message 'Wartung ab 17 Uhr'");
    is_told("dora", "Wartung ab 17 Uhr", "desk1");
    pultctl_shows("host show altdorf/ts3", "draining");
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    screen_shows("desk2", "Sitzungsserver", 5);
    pultctl_soon_shows("host show altdorf/ts3 --json", "\"draining\":false", 25);
    log_says("broker", "altdorf/ts3: no longer drained, its time is over", 1);
    desk_presses("desk1", "Return");
}

static void anna_leaves_hers(void)
{
    place_runs("home", "printf 'anna-altdorf-1\\n' | tests/e2e/stub logon stub1 anna anna && tests/e2e/stub open anna");
    screen_shows("home", "anna auf ts3", 20);
    place_runs("home", "pkill -x xfreerdp3");
}

Test(limits, idle_left_and_too_long)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    a_drained_host_tells_its_people_and_comes_back_by_itself();
    anna_leaves_hers();
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    is_told("egon", "Minute abgemeldet", "desk2");
    is_told("dora", "Minute gesperrt", "desk1");
    // Locked: it goes on. Logged off: nothing is left.
    screen_shows("desk1", "gesperrt, weil Sie", 80);
    place_runs("ts3", "pgrep -x -u dora xterm");
    screen_shows("desk2", "so lange offen", 80);
    place_runs("ts3", "timeout 20 sh -c 'while pgrep -u egon >/dev/null; do sleep 0.1; done'");
    place_runs("ts3", "timeout 80 sh -c 'while pgrep -u anna >/dev/null; do sleep 0.1; done'");
    sessions_soon_are("map(.state) == [\\\"disconnected\\\"]", 10);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 20);
}
