// SPDX-License-Identifier: EUPL-1.2
// The paper comes out where the person stands, and for nobody else: from a session to a printer, with all parts
// between.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

// Anna's desks: in the town hall, in another building, and at home, where there is no printer.
static void open_printing_town(void)
{
    story_open("--tenant neustadt --tenant altdorf --host ts1:neustadt --host ts3:altdorf "
               "--desk desk1:neustadt/rathaus/11 --desk desk2:neustadt/amtshaus/21 --desk desk3:neustadt/heim/1 "
               "--printer room1:neustadt/rathaus/11 --printer room2:neustadt/amtshaus/21/simplex "
               "--printer drucker:altdorf/rathaus/1 --printer schule:neustadt/rathaus/31/odd");
}

TestSuite(printing, .init = open_printing_town, .fini = story_close, .timeout = 400);

static void anna_is_at(const char *desk)
{
    desk_logs_on(desk, "anna", "anna-geheim-1");
    screen_shows(desk, "anna auf ts1", 30);
    sessions_soon_are("map(select(.state == \"connected\")) | length == 1", 15);
    place_soon("ts1", "lpstat -p next-to-me", 20);
}

// A program that prints each line that is typed into it, for as long as it is open.
static void program_opens(const char *desk)
{
    place_runs("ts1", "cp tests/town/page /home/page && printf '%s\\n' '#!/bin/sh' 'while read -r line; do' "
                      "'/home/page \"$line\" | lp -d next-to-me -t \"Gehaltsliste $line\"' done >/home/briefe && "
                      "chmod 755 /home/page /home/briefe");
    desk_types(desk, "/home/briefe");
    desk_presses(desk, "Return");
}

static void prints(const char *desk, const char *line)
{
    desk_types(desk, line);
    desk_presses(desk, "Return");
}

// As she would by the program, from outside of her session.
#define AS_ANNA "setpriv --reuid 10001 --regid 10001 --clear-groups env HOME=/tmp "

static void anna_prints(const char *words, const char *page)
{
    char shell[600];
    snprintf(shell, sizeof shell, "tests/town/page %s >/home/seite.pdf && " AS_ANNA "lp %s /home/seite.pdf", page,
             words);
    place_runs("ts1", shell);
}

static void paper(const char *words)
{
    char shell[300];
    snprintf(shell, sizeof shell, "tests/e2e/paper %s", words);
    story_runs(shell);
}

Test(printing, the_page_comes_out_where_she_stands)
{
    anna_is_at("desk1");
    program_opens("desk1");
    prints("desk1", "Brief aus Zimmer 11");
    paper("room1 1 'Brief aus Zimmer 11'");
    paper("room2 0");
    // The same program, still open.
    anna_is_at("desk2");
    prints("desk2", "Brief aus Zimmer 21");
    paper("room2 1 'Brief aus Zimmer 21'");
    // At home there is no printer: it waits for her.
    anna_is_at("desk3");
    prints("desk3", "Brief von daheim");
    pultctl_soon_shows("job list", "held", 20);
    anna_is_at("desk1");
    story_runs("tests/e2e/release-all neustadt/room1");
    paper("room1 2 'Brief von daheim'");
    paper("room2 1");
    // What she called them stands nowhere.
    story_runs("! grep -rla Gehaltsliste $TOWN/logs $TOWN/paper");
    story_runs("! ls $TOWN/paper/* | grep Gehaltsliste");
    place_runs("print", "! grep -rla Gehaltsliste /srv /run/pult-print && ! grep -rla 'Brief aus' /srv");
    place_runs("broker", "! grep -rla Gehaltsliste /srv");
    place_runs("ts1", "! grep -rla Gehaltsliste /srv/cups /srv/pult-host /run/cups /run/pult-host");
}

Test(printing, what_a_printer_lacks_is_done_without)
{
    anna_is_at("desk2");
    anna_prints("-d next-to-me -o sides=two-sided-long-edge -n 2", "pages=3 Beidseitig für Köln, Größe: ß");
    paper("room2 1 pages=3 'Beidseitig für Köln, Größe: ß'");
    story_runs("grep -qx IPP_COPIES=2 $TOWN/paper/room2/*.options");
    anna_prints("-d next-to-me -o media=A3", "size=A3 Lageplan");
    paper("room2 2 size=A3 Lageplan");
    anna_prints("-d next-to-me", "pages=500 Haushalt");
    paper("room2 3 pages=500 Haushalt");
    // This is no document: whatever becomes of it, the next one comes out.
    place_runs("ts1", "printf '%%PDF-1.4\\nno more than this\\n%%%%EOF\\n' >/home/seite.pdf && " AS_ANNA
                      "lp -d next-to-me /home/seite.pdf");
    anna_prints("-d next-to-me", "Danach");
    paper("room2 4 Danach");
}

