// SPDX-License-Identifier: EUPL-1.2
// Across the border between tenants by grants: somebody of neustadt at a desk of altdorf, and her paper there.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void open_two_halls(void)
{
    story_open("--tenant neustadt --tenant altdorf --host ts1:neustadt --desk desk1:altdorf/rathaus/1 "
               "--printer drucker:altdorf/rathaus/1");
}

TestSuite(grants, .init = open_two_halls, .fini = story_close, .timeout = 400);

#define PULTCTL "tests/town/pultctl $TOWN $BUILD "
#define BY_ALMA "ADMINISTRATOR=alma " PULTCTL

// Asked for by neustadt's side, and approved by altdorf's.
static void is_granted(const char *fields)
{
    char shell[600];
    snprintf(
        shell, sizeof shell,
        "id=$(" PULTCTL "grant request --tenant neustadt to=neustadt %s --json | jq -r .id) && " PULTCTL
        "grant list --json | jq -e --arg id $id '.[] | select(.id == $id).state == \"waits-for-giver\"' && " BY_ALMA
        "grant approve $id",
        fields);
    place_runs("broker", shell);
}

static void prints(const char *page)
{
    char shell[300];
    snprintf(shell, sizeof shell,
             "tests/town/page '%s' >/home/seite.pdf && setpriv --reuid 10001 --regid 10001 --clear-groups "
             "env HOME=/tmp lp -d next-to-me /home/seite.pdf",
             page);
    place_runs("ts1", shell);
}

static void held_are(int count)
{
    char condition[300];
    snprintf(condition, sizeof condition,
             PULTCTL
             "job list --json | jq -e 'map(select(.state == \"held\" and .reason == \"no-grant\")) | length == %d'",
             count);
    place_soon("broker", condition, 20);
}

static void paper(const char *words)
{
    char shell[200];
    snprintf(shell, sizeof shell, "tests/e2e/paper drucker %s", words);
    story_runs(shell);
}

Test(grants, her_page_comes_out_at_the_other_town_hall_while_both_sides_want_it)
{
    place_runs("broker", "printf 'alma-geheim-1\\n' | " BY_ALMA "login --tenant altdorf --name alma --password-stdin");
    pultctl("printer set altdorf/drucker price_mono=250");
    // Nobody of neustadt logs on at altdorf's desk.
    desk_logs_on("desk1", "anna@neustadt", "anna-geheim-1");
    screen_shows("desk1", "Name oder Passwort", 30);
    is_granted("site=altdorf/rathaus reason=Aushilfe until=$(date -d '1 hour' +%H:%M)");
    desk_logs_on("desk1", "anna@neustadt", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts1", 30);
    sessions_soon_are("map(select(.state == \"connected\" and .device == \"altdorf/desk1\")) | length == 1", 15);
    place_runs("broker",
               PULTCTL "explain anna@neustadt --device altdorf/desk1 | grep 'may be used by grant altdorf/g-'");
    // The printer beside that desk is another matter.
    place_soon("ts1", "lpstat -p next-to-me && ! lpstat -p altdorf.drucker", 20);
    prints("Ohne Erlaubnis");
    held_are(1);
    pultctl_shows("job list", "no-grant");
    screen_shows("desk1", "gehören einer anderen Verwaltung", 20);
    paper("0");
    is_granted("printer=altdorf/drucker reason=Aushilfe until=$(date -d '1 hour' +%H:%M)");
    place_soon("ts1", "lpstat -p altdorf.drucker", 20);
    prints("Mit Erlaubnis");
    paper("1 'Mit Erlaubnis'");
    // It costs the tenant that she is of, at the price of the printer's, and both sides see it.
    place_soon("broker",
               PULTCTL "account list --csv | grep -F 'neustadt,anna,' | grep -qF 'altdorf/drucker,1,1,0,0,1,0.0250'",
               20);
    place_runs("broker",
               BY_ALMA "account list --by tenant --csv | grep -qF 'neustadt,altdorf,1,1,0,0,1,0.0250' && " BY_ALMA
                       "account list --csv | grep -qF 'neustadt,,,altdorf/drucker,1,' && ! " BY_ALMA
                       "account list --json | grep -q anna");
    pultctl_shows("status", "Grant ends soon");
    pultctl_shows("event list --json", "by grant altdorf/g-");
    // A printer that is out of service says how many wait for it.
    pultctl("printer drain altdorf/drucker");
    prints("Später");
    place_soon("broker", PULTCTL "printer show altdorf/drucker --json | jq -e '.waiting == 1'", 20);
    pultctl_shows("job list", "printer-draining");
    pultctl("printer undrain altdorf/drucker");
    paper("2 'Später'");
    // Taken back by one side, it is over at once.
    place_runs("broker", BY_ALMA "grant list --json | jq -r '.[] | select(.printer != \"\").id' | xargs env " BY_ALMA
                                 "grant revoke");
    prints("Nach dem Widerruf");
    held_are(2);
    place_soon("ts1", "! lpstat -p altdorf.drucker", 20);
    // And it ends by itself.
    is_granted("printer=altdorf/drucker reason=Aushilfe until=$(date -u -d '4 seconds' +%Y-%m-%dT%H:%M:%SZ)");
    place_soon("broker", PULTCTL "grant list --json | jq -e 'map(select(.printer != \"\")) | length == 0'", 20);
    prints("Nach dem Ende");
    held_are(3);
    paper("2");
}
