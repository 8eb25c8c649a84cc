// SPDX-License-Identifier: EUPL-1.2
// Parts that lie, or have no room left: what the people of this tenant are told, and that nobody else notices.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void open_two_tenants(void)
{
    setenv("PULT_DIRECTORY_DEADLINE_MS", "10000", 1);
    story_open("--tenant altdorf --tenant neustadt --host ts3 --host ts1 --desk desk1 --desk desk2:neustadt");
}

TestSuite(outages, .init = open_two_tenants, .fini = story_close, .timeout = 400);

static void directory_talks_nonsense(const char *kind)
{
    char shell[800];
    snprintf(shell, sizeof shell,
             "pkill -KILL -x slapd; pkill -KILL -x python3; mkdir -p /run/nonsense/neustadt && cd "
             "/run/nonsense/neustadt && cp $TOWN/tls/dir-altdorf.crt server.pem && cp $TOWN/tls/dir-altdorf.key "
             "server.key && cd - && while [ -n \"$(ss -Hltn sport = :636)\" ]; do sleep 0.02; done; setsid -f "
             "tests/integration/auth/serve-nonsense %s 636 /run/nonsense 10.77.1.2 >/run/nonsense/log 2>&1 </dev/null",
             kind);
    place_runs("dir-altdorf", shell);
    place_soon("dir-altdorf", "ss -Hltn sport = :636 | grep .", 10);
}

// The screen may still show the sentence of the logon before.
static void await_refusals(int count)
{
    char shell[300];
    snprintf(shell, sizeof shell,
             "[ $(grep -c 'refused at altdorf/desk1: directory-down' $TOWN/logs/broker.log) = %d ]", count);
    place_soon("broker", shell, 20);
}

// While one tenant's logon waits for its directory, the other's is through before that wait could be over.
Test(outages, a_directory_that_talks_nonsense_is_said_not_to_answer)
{
    desk_types("desk2", "anna");
    desk_presses("desk2", "Tab");
    desk_types_secret("desk2", "anna-geheim-1");
    directory_talks_nonsense("dripping");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    desk_presses("desk2", "Return");
    log_says("broker", "started at neustadt/desk2", 10);
    place_runs("broker", "! grep -q 'refused at altdorf/desk1' $TOWN/logs/broker.log");
    screen_shows("desk1", "Verzeichnis antwortet nicht", 20);
    screen_shows("desk2", "anna auf ts1", 30);
    static const char *const kinds[] = {"nonsense", "tls-nonsense", "tls-too-long"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        directory_talks_nonsense(kinds[i]);
        desk_logs_on("desk1", "egon", "egon-geheim-1");
        await_refusals((int)i + 2);
        screen_shows("desk1", "Verzeichnis antwortet nicht", 10);
        desk_presses("desk1", "Escape");
    }
    pultctl_shows("tenant list", "altdorf");
    place_runs("dir-altdorf", "pkill -KILL -x python3; tests/town/serve-directory $TOWN altdorf - 0");
    log_says("broker", "ldaps://dir.altdorf.example answers again", 10);
    host_is_well("altdorf/ts3");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
}

static void administrator_logs_on(void)
{
    place_runs("broker", "printf alma-geheim-1 | tests/town/pultctl $TOWN $BUILD login --tenant altdorf --name alma "
                         "--password-stdin");
}

Test(outages, a_full_disk_is_said_and_costs_nothing)
{
    broker_is_killed();
    place_runs("broker", "mkdir /srv/small && mount -t tmpfs -o size=8m small /srv/small && "
                         "cp -a /srv/pult-broker/. /srv/small/ && mount --move /srv/small /srv/pult-broker");
    broker_starts_again();
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "anna auf ts1", 30);
    place_runs("broker", "! cat /dev/zero >/srv/pult-broker/fill");
    log_says("broker", "disk is left: make room", 20);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "kann sein Journal nicht schreiben", 20);
    place_runs("broker", "pgrep -x pult-broker && rm /srv/pult-broker/fill");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 40);
    broker_is_killed();
    broker_starts_again();
    administrator_logs_on();
    pultctl_shows("status --json", "\"disk_free\":");
    pultctl_shows("session list --json", "\"user_name\":\"anna\"");
    pultctl_shows("session list --json", "\"user_name\":\"dora\"");
    pultctl_soon_shows("session list --json", "\"state\":\"connected\"", 10);
}
