// SPDX-License-Identifier: EUPL-1.2
// Passwords that work once, and what becomes of a session when its line breaks or its desk is locked.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts3:altdorf --desk desk1 --desk desk2");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    desk_types("desk1", "echo Mittagspause");
    screen_shows("desk1", "Mittagspause", 10);
}

TestSuite(reconnect, .init = open_altdorf, .fini = story_close, .timeout = 400);

Test(reconnect, is_mended_with_a_fresh_password_and_nobody_does_anything)
{
    line_breaks("ts3", "desk1");
    log_says("desk1", "mending -> showing", 5);
    screen_shows("desk1", "Mittagspause", 10);
    desk_types("desk1", " und weiter");
    screen_shows("desk1", "Mittagspause und weiter", 10);
    pultctl_soon_shows("session list --json", "\"state\":\"connected\"", 5);
}

Test(reconnect, is_mended_when_the_cable_was_out_of_the_desk)
{
    town("cut desk1");
    screen_shows("desk1", "Verbindung ist unterbrochen", 25);
    screen_shows("desk1", "keine Verbindung zum Netz", 10);
    log_says("desk1", "the link is down", 40);
    town("mend desk1");
    log_says("desk1", "mending -> showing", 20);
    screen_shows("desk1", "Mittagspause", 10);
}

Test(reconnect, waits_for_a_broker_that_is_away_too)
{
    broker_is_killed();
    log_says("desk1", "the link is down", 10);
    line_breaks("ts3", "desk1");
    screen_shows("desk1", "Auch der Broker ist nicht erreichbar", 10);
    broker_starts_again();
    log_says("desk1", "mending -> showing", 40);
    screen_shows("desk1", "Mittagspause", 10);
}

Test(reconnect, gives_the_desktop_to_the_desk_where_it_was_opened_meanwhile)
{
    town("cut desk1");
    screen_shows("desk1", "Verbindung ist unterbrochen", 25);
    desk_logs_on("desk2", "dora", "dora-geheim-1");
    screen_shows("desk2", "Mittagspause", 30);
    town("mend desk1");
    screen_shows("desk1", "Platz 2|an einem anderen Platz", 40);
    desk_types("desk2", " im Garten");
    screen_shows("desk2", "Mittagspause im Garten", 10);
}

// The X server goes away under the hands that press the keys.
#define LOCKS_WITH(keys)                                                                                               \
    "read -r DISPLAY XAUTHORITY </run/pult-agent/screen; export DISPLAY XAUTHORITY; xdotool key " keys " || true"

Test(reconnect, is_cut_when_the_person_locks_the_desk)
{
    place_runs("desk1", LOCKS_WITH("ctrl+alt+l"));
    screen_shows("desk1", "Platz ist gesperrt", 10);
    pultctl_soon_shows("session list --json", "\"state\":\"disconnected\"", 5);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "Mittagspause", 30);
    desk_types("desk1", " ist vorbei");
    screen_shows("desk1", "Mittagspause ist vorbei", 10);
    place_runs("desk1", LOCKS_WITH("super+l"));
    screen_shows("desk1", "Platz ist gesperrt", 10);
    desk_logs_on("desk2", "dora", "dora-geheim-1");
    screen_shows("desk2", "Mittagspause ist vorbei", 30);
}
