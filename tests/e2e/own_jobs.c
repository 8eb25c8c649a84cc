// SPDX-License-Identifier: EUPL-1.2
// What a person at a desk sees of their own print jobs, does with them by keys alone, and is told of them.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void open_printing_town(void)
{
    story_open("--tenant neustadt --host ts1:neustadt --desk desk1:neustadt/rathaus/11 "
               "--desk desk2:neustadt/amtshaus/21 --printer room1:neustadt/rathaus/11 "
               "--printer room2:neustadt/amtshaus/21");
}

TestSuite(own_jobs, .init = open_printing_town, .fini = story_close, .timeout = 400);

static void anna_is_at(const char *desk)
{
    desk_logs_on(desk, "anna", "anna-geheim-1");
    screen_shows(desk, "anna auf ts1", 30);
    sessions_soon_are("map(select(.state == \"connected\")) | length == 1", 15);
    place_soon("ts1", "lpstat -p next-to-me", 20);
}

// Her programs go on, and nobody sees them.
static void anna_leaves(const char *desk)
{
    desk_presses(desk, "ctrl+alt+l");
    screen_shows(desk, "gesperrt", 10);
    sessions_soon_are("map(select(.state == \"connected\")) | length == 0", 15);
}

// As she would by a program of her session.
static void anna_prints(const char *queue, const char *page)
{
    char shell[400];
    snprintf(shell, sizeof shell,
             "tests/town/page %s >/home/seite.pdf && setpriv --reuid 10001 --regid 10001 --clear-groups "
             "env HOME=/tmp lp -d %s /home/seite.pdf",
             page, queue);
    place_runs("ts1", shell);
}

static void paper(const char *words)
{
    char shell[300];
    snprintf(shell, sizeof shell, "tests/e2e/paper %s", words);
    story_runs(shell);
}

static void jobs_are(const char *filter)
{
    char shell[400];
    snprintf(shell, sizeof shell, "tests/town/pultctl $TOWN $BUILD job list --json | jq -e '%s'", filter);
    place_soon("broker", shell, 20);
}

// Name, password, and F5 where Enter would open a desktop.
static void asks_for_print_jobs(const char *desk, const char *name, const char *password)
{
    desk_presses(desk, "Escape");
    desk_types(desk, name);
    desk_presses(desk, "Tab");
    desk_types_secret(desk, password);
    desk_presses(desk, "F5");
}

