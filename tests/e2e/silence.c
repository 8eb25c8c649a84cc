// SPDX-License-Identifier: EUPL-1.2
// An agent that says nothing while its host goes on, and a broker that is stopped itself: nobody's desktop ends.
#include "broker/base/clock.h"
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

enum { HELD_MS = 60 * 1000 };

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts3 --host ts4 --desk none --people 3 --place home=10.77.9.1");
    place_runs("broker", "tests/e2e/fake-desk enrol altdorf/stub1 altdorf/stub2 altdorf/stub3 altdorf/stub4");
    pultctl("host drain altdorf/ts4");
}

TestSuite(silence, .init = open_altdorf, .fini = story_close, .timeout = 400);

#define LOG_ON(stub, person) "printf 'viele-geheim-1\\n' | tests/e2e/fake-desk logon " stub " " person " " person
#define FOUND_AGAIN(person)                                                                                            \
    " && jq -e '.reconnected and (.abandoned_host // \"\") == \"\"' $TOWN/stubs/" person " >/dev/null"
#define OF(host, state) ".[] | select(.host == \"altdorf/" host "\" and .state == \"" state "\")"
#define SCREENS "pgrep -x Xorg | sort"

static void works_at_ts3(const char *log_on_and_open, int people)
{
    place_runs("home", log_on_and_open);
    sessions_soon_are(
        people == 1 ? "[" OF("ts3", "connected") "] | length == 1" : "[" OF("ts3", "connected") "] | length == 2", 20);
}

static void nobody_was_ended(void)
{
    place_runs("broker", "! grep -F 'telling it to end' $TOWN/logs/broker.log");
    place_runs("ts3", SCREENS " >/srv/after; cmp /srv/before /srv/after");
}

static void pass_time(int64_t ms)
{
    for (int64_t end_ms = clock_steady_ms() + ms; clock_steady_ms() < end_ms;)
        place_runs("home", "sleep 1");
}

Test(silence, an_agent_that_hangs_costs_nobody_the_desktop)
{
    works_at_ts3(LOG_ON("stub1", "p00001") " && tests/e2e/fake-desk open p00001", 1);
    place_runs("ts3", SCREENS " >/srv/before");
    pultctl("host undrain altdorf/ts4");
    place_runs("ts3", "pkill -STOP -x pult-host");
    log_says("broker", "altdorf/ts3: agent disconnected", 90);
    pass_time(HELD_MS / 2); // any patience there could be is over
    pultctl_soon_shows("host show altdorf/ts3 --json", "\"health\":\"silent\"", 20);
    place_runs("home", LOG_ON("stub2", "p00001") FOUND_AGAIN("p00001"));
    place_runs("home", LOG_ON("stub3", "p00002") " && jq -e '.address | test(\"ts4\")' "
                                                 "$TOWN/stubs/p00002");
    place_runs("ts3", "pkill -CONT -x pult-host");
    pultctl_soon_shows("host show altdorf/ts3 --json", "\"health\":\"ok\"", 60);
    place_runs("home", LOG_ON("stub2", "p00001") FOUND_AGAIN("p00001") " && tests/e2e/fake-desk open p00001");
    sessions_soon_are("[" OF("ts3", "connected") "] | length == 1", 20);
    screen_shows("home", "p00001 auf ts3", 30);
    nobody_was_ended();
}

// An administrator ended it while its host was away, and its desk did not hear of that.
Test(silence, what_was_ended_meanwhile_goes_once_nobody_works_there)
{
    works_at_ts3(LOG_ON("stub1", "p00001") " && tests/e2e/fake-desk open p00001", 1);
    place_runs("ts3", SCREENS " >/srv/before; pkill -STOP -x pult-host");
    log_says("broker", "altdorf/ts3: agent disconnected", 90);
    place_runs("broker", "tests/town/pultctl $TOWN $BUILD session end $(tests/town/pultctl $TOWN $BUILD session list "
                         "--json | jq -r '.[0].id')");
    place_runs("ts3", "pkill -CONT -x pult-host");
    log_says("broker", "somebody works there: left alone", 60);
    nobody_was_ended();
    place_runs("home", "pkill -x xfreerdp3");
    log_says("broker", "telling it to end altdorf/s-", 60);
    place_soon("ts3", "! pgrep -x Xorg", 60);
}

// Each is written to the journal: a program at a desk that knows one password is not to fill it.
Test(silence, one_person_logs_on_at_one_desk_no_faster_than_people_do)
{
    place_runs(
        "home",
        "for n in $(seq 40); do " LOG_ON(
            "stub1", "p00001") " 2>/srv/refused || break; done; "
                               "cat /srv/refused; grep too-many-logons /srv/refused && [ $n -gt 10 ] && [ $n -lt 40 ]");
    place_runs("home", LOG_ON("stub1", "p00002") " && " LOG_ON("stub2", "p00001"));
}

Test(silence, a_broker_that_was_stopped_for_a_minute_gives_up_nobody)
{
    works_at_ts3(LOG_ON("stub1", "p00001") " && tests/e2e/fake-desk open p00001", 1);
    works_at_ts3(LOG_ON("stub2", "p00002") " && tests/e2e/fake-desk open p00002", 2);
    place_runs("home", LOG_ON("stub3", "p00003"));
    pultctl("host undrain altdorf/ts4");
    place_runs("broker", "pkill -STOP -x pult-broker");
    place_runs("home", "tests/e2e/fake-desk open p00003");
    place_soon("ts3", "[ $(pgrep -c -x Xorg) = 3 ]", 30); // the host lets in by itself
    place_runs("ts3", SCREENS " >/srv/before");
    pass_time(HELD_MS);
    place_runs("broker", "pkill -CONT -x pult-broker");
    place_runs("home", LOG_ON("stub4", "p00001") FOUND_AGAIN("p00001") " && tests/e2e/fake-desk open p00001");
    log_says("broker", "was held", 10);
    sessions_soon_are("[" OF("ts3", "connected") "] | length == 3", 40);
    nobody_was_ended();
}
