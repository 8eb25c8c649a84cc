// SPDX-License-Identifier: EUPL-1.2
// A device's key in two places: it is noticed, costs nobody else anything, and ends when the device is enrolled again.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host none --desk desk1 --place thief=10.77.9.1");
    place_runs("desk1", "cp /srv/pult-agent/device.pem $TOWN/copy.pem");
}

TestSuite(copied_key, .init = open_altdorf, .fini = story_close, .timeout = 400);

#define PULTCTL "tests/town/pultctl $TOWN $BUILD "
#define SHARED PULTCTL "--json status | jq -e '.. | .identities_shared? // empty | "
#define EVENTS PULTCTL "event list --last 50 | grep -c device.identity_shared"

static void desk_is_enrolled_again(void)
{
    desk_is_switched_off("desk1");
    place_runs("broker", "umask 077 && " PULTCTL "device enrol-token altdorf/desk1 >$TOWN/secrets/desk1.token");
    place_runs("desk1", "tests/town/serve-desk $TOWN $BUILD desk1 first");
}

static void nothing_is_said(void)
{
    place_runs("broker", SHARED "length == 0'");
    place_runs("broker", "[ $(" EVENTS ") = 0 ]");
}

Test(copied_key, copy_that_fights_for_the_link_is_refused_and_told_of)
{
    place_runs("thief", "tests/e2e/copied-key fights_until_refused");
    log_says("broker", "in use from ", 5);
    place_runs("broker", SHARED "length == 1 and .[0].id == \"altdorf/desk1\"'");
    place_runs("broker", PULTCTL "device show altdorf/desk1 --json | jq -e '.identity_shared != \"\"'");
    place_runs("broker", "[ $(" EVENTS ") = 1 ]");
    place_runs("thief", "tests/e2e/copied-key loop_gets_nothing");
    place_runs("broker", "[ $(" EVENTS ") = 1 ] && [ $(grep -c 'in use from ' $TOWN/logs/broker.log) = 1 ]");
    pultctl_soon_shows("device show altdorf/desk1 --json", "\"online\":true", 5);
    desk_is_enrolled_again();
    place_runs("broker", SHARED "length == 0'");
    place_runs("thief", "tests/e2e/copied-key is_worth_nothing");
}

Test(copied_key, desk_that_is_left_out_says_so)
{
    desk_is_switched_off("desk1");
    place_runs("thief", "setsid -f tests/e2e/copied-key holds_the_link >/dev/null 2>&1");
    pultctl_soon_shows("device show altdorf/desk1 --json", "\"online\":true", 10);
    desk_is_switched_on("desk1");
    screen_shows("desk1", "an einem anderen", 30);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "an einem anderen", 10);
    place_runs("broker", SHARED "length == 1'");
    desk_is_enrolled_again();
    log_says("desk1", "the link is up", 20);
    screen_shows("desk1", "Tab: ", 20);
    place_soon("broker", SHARED "length == 0'", 10);
}

// Without a word of farewell, so that the broker still has the old link when the new one comes.
#define DESK_STARTS_AGAIN(old, new)                                                                                    \
    town("cut desk1");                                                                                                 \
    desk_is_switched_off("desk1");                                                                                     \
    place_runs("desk1", "ip address delete " old "/16 dev eth0 && ip address add " new "/16 dev eth0");                \
    town("mend desk1");                                                                                                \
    place_runs("desk1", "sed -i 's/the link is up/the link was up/' $TOWN/logs/desk1.log");                            \
    desk_is_switched_on("desk1");                                                                                      \
    log_says("desk1", "the link is up", 20)

Test(copied_key, desk_that_restarts_or_gets_another_address_raises_nothing)
{
    DESK_STARTS_AGAIN("10.77.4.1", "10.77.4.1");
    DESK_STARTS_AGAIN("10.77.4.1", "10.77.4.1");
    nothing_is_said();
    DESK_STARTS_AGAIN("10.77.4.1", "10.77.4.101");
    DESK_STARTS_AGAIN("10.77.4.101", "10.77.4.102");
    DESK_STARTS_AGAIN("10.77.4.102", "10.77.4.102");
    nothing_is_said();
    place_runs("broker", "ss -Htn state established sport = :8444 | grep -F 10.77.4.102");
}
