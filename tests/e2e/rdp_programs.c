// SPDX-License-Identifier: EUPL-1.2
// RDP programs that come from outside by the file of the portal, through the gateway: nobody types a password in them.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// desk1 is in the town hall, desk2 and the computer "home" are not.
static void open_town(void)
{
    story_open("--tenant neustadt --host ts1 --desk desk1 --desk desk2 --outside desk2 --place home=10.77.9.1");
    place_runs("home", "ip route replace blackhole 10.77.0.0/22");
}

TestSuite(rdp_programs, .init = open_town, .fini = story_close, .timeout = 600);

#define PULTCTL "tests/town/pultctl $TOWN $BUILD "
#define CARRIES(count) "gateway show neustadt/gw --json", "\"channels\":" count
enum { CLOSED_S = 2, IDLE_S = 130 };

// From the desk at which she is, so that the broker knows her; with what the help desk has told her.
static void anna_enters_the_portal(void)
{
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts1", 30);
    place_runs("broker", PULTCTL "person factor-code $(" PULTCTL
                                 "person list --json | jq -r '.[0].id') >$TOWN/secrets/anna.code");
    place_runs("home", "{ echo anna-geheim-1; cat $TOWN/secrets/anna.code; } | tests/e2e/portal-person enter anna");
}

static void anna_opens_a_file_in(const char *program, const char *words)
{
    char shell[300];
    place_runs("home", "tests/e2e/portal-person fetch /run/anna.rdp");
    snprintf(shell, sizeof shell, "tests/e2e/fake-desk rdp-file /run/anna.rdp %s anna%s", program, words);
    place_runs("home", shell);
    screen_shows("home", "anna auf ts1", 30);
}

static void anna_does(const char *line)
{
    desk_types("home", line);
    desk_presses("home", "Return");
}

// The broker has just learned why.
static void channel_is_closed(void)
{
    pultctl_soon_shows(CARRIES("0"), CLOSED_S);
}

// At the desk it is told where her desktop went.
static void anna_works_by(const char *program)
{
    anna_enters_the_portal();
    anna_opens_a_file_in(program, "");
    screen_shows("desk1", "gateway.pult.example", 20);
    anna_does("touch /tmp/von-daheim");
    place_soon("ts1", "test -e /tmp/von-daheim", 15);
    pultctl_soon_shows("channel list --json", "\"way\":\"tsgu\"", 15);
    pultctl_soon_shows("channel list --json", "\"network\":\"10.77.9.1\"", 15);
    place_runs("home", "! grep -a -q anna-geheim-1 /run/viewer.anna.log");
    place_runs("broker", PULTCTL "session end $(" PULTCTL "session list --json | jq -r '.[].id')");
    sessions_soon_are("length == 0", 30);
    channel_is_closed();
    place_soon("home", "! pgrep -f '^xfreerdp'", 15);
}

Test(rdp_programs, xfreerdp_3_is_at_the_desktop_until_its_session_is_ended)
{
    anna_works_by("xfreerdp3");
}

// Of Debian 12.
Test(rdp_programs, xfreerdp_2_is_at_the_desktop_until_its_session_is_ended)
{
    if (access("/usr/bin/xfreerdp", X_OK) != 0)
        cr_skip("there is no FreeRDP 2 here");
    anna_works_by("xfreerdp");
}

// The second use of its token is for a line that broke, with the desktop as it was.
Test(rdp_programs, a_file_opens_nothing_once_the_desktop_is_elsewhere)
{
    anna_enters_the_portal();
    anna_opens_a_file_in("xfreerdp3", "");
    place_runs("home", "pkill -KILL -x xfreerdp3");
    pultctl_soon_shows(CARRIES("0"), 30);
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts1", 30);
    place_runs("home", "tests/e2e/fake-desk rdp-file /run/anna.rdp xfreerdp3 anna");
    log_says("broker", "no channel for somebody from 10.77.9.1", 30);
    place_soon("home", "! pgrep -x xfreerdp3", 30);
    pultctl_shows(CARRIES("0"));
}

#define DIRECTORY "ldapmodify -Q -Y EXTERNAL -H ldapi:/// <<'EOF'\n"

// The directory is asked at once about who is in already when a broker starts, else every five minutes.
Test(rdp_programs, who_is_disabled_in_the_directory_is_out)
{
    anna_enters_the_portal();
    anna_opens_a_file_in("xfreerdp3", "");
    place_runs("dir-neustadt", DIRECTORY "dn: uid=anna,ou=people,dc=neustadt,dc=example\nchangetype: modify\n"
                                         "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\nEOF");
    broker_is_killed();
    broker_starts_again();
    log_says("broker", "the directory does not let them in any more", 60);
    log_says("broker", "has ended: person-disabled", CLOSED_S);
    place_soon("home", "! pgrep -x xfreerdp3", 15);
}