// It takes several jobs at once and keeps other names for them, wants to know who it is, counts nothing, and is busy
// now.
Test(printing, a_printer_with_other_habits_prints_once_too)
{
    anna_is_at("desk1");
    pultctl_shows("printer read neustadt/schule", "Odd 1");
    pultctl("device set neustadt/desk1 printer=neustadt/schule");
    place_runs("schule", "echo credentials silent busy >/srv/habits");
    anna_prints("-d next-to-me -n 2", "pages=3 Zeugnis");
    place_soon("schule", "grep -q Create-Job /srv/requests", 20);
    place_runs("schule", "echo credentials silent >/srv/habits");
    paper("schule 1 pages=3 Zeugnis");
    story_runs("! ls $TOWN/paper/schule | grep -v -- '-pult-'");
    paper("room1 0");
    // Two copies of three pages, by the document.
    pultctl_soon_shows("account list --csv", ",6,", 20);
    story_runs("tests/town/pultctl $TOWN $BUILD account list --json | tee /dev/stderr | "
               "jq -e 'map(.not_reported) == [6]'");
}

#define CLIENT "tests/e2e/print-client "
#define HOST "certificate=/srv/pult-host/host.pem "

// Who somebody is says their host, whether it may say so the broker.
Test(printing, nobody_prints_for_another)
{
    anna_is_at("desk1");
    place_runs("ts1", "tests/town/page Erste >/run/erste.pdf && tests/town/page Andere >/run/andere.pdf");
    place_runs("ts1", CLIENT "user=anna /run/erste.pdf cut");
    place_runs("desk1", "cp $TOWN/tls/desk1.pem /run/ 2>/dev/null; tests/town/page Tisch >/run/tisch.pdf; " CLIENT
                        "certificate=$(ls /srv/pult-agent/*.pem | head -n 1) user=anna /run/tisch.pdf cut");
    place_runs("ts1", CLIENT HOST "user=anna uuid=urn:uuid:11111111-2222-3333-4444-555555555555 /run/erste.pdf 0x0000");
    paper("room1 1 Erste");
    // Said again, with another document: it is known already.
    place_runs("ts1",
               CLIENT HOST "user=anna uuid=urn:uuid:11111111-2222-3333-4444-555555555555 /run/andere.pdf 0x0000");
    // Bert has no session there, and Anna none on the host of another tenant.
    place_runs("ts1", CLIENT HOST "user=bert /run/andere.pdf 0x0000");
    place_runs("ts3", "tests/town/page Fremd >/run/fremd.pdf && " CLIENT HOST "user=anna /run/fremd.pdf 0x0000");
    place_soon("broker", "[ $(tests/town/pultctl $TOWN $BUILD job list --json | grep -o owner-unknown | wc -l) = 2 ]",
               20);
    // Another tenant's printer.
    place_runs("ts1", CLIENT HOST "user=anna target=altdorf/drucker /run/andere.pdf 0x0000");
    pultctl_soon_shows("job list --json", "no-grant", 20);
    paper("room1 1");
    paper("drucker 0");
    place_runs("ts1", "tests/town/page padding=70000000 Groß >/run/gross.pdf && " CLIENT HOST
                      "user=anna /run/gross.pdf 0x0408");
    anna_prints("-d next-to-me", "Zuletzt");
    paper("room1 2 Zuletzt");
}

#define BY_TICKET AS_ANNA "CUPS_GSSSERVICENAME=HTTP timeout 20 lp -h print.pult.example:631 -d next-to-me "

// From a Windows host, say: her ticket, and nothing that she says.
Test(printing, by_the_door_a_ticket_is_who_she_is)
{
    anna_is_at("desk1");
    place_runs("ts1", "tests/town/page Ohne >/home/ohne.pdf; tests/town/page Mit >/home/mit.pdf; ! " BY_TICKET
                      "/home/ohne.pdf </dev/null");
    place_runs("ts1",
               "printf 'anna-geheim-1\\n' | " AS_ANNA "kinit anna && " BY_TICKET "-U bert /home/mit.pdf </dev/null");
    paper("room1 1 Mit");
    place_runs("print",
               "tests/town/page Falsch >/run/falsch.pdf; for name in anonymous remroot '' anna root @NEUSTADT.EXAMPLE; "
               "do " CLIENT "socket=/run/pult-print/door.sock \"user=$name\" /run/falsch.pdf 0x04 || exit 1; done");
    paper("room1 1");
}
