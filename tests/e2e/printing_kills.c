// SPDX-License-Identifier: EUPL-1.2
// Any part of the way may be killed at any moment: what lp has accepted comes out once, where its person is, or is
// held. With people who move, more of everything, and at random: tests/e2e/printing-kills.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARTS = 5, ROUNDS = 2 * PARTS, JOBS_A_ROUND = 4 };

static void open_printing_town(void)
{
    story_open(
        "--tenant neustadt --host ts1:neustadt --desk desk1:neustadt/rathaus/11 --desk desk2:neustadt/amtshaus/21 "
        "--printer room1:neustadt/rathaus/11 --printer room2:neustadt/amtshaus/21");
}

TestSuite(printing_kills, .init = open_printing_town, .fini = story_close, .timeout = 400);

struct part {
    const char *place, *kill, *again;
};

static const struct part parts[PARTS] = {
    {"print", "pkill -KILL -x pult-print; while pgrep -x pult-print; do sleep 0.02; done",
     "tests/town/serve-print $TOWN $BUILD again"},
    {"ts1", "old=$(pgrep -x cupsd); kill -KILL $old; while [ -e /proc/$old ]; do sleep 0.02; done",
     "until lpstat -h /run/cups/cups.sock -r | grep 'is running'; do sleep 0.02; done"},
    {"ts1", "pkill -KILL -x pult-host; while pgrep -x pult-host; do sleep 0.02; done",
     "tests/town/serve-agent $TOWN $BUILD ts1 again"},
    {"broker", "pkill -KILL -x pult-broker; while pgrep -x pult-broker; do sleep 0.02; done",
     "tests/town/serve-broker $TOWN $BUILD again"},
    {"room1", "pkill -KILL 'ippeveprinter|print-page'; while pgrep ippeveprinter; do sleep 0.02; done",
     "tests/town/serve-printer $TOWN room1"},
};

static void people_log_on(void)
{
    static const char *const people[][3] = {{"desk1", "anna", "anna-geheim-1"}, {"desk2", "bert", "bert-geheim-1"}};
    for (size_t i = 0; i < 2; i++) {
        char shown[40];
        snprintf(shown, sizeof shown, "%s auf ts1", people[i][1]);
        desk_logs_on(people[i][0], people[i][1], people[i][2]);
        screen_shows(people[i][0], shown, 30);
    }
    sessions_soon_are("map(select(.state == \"connected\")) | length == 2", 15);
    place_soon("ts1", "lpstat -p next-to-me", 20);
}

// The part dies while the jobs go in, and comes again before all are through.
static void round_of_jobs(const struct part *part, int round)
{
    char shell[300];
    snprintf(shell, sizeof shell, "setsid -f tests/e2e/print-burst %d %d anna bert >/srv/burst.log 2>&1 </dev/null",
             round * JOBS_A_ROUND, JOBS_A_ROUND);
    place_runs("ts1", shell);
    // Another moment each time: a random part of the half second that such a burst takes.
    snprintf(shell, sizeof shell, "sleep 0.%03d; %s", rand() % 500, part->kill);
    place_runs(part->place, shell);
    place_runs(part->place, part->again);
    place_soon("ts1", "! pgrep print-burst", 30);
}

Test(printing_kills, what_was_accepted_comes_out_once_or_is_held)
{
    srand(4711);
    people_log_on();
    for (int i = 0; i < ROUNDS; i++)
        round_of_jobs(&parts[i % PARTS], i);
    setenv("TALLY_SECONDS", "60", 1);
    story_runs("tests/e2e/print-tally anna=room1 bert=room2");
}