Test(rdp_programs, a_desk_outside_that_is_disabled_is_dark)
{
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "anna auf ts1", 30);
    pultctl_soon_shows(CARRIES("1"), 15);
    pultctl("device set neustadt/desk2 disabled=true");
    channel_is_closed();
}

static void anna_copies(const char *text)
{
    char shell[200];
    snprintf(shell, sizeof shell,
             "printf '%s' | DISPLAY=$(cut -d ' ' -f 1 /run/pult-agent/screen) xclip -selection clipboard", text);
    place_runs("home", shell);
}

// The wall is in the gateway: a program that asks for more than its file says does not get it.
Test(rdp_programs, the_profile_says_what_a_program_may)
{
    anna_enters_the_portal();
    anna_opens_a_file_in("xfreerdp3", "");
    place_runs("home", "tr -d '\\0' </run/anna.rdp | grep -q '^redirectclipboard:i:1'");
    anna_copies("von daheim");
    place_runs(
        "ts1",
        "echo 'until xclip -o -selection clipboard | grep daheim; do sleep 0.2; done; "
        "touch /tmp/eingefuegt' >/tmp/wartet; "
        "echo 'timeout 5 xclip -o -selection clipboard >/tmp/versuch 2>&1; touch /tmp/versucht' >/tmp/sieht-nach");
    anna_does("sh /tmp/wartet");
    place_soon("ts1", "test -e /tmp/eingefuegt", 30);
    place_runs("home", "pkill -KILL -x xfreerdp3");
    pultctl_soon_shows(CARRIES("0"), 30);

    pultctl("profile set neustadt/clerk clipboard=false");
    anna_opens_a_file_in("xfreerdp3", " +clipboard");
    place_runs("home", "tr -d '\\0' </run/anna.rdp | grep -q '^redirectclipboard:i:0'");
    anna_copies("noch einmal");
    anna_does("sh /tmp/sieht-nach");
    place_soon("ts1", "test -e /tmp/versucht", 15);
    place_runs("ts1", "! grep 'noch einmal' /tmp/versuch");
}

// ---- hosts without pult-host

static void open_foreign_town(void)
{
    story_open("--tenant neustadt --host ts1 --plain ts1 --windows ws1 --desk desk1 --desk desk2 --outside desk2 "
               "--place home=10.77.9.1");
    place_runs("home", "ip route replace blackhole 10.77.0.0/22");
}

TestSuite(foreign_hosts, .init = open_foreign_town, .fini = story_close, .timeout = 600);

// The program speaks to the host itself: by NLA where that is a Windows host, and shows it what was typed.
static void enters_and_opens_by_typing(const char *person, const char *password, const char *title)
{
    char shell[400];
    desk_logs_on("desk1", person, password);
    screen_shows("desk1", title, 30);
    snprintf(shell, sizeof shell,
             PULTCTL "person factor-code $(" PULTCTL
                     "person list --json | jq -r '.[] | select(.user_name == \"%s\").id')"
                     " >$TOWN/secrets/code",
             person);
    place_runs("broker", shell);
    snprintf(shell, sizeof shell,
             "{ echo %s; cat $TOWN/secrets/code; } | tests/e2e/portal-person enter %s && "
             "tests/e2e/portal-person fetch /run/file.rdp && echo %s | tests/e2e/fake-desk typed-file /run/file.rdp %s",
             password, person, password, person);
    place_runs("home", shell);
    screen_shows("home", title, 30);
    screen_shows("desk1", "gateway.pult.example", 20);
    pultctl_soon_shows("channel list --json", "\"way\":\"tsgu\"", 15);
    place_runs("home", "pkill -KILL -x xfreerdp3");
    pultctl_soon_shows(CARRIES("0"), 30);
}

Test(foreign_hosts, take_the_typed_password_from_the_program)
{
    enters_and_opens_by_typing("clara", "clara-geheim-1", "Fachverfahren auf ws1 ");
    enters_and_opens_by_typing("anna", "anna-geheim-1", "anna auf ts1");
    place_runs("gateway", "! grep -r geheim $TOWN/logs/gateway.log");
}

// Longer than proxies let a silent WebSocket be. It takes its time, so it is in the long run alone.
Test(rdp_programs, is_there_after_two_minutes_without_a_word)
{
    if (!getenv("PULT_LONG"))
        cr_skip("only in the long run");
    anna_enters_the_portal();
    anna_opens_a_file_in("xfreerdp3", "");
    sleep(IDLE_S);
    anna_does("touch /tmp/immer-noch-da");
    place_soon("ts1", "test -e /tmp/immer-noch-da", 15);
    pultctl_shows(CARRIES("1"));
}
