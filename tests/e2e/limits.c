// SPDX-License-Identifier: EUPL-1.2
// What a profile limits, carried out at a real desktop with the smallest limits there are; and a host that is drained.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts3:altdorf --desk desk1 --desk desk2 --place home=10.77.9.1");
    place_runs("broker", "tests/e2e/fake-desk enrol altdorf/stub1");
    pultctl("profile set altdorf/clerk idle_minutes=1");
    pultctl("profile add altdorf/short name=Kurz pool=altdorf/office max_minutes=1");
    pultctl("profile add altdorf/left name=Verlassen pool=altdorf/office disconnected_minutes=1");
    pultctl("assignment add altdorf/egon profile=altdorf/short person=egon priority=50");
    pultctl("assignment add altdorf/anna profile=altdorf/left person=anna priority=50");
}

TestSuite(limits, .init = open_altdorf, .fini = story_close, .timeout = 380);

#define PULTCTL "tests/town/pultctl $TOWN $BUILD "

// is-told PERSON SENTENCE: a window of the person on ts3 that can be seen and says that. The letters are small for
// machine reading and other windows lie about: the sentence is read from the program that shows it, the window is asked
// of the X server.
static const char is_told[] =
    "cat >/run/is-told <<'END'\n"
    "p=$(pgrep -x -n -u $1 xmessage) && grep -q -a \"$2\" /proc/$p/cmdline &&\n"
    "env -i $(tr '\\0' '\\n' </proc/$p/environ | grep -a -E '^(DISPLAY|XAUTHORITY)=') /usr/bin/xwininfo -name Pult |\n"
    "grep -q IsViewable\n"
    "END\n";

// A warning goes when what it warns of happens, so somebody looks out for it from the start.
static void is_looked_out_for(const char *person, const char *sentence)
{
    char shell[300];
    snprintf(
        shell, sizeof shell,
        "setsid -f sh -c 'until sh /run/is-told %s \"%s\"; do sleep 0.1; done; touch \"/run/%s: %s\"' >/dev/null 2>&1 "
        "</dev/null",
        person, sentence, person, sentence);
    place_runs("ts3", shell);
}

static void was_told(const char *person, const char *sentence, const char *desk)
{
    char shell[200];
    snprintf(shell, sizeof shell, "ls /run; pgrep -a -u %s xmessage; test -e \"/run/%s: %s\"", person, person,
             sentence);
    place_soon("ts3", shell, 50);
    screen_shows(desk, ".", 10); // for its picture
}

static void a_drained_host_tells_its_people_and_comes_back_by_itself(void)
{
    is_looked_out_for("dora", "Wartung ab 17 Uhr");
    place_runs("broker", PULTCTL "host drain altdorf/ts3 --until $(date -u -d '+1 hour' +%FT%T.000Z) "
                                 "--message 'Wartung ab 17 Uhr'");
    was_told("dora", "Wartung ab 17 Uhr", "desk1");
    desk_presses("desk1", "Return"); // so that she is not locked for idleness yet, however long this takes
    pultctl_shows("host show altdorf/ts3", "draining");
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    screen_shows("desk2", "Sitzungsserver", 5);
    desk_presses("desk1", "Return");
    place_runs("broker", PULTCTL "host drain altdorf/ts3 --until $(date -u -d '+8 seconds' +%FT%T.000Z)");
    pultctl_soon_shows("host show altdorf/ts3 --json", "\"draining\":false", 15);
    log_says("broker", "altdorf/ts3: drain time is over", 1);
    is_looked_out_for("dora", "Minute gesperrt");
    desk_presses("desk1", "Return");
}

static void anna_leaves_hers(void)
{
    place_runs(
        "home",
        "printf 'anna-altdorf-1\\n' | tests/e2e/fake-desk logon stub1 anna anna && tests/e2e/fake-desk open anna");
    screen_shows("home", "anna auf ts3", 20);
    place_runs("home", "pkill -x xfreerdp3");
}

Test(limits, idle_left_and_too_long)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    place_runs("ts3", is_told);
    a_drained_host_tells_its_people_and_comes_back_by_itself();
    anna_leaves_hers();
    is_looked_out_for("egon", "Minute abgemeldet");
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    was_told("egon", "Minute abgemeldet", "desk2");
    was_told("dora", "Minute gesperrt", "desk1");
    // Locked: it goes on. Logged off: nothing is left.
    screen_shows("desk1", "gesperrt, weil Sie", 80);
    place_runs("ts3", "pgrep -x -u dora xterm");
    screen_shows("desk2", "chstdauer", 80);
    place_soon("ts3", "! pgrep -u egon", 20);
    place_soon("ts3", "! pgrep -u anna", 80);
    sessions_soon_are("map(.state) == [\"disconnected\"]", 10);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 20);
}