Test(own_jobs, are_released_at_the_greeter_without_a_desktop)
{
    anna_is_at("desk1");
    anna_leaves("desk1");
    anna_prints("next-to-me", "Von daheim");
    jobs_are("map(select(.state == \"held\" and .reason == \"not-at-a-desk\")) | length == 1");
    asks_for_print_jobs("desk2", "anna", "falsch");
    screen_shows("desk2", "Name oder Passwort stimmt nicht", 10);
    asks_for_print_jobs("desk2", "bert", "bert-geheim-1");
    screen_shows("desk2", "keine wartenden Druckaufträge", 10);
    desk_presses("desk2", "Escape");
    screen_shows("desk2", "F5: Druckaufträge", 10);
    asks_for_print_jobs("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "an keinem Platz", 10);
    desk_presses("desk2", "Return");
    paper("room2 1 'Von daheim'");
    paper("room1 0");
    screen_shows("desk2", "an diesen Drucker(.|\n)*Drucker 21", 10);
    desk_presses("desk2", "Escape");
    screen_shows("desk2", "F5: Druckaufträge", 10);
    // All that without a desktop.
    sessions_soon_are("map(select(.state == \"connected\")) | length == 0", 5);
    // At another printer than the nearest, and not at all.
    anna_prints("next-to-me", "Nach nebenan");
    jobs_are("map(select(.state == \"held\")) | length == 1");
    asks_for_print_jobs("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "an keinem Platz", 10);
    desk_presses("desk2", "Tab");
    desk_presses("desk2", "Down");
    desk_presses("desk2", "Return");
    paper("room1 1 'Nach nebenan'");
    anna_prints("next-to-me", "Doch nicht");
    jobs_are("map(select(.state == \"held\")) | length == 1");
    desk_presses("desk2", "F5");
    screen_shows("desk2", "an keinem Platz", 10);
    desk_presses("desk2", "Delete");
    jobs_are("map(select(.state == \"held\")) | length == 0");
    screen_shows("desk2", "gelöscht", 10);
    paper("room1 1");
    paper("room2 1");
}

Test(own_jobs, are_released_in_the_session)
{
    anna_is_at("desk1");
    anna_leaves("desk1");
    anna_prints("next-to-me", "Von daheim");
    jobs_are("map(select(.state == \"held\")) | length == 1");
    anna_is_at("desk2");
    screen_shows("desk2", "an keinem Platz", 20); // over her session
    desk_presses("desk2", "ctrl+alt+p");
    screen_shows("desk2", "Entf: löschen", 10);
    desk_presses("desk2", "Return");
    paper("room2 1 'Von daheim'");
    desk_presses("desk2", "ctrl+alt+p");
    screen_shows("desk2", "anna auf ts1", 10);
    desk_types("desk2", "echo weiter");
    screen_shows("desk2", "weiter", 10);
}

static void desk_shows_room1_away(void)
{
    screen_shows("desk1", "Drucker 11, Rathaus, 11(.|\n)*antwortet nicht", 40);
}

// Whoever forgets what: the broker, the print server, the link, the desk.
Test(own_jobs, that_cannot_come_out_are_told_of_once_and_come_out_later)
{
    anna_is_at("desk1");
    town("off room1");
    anna_prints("room1", "Eins");
    desk_shows_room1_away();
    anna_prints("room1", "Zwei");
    place_soon("broker", "[ $(grep -c 'was told at neustadt/desk1: printer-away' $TOWN/logs/broker.log) = 2 ]", 40);
    broker_is_killed();
    broker_starts_again();
    jobs_are("map(select(.reason == \"printer-away\")) | length == 2");
    place_runs("print", "pkill -KILL -x pult-print; while pgrep -x pult-print; do sleep 0.02; done; "
                        "tests/town/serve-print $TOWN $BUILD again");
    anna_leaves("desk1");
    broker_is_killed();
    broker_starts_again();
    jobs_are("map(select(.reason == \"printer-away\")) | length == 2");
    anna_is_at("desk2");
    jobs_are("map(select(.reason == \"printer-away\")) | length == 2");
    town("on room1");
    setenv("PAPER_SECONDS", "60", 1);
    paper("room1 2");
    paper("room2 0");
    story_runs("! grep -h 'told of j-' $TOWN/logs/desk?.log | sed 's/.*told of//' | sort | uniq -d | grep .");
    story_runs("! grep 'told of j-' $TOWN/logs/desk2.log");
}

// Nobody but the session host knows of them.
Test(own_jobs, that_no_print_server_takes_are_told_of_once_and_come_out_later)
{
    anna_is_at("desk1");
    place_runs("print", "pkill -KILL -x pult-print; while pgrep -x pult-print; do sleep 0.02; done");
    anna_prints("next-to-me", "Eins");
    screen_shows("desk1", "Druckserver ist nicht zu erreichen", 40);
    anna_prints("next-to-me", "Zwei");
    anna_is_at("desk2");
    place_runs("print", "tests/town/serve-print $TOWN $BUILD again");
    setenv("PAPER_SECONDS", "60", 1);
    paper("room2 2");
    story_runs("[ $(grep -h 'told of unprinted-' $TOWN/logs/desk?.log | wc -l) = 1 ]");
}

Test(own_jobs, of_somebody_at_home_come_out_at_their_own_printer)
{
    pultctl("profile set neustadt/clerk home_printing=own-printer");
    anna_is_at("desk1");
    anna_leaves("desk1");
    anna_prints("next-to-me", "Nachtschicht");
    paper("room1 1 Nachtschicht"); // the nearest to where she was last
    pultctl("person set neustadt/anna printer=neustadt/room2");
    anna_prints("next-to-me", "Frühschicht");
    paper("room2 1 Frühschicht");
    paper("room1 1");
}
