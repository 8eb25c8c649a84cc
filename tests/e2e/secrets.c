// SPDX-License-Identifier: EUPL-1.2
// Where the real passwords get to, used one-time passwords, and the keys that vouch for these: nowhere. Real desk,
// directory, KDC, xrdp; everything in the town is searched while 200 people log on. What is sought is never written in
// this file's commands: they would be found.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_neustadt(void)
{
    story_open("--tenant neustadt --host ts1 --desk desk1 --people 20 --place home=10.77.9.1");
    place_runs("broker", "tests/e2e/fake-desk enrol neustadt/stub1");
}

TestSuite(secrets, .init = open_neustadt, .fini = story_close, .timeout = 600);

#define PASSWORD_OF(word) "printf '%s-geheim-1\\n' " word

static void watching_begins(void)
{
    story_runs(
        "rm -f $TOWN/watched $TOWN/watch.code; setsid -f sh -c 'tests/e2e/scan-secrets watch >$TOWN/watch.log 2>&1; "
        "echo $? >$TOWN/watch.code' </dev/null >/dev/null 2>&1");
}

static void nothing_was_seen(void)
{
    story_runs("touch $TOWN/watched; timeout 60 sh -c 'until [ -s $TOWN/watch.code ]; do sleep 0.05; done'; "
               "cat $TOWN/watch.log; [ $(cat $TOWN/watch.code) = 0 ] && grep -q -w -F xrdp-sesman $TOWN/watch.log && "
               "[ $(sed -n 's/ looks.*//p' $TOWN/watch.log) -gt 50 ]");
}

static void two_hundred_log_ons(void)
{
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts1", 30);
    log_says("broker", "authenticated by ticket", 1);
    place_runs("home",
               PASSWORD_OF("bert") " | tests/e2e/fake-desk logon stub1 bert bert && tests/e2e/fake-desk open bert");
    screen_shows("home", "bert auf ts1", 20);
    place_runs("home", "for n in 1 2 3; do " PASSWORD_OF("viele") " | tests/e2e/fake-desk logon stub1 p$n p0000$n && "
                                                                  "tests/e2e/fake-desk open p$n || exit 1; done");
    place_soon("ts1", "[ $(pgrep -c -x Xorg) = 5 ]", 20);
    place_runs("home", PASSWORD_OF("viele") " | tests/e2e/fake-desk many stub1 many 20 195");
}

static void what_is_planted_is_found(void)
{
    place_runs("ts1", PASSWORD_OF("bert") " >/tmp/planted; p=$(" PASSWORD_OF(
                          "anna") "); "
                                  "setsid -f sh -c 'exec sleep 600 #' \"$p\"; setsid -f sh -c 'sleep 600; :' \"$p\"; "
                                  "PLANTED=$p setsid -f sleep 600");
    story_runs("tests/e2e/scan-secrets files | grep -qx 'found: ts1: /planted below tmp'");
    place_runs("ts1", "install -m 600 /srv/pult-host/otp.key /tmp/planted");
    story_runs("tests/e2e/scan-secrets files | grep -qx 'found: ts1: /planted below tmp'");
    story_runs("tests/e2e/scan-secrets watch >$TOWN/planted; grep -qx 'found: cmdline of sh' $TOWN/planted && "
               "grep -qx 'found: environ of sleep' $TOWN/planted");
    // What the place itself sleeps in is not to be killed from inside.
    place_runs("ts1", "rm /tmp/planted; pkill -x sleep");
    place_soon("ts1", "[ $(pgrep -c -x sleep) = 1 ]", 5);
}

// Where programs in the session need it, it passes through the session manager, and lies nowhere all the same.
static void authenticate_by_password(void)
{
    pultctl("profile set neustadt/clerk authentication=password");
    watching_begins();
    place_runs("broker", "tests/town/pultctl $TOWN $BUILD session list --json | jq -r '.[] | select(.device == "
                         "\"neustadt/desk1\").id' | xargs tests/town/pultctl $TOWN $BUILD session end");
    screen_shows("desk1", "Tab: ", 20);
    desk_logs_on("desk1", "clara", "clara-geheim-1");
    screen_shows("desk1", "clara auf ts1", 30);
    nothing_was_seen();
    story_runs("tests/e2e/scan-secrets files");
    story_runs("tests/e2e/scan-secrets memory ts1 clara | grep -q 'found: memory of xrdp'");
}

Test(secrets, are_nowhere)
{
    watching_begins();
    two_hundred_log_ons();
    nothing_was_seen();
    story_runs("tests/e2e/scan-secrets files");
    story_runs("tests/e2e/scan-secrets memory ts1 anna && tests/e2e/scan-secrets memory ts1 bert && "
               "tests/e2e/scan-secrets memory broker anna");
    what_is_planted_is_found();
    authenticate_by_password();
}
