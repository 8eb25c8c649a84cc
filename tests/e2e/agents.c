// SPDX-License-Identifier: EUPL-1.2
// A session host with its agent: real xrdp, session manager, PAM and X servers.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

#define PULTCTL "tests/town/pultctl $TOWN $BUILD "
#define SESSION "$(" PULTCTL "session list --json | jq -r '.[] | select(.user_name == \"dora\").id') "
#define AT_SCREEN "read -r DISPLAY XAUTHORITY </run/pult-agent/screen; export DISPLAY XAUTHORITY; "
#define SESSIONS_ARE(count) "[ $(pgrep -c -x Xorg) = " count " ]"

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts3:altdorf --desk desk1 --desk desk2");
}

TestSuite(agents, .init = open_altdorf, .fini = story_close, .timeout = 400);

static void dora_works_at(const char *desk)
{
    desk_logs_on(desk, "dora", "dora-geheim-1");
    screen_shows(desk, "dora auf ts3", 30);
}

Test(agents, a_password_alone_opens_no_session_and_its_connection_ends)
{
    place_runs("desk1", AT_SCREEN "timeout 10 xfreerdp3 /v:ts3.altdorf.example /u:dora /p:dora-geheim-1 /sec:tls "
                                  "/cert:ignore >/run/viewer.log 2>&1; [ $? -ne 124 ]");
    log_says("ts3-agent", "dora rejected: the password is not a one-time password", 5);
    log_says("ts3-agent", "rejected logon: disconnecting", 5);
    place_soon("ts3", SESSIONS_ARE("0"), 20);
    dora_works_at("desk2");
}

Test(agents, administrators_speak_to_lock_and_end_a_session)
{
    dora_works_at("desk1");
    place_runs("broker", PULTCTL "session message " SESSION "'Wartung um 17 Uhr: Grüße'");
    screen_shows("desk1", "Wartung um 17 Uhr: Grüße", 15);
    place_runs("broker", PULTCTL "session lock " SESSION);
    screen_shows("desk1", "von der Administration gesperrt", 15);
    pultctl_soon_shows("session list --json", "\"state\":\"disconnected\"", 5);
    dora_works_at("desk2");
    screen_shows("desk2", "Wartung um 17", 10);
    place_runs("broker", PULTCTL "session end " SESSION);
    screen_shows("desk2", "Tab: ", 20);
    place_soon("ts3", SESSIONS_ARE("0"), 20);
    place_soon("ts3", "! pgrep -u dora", 20);
}

static void session_manager_is_killed_and_started(void)
{
    place_runs("ts3", "for p in $(pgrep -x xrdp-sesman); do [ $(cut -d' ' -f4 /proc/$p/stat) != 1 ] || kill -KILL $p; "
                      "done; setsid -f xrdp-sesman -n -c /etc/xrdp/sesman.ini >/dev/null 2>&1");
    place_soon("ts3", SESMAN_LISTENS, 5);
}

Test(agents, nobody_gets_a_second_session_after_the_session_manager_was_killed)
{
    dora_works_at("desk1");
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    screen_shows("desk2", "egon auf ts3", 30);
    session_manager_is_killed_and_started();
    desk_types("desk2", "echo weiter");
    screen_shows("desk2", "echo weiter", 10);
    // Egon's screen goes; nobody can return to his session, so it is logged off.
    town("cut desk2");
    line_breaks("ts3", "desk2");
    place_soon("ts3", "! pgrep -u egon", 40);
    log_says("ts3-agent", "its session manager is gone and nobody can reconnect", 1);
    town("mend desk2");
    place_runs("ts3", "pgrep -x -u dora Xorg >/run/before");
    // Dora still works in hers; when she logs on again it makes room for a new one first.
    place_runs("broker", PULTCTL "session lock " SESSION);
    screen_shows("desk1", "Tab: ", 15);
    dora_works_at("desk1");
    place_soon("ts3", SESSIONS_ARE("1"), 20);
    place_runs("ts3", "! pgrep -x -u dora Xorg | grep -q -x -F -f /run/before");
}

Test(agents, a_host_that_is_not_fit_says_why_and_gets_nobody)
{
    place_runs("ts3", "pkill -KILL -x xrdp-sesman");
    pultctl_soon_shows("host show altdorf/ts3", "session manager: nothing listens at", 40);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "Sitzung|session host|Server", 15);
    pultctl_shows("session list --json", "[]");
}

Test(agents, the_agent_is_killed_and_finds_the_sessions_again)
{
    dora_works_at("desk1");
    place_runs("ts3", "pkill -KILL -x pult-host; tests/town/serve-agent $TOWN $BUILD ts3 again");
    pultctl_soon_shows("host show altdorf/ts3", "reported_sessions  1", 15);
    dora_works_at("desk2");
    screen_shows("desk1", "Zimmer 12", 10);
    pultctl_soon_shows("session list --json", "\"state\":\"connected\"", 5);
}

// One that was opened without us, by an account that the directory does not have any more.
Test(agents, a_desktop_whose_account_has_no_name_keeps_nobody_out)
{
    place_runs("ts3", "printf '#!/bin/sh\\nsleep 600\\ntrue\\n' >/srv/Xorg; chmod 755 /srv/Xorg; setsid -f setpriv "
                      "--reuid=4711 --regid=4711 --clear-groups /srv/Xorg :77 -config xrdp/xorg.conf");
    log_says("ts3-agent", "no user name known for uid 4711", 20);
    pultctl_soon_shows("host show altdorf/ts3", "reported_sessions  1", 15);
    dora_works_at("desk1");
}

#define BROKER "$BUILD/broker/pult-broker -c /srv/pult-broker.conf 2>>$TOWN/logs/broker.log"

static void logs_on_again_at(const char *desk, const char *person, const char *password)
{
    desk_presses(desk, "ctrl+alt+l");
    screen_shows(desk, "Platz ist gesperrt", 10);
    desk_logs_on(desk, person, password);
}

// What was done since the backup is unknown to the journal, but not to host and desks.
Test(agents, a_broker_from_a_backup_ends_nobodys_session_and_lets_everybody_in)
{
    dora_works_at("desk1");
    broker_is_killed();
    place_runs("broker", "cp -a /srv/pult-broker /srv/backup");
    broker_starts_again();
    logs_on_again_at("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    screen_shows("desk2", "egon auf ts3", 30);
    broker_is_killed();
    place_runs("broker", "cp /srv/pult-broker/head /srv/backup/ && rm -r /srv/pult-broker && "
                         "mv /srv/backup /srv/pult-broker");
    place_runs("broker", "! timeout 10 " BROKER);
    log_says("broker", "but its head vouches for event", 1);
    place_runs("broker", BROKER " --accept-backup");
    log_says("broker", "are lost; the last was written before", 1);
    broker_starts_again();
    log_says("broker", "so it was restored from a backup", 20);
    desk_types("desk1", "echo weiter");
    screen_shows("desk1", "echo weiter", 10);
    desk_types("desk2", "echo weiter");
    screen_shows("desk2", "echo weiter", 10);
    logs_on_again_at("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "echo weiter", 30);
    logs_on_again_at("desk2", "egon", "egon-geheim-1");
    screen_shows("desk2", "echo weiter", 30);
    place_soon("ts3", SESSIONS_ARE("2"), 20);
}
