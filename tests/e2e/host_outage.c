// SPDX-License-Identifier: EUPL-1.2
// A session host that is cut off for a minute with five people on it, and comes back.
#include "broker/base/clock.h"
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { AWAY_MS = 60 * 1000, CLEAR_MS = 30 * 1000 };

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts3 --host ts4 --desk desk1 --people 5 --place home=10.77.9.1");
    place_runs("broker", "tests/e2e/fake-desk enrol altdorf/stub1 altdorf/stub2 altdorf/stub3 altdorf/stub4 "
                         "altdorf/stub5 altdorf/stub6");
}

TestSuite(host_outage, .init = open_altdorf, .fini = story_close, .timeout = 400);

#define LOG_ON(people)                                                                                                 \
    "for n in " people "; do printf 'viele-geheim-1\\n' | tests/e2e/fake-desk logon stub$n p0000$n p0000$n && "
#define OF(host, state) ".[] | select(.host == \"altdorf/" host "\" and .state == \"" state "\")"
#define SCREENS "pgrep -x Xorg | sort"

static void five_people_work_at_one_host(void)
{
    pultctl("host drain altdorf/ts4");
    place_runs("home", LOG_ON("1 2 3 4") "tests/e2e/fake-desk open p0000$n || exit 1; done");
    desk_logs_on("desk1", "p00005", "viele-geheim-1");
    pultctl("host undrain altdorf/ts4");
    sessions_soon_are("[" OF("ts3", "connected") "] | length == 5", 20);
    place_runs("ts3", SCREENS " >/srv/before; [ $(wc -l </srv/before) = 5 ]");
}

static void who_logs_on_again_gets_a_new_one_and_is_told(void)
{
    sessions_soon_are("[.[] | select(.state == \"unknown\")] | length == 5", 40);
    // Not at once: one lost packet ends nobody's session.
    pultctl_soon_shows("host show altdorf/ts3 --json", "\"health\":\"unreachable\"", 30);
    place_runs("home", "printf 'viele-geheim-1\\n' | tests/e2e/fake-desk logon stub6 anew p00005 && "
                       "jq -e '.abandoned_host == \"altdorf/ts3\"' $TOWN/stubs/anew && tests/e2e/fake-desk open anew");
    screen_shows("home", "p00005 auf ts4", 30);
    screen_shows("desk1", "Sie haben eine neue", 10);
}

static int64_t host_returns_ms(void)
{
    town("mend ts3");
    int64_t began_ms = clock_steady_ms();
    sessions_soon_are(
        "(map(select(.state == \"unknown\")) | length == 0) and ([" OF(
            "ts4", "connected") "] | length == 1) and (map(select(.host == \"altdorf/ts3\")) | length == 4)",
        60);
    place_soon("ts3", "! pgrep -u p00005", 60);
    return clock_steady_ms() - began_ms;
}

static void the_others_find_theirs_again(void)
{
    place_runs(
        "home",
        LOG_ON(
            "1 2 3 4") "jq -e '.reconnected and (.abandoned_host // \"\") == \"\"' $TOWN/stubs/p0000$n >/dev/null && "
                       "tests/e2e/fake-desk open p0000$n || exit 1; done");
    sessions_soon_are("[" OF("ts3", "connected") "] | length == 4", 20);
    place_runs("ts3",
               SCREENS " >/srv/after; [ $(wc -l </srv/after) = 4 ] && [ -z \"$(comm -13 /srv/before /srv/after)\" ]");
    place_runs("ts4", "[ $(pgrep -c -x Xorg) = 1 ] && pgrep -x -u p00005 Xorg");
    sessions_soon_are("length == 5", 5);
}

Test(host_outage, a_host_comes_back_after_a_minute_and_everybody_has_one_session)
{
    five_people_work_at_one_host();
    int64_t cut_ms = clock_steady_ms();
    town("cut ts3");
    who_logs_on_again_gets_a_new_one_and_is_told();
    while (clock_steady_ms() < cut_ms + AWAY_MS)
        place_runs("home", "sleep 1");
    int64_t away_ms = clock_steady_ms() - cut_ms, took_ms = host_returns_ms();
    printf("away for %.1f s; all is right %.1f s after the return\n", (double)away_ms / 1000, (double)took_ms / 1000);
    cr_assert(took_ms < CLEAR_MS);
    the_others_find_theirs_again();
}
