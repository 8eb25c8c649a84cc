// SPDX-License-Identifier: EUPL-1.2
// What people live through at their desks, with the real directory, session host, broker, agents and screens.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts3:altdorf --desk desk1 --desk desk2");
}

TestSuite(desk, .init = open_altdorf, .fini = story_close, .timeout = 400);

Test(desk, the_desktop_follows_to_the_next_desk)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    desk_types("desk1", "echo Mittagspause");
    screen_shows("desk1", "Mittagspause", 10);
    desk_logs_on("desk2", "dora", "dora-geheim-1");
    screen_shows("desk2", "Mittagspause", 30);
    screen_shows("desk1", "Zimmer 12", 10);
    pultctl_shows("session list --json", "\"device\":\"altdorf/desk2\"");
}

Test(desk, two_people_have_two_sessions)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    screen_shows("desk2", "egon auf ts3", 30);
    pultctl_shows("host show altdorf/ts3 --json", "\"sessions\":2");
}

Test(desk, a_wrong_password_and_an_unknown_name_look_alike)
{
    desk_logs_on("desk1", "dora", "falsch");
    screen_shows("desk1", "Name or the password is wrong|Name oder (das )?(Ihr )?(Passwort|Kennwort)", 10);
    desk_logs_on("desk2", "niemand", "falsch");
    screen_shows("desk2", "Name or the password is wrong|Name oder (das )?(Ihr )?(Passwort|Kennwort)", 10);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
}

Test(desk, a_mistyped_password_leaves_the_name_where_it_is)
{
    desk_logs_on("desk1", "dora", "falsch");
    screen_shows("desk1", "Name oder Passwort stimmt nicht", 10);
    desk_types_secret("desk1", "dora-geheim-1");
    desk_presses("desk1", "Return");
    screen_shows("desk1", "dora auf ts3", 30);
    desk_presses("desk1", "ctrl+alt+l");
    screen_shows("desk1", "Dieser Platz ist gesperrt", 10);
    desk_logs_on("desk1", "egon", "egon-geheim-1");
    screen_shows("desk1", "egon auf ts3", 30);
}

// In the session, as its programs see it.
#define IN_SESSION "DISPLAY=:10 XAUTHORITY=$(getent passwd dora | cut -d: -f6)/.Xauthority "

Test(desk, the_keys_that_lock_it_prove_the_greeter)
{
    desk_presses("desk1", "ctrl+alt+l");
    screen_shows("desk1", "Das ist der echte Anmeldebildschirm", 10);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    // Whatever a session draws, these keys are never its own.
    desk_types("desk1", "echo Anmelden, Name, Passwort");
    screen_shows("desk1", "Anmelden, Name", 10);
    desk_presses("desk1", "super+l");
    screen_shows("desk1", "Das ist der echte Anmeldebildschirm(.|\n)*gesperrt", 10);
}

Test(desk, caps_lock_and_num_lock_are_the_same_at_the_desk_and_in_the_session)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    for (int i = 0; i < 3; i++) {
        desk_presses("desk1", "Caps_Lock");
        desk_presses("desk1", "Num_Lock");
        place_soon("ts3", IN_SESSION "xset q | grep 'Caps Lock: *on *01: Num Lock: *on'", 10);
        desk_presses("desk1", "ctrl+alt+l");
        screen_shows("desk1", "gesperrt", 10);
        desk_logs_on("desk1", "dora", "dora-geheim-1"); // a new X server, with both off
        screen_shows("desk1", "dora auf ts3", 30);
        place_soon("ts3", IN_SESSION "xset q | grep 'Caps Lock: *off *01: Num Lock: *off'", 10);
    }
}

Test(desk, everything_can_be_read_on_a_large_screen)
{
    desk_is_switched_off("desk1");
    place_runs("desk1", "sed -i 's,-server = .*/x-server,& -screen 0 3840x2160x24,' /srv/pult-agent.conf");
    desk_is_switched_on("desk1");
    desk_logs_on("desk1", "dora", "falsch");
    screen_shows("desk1", "Name oder Passwort stimmt nicht", 20);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    place_runs("ts3", IN_SESSION "xdpyinfo | grep 'dimensions: *1920x1080'");
    desk_types("desk1", "echo lesbar");
    screen_shows("desk1", "lesbar", 10);
    desk_logs_on("desk2", "dora", "dora-geheim-1"); // an ordinary one has its own size
    screen_shows("desk2", "lesbar", 30);
    place_runs("ts3", IN_SESSION "xdpyinfo | grep 'dimensions: *1280x800'");
}

// What the X server of the session has; the desk's waiting one gets it as from the settings of its machine.
#define HAS_LAYOUT IN_SESSION "setxkbmap -query | tr -s ' \\n' ' ' | grep "
#define DESK_HAS                                                                                                       \
    "ok=; for x in /tmp/.X11-unix/X*; do DISPLAY=:${x##*X} XAUTHORITY=/run/pult-agent/cookie.viewer setxkbmap "        \
    "-layout "

Test(desk, a_layout_that_was_chosen_in_the_session_moves_with_it)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    place_soon("ts3", "pgrep -x pult-session-ke", 10);
    place_runs("ts3", IN_SESSION "setxkbmap -layout de -variant neo");
    place_soon("ts3", IN_SESSION "xprop -root _PULT_KEYBOARD | grep neo", 10);
    desk_logs_on("desk2", "dora", "dora-geheim-1");
    screen_shows("desk2", "dora auf ts3", 30);
    place_soon("ts3", HAS_LAYOUT "'layout: de variant: neo'", 10);
    desk_presses("desk2", "ctrl+alt+l");
    screen_shows("desk2", "gesperrt", 10);
    place_runs("ts3", IN_SESSION "setxkbmap -layout us,de -variant ,nodeadkeys -option grp:shifts_toggle");
    place_soon("ts3", IN_SESSION "xprop -root _PULT_KEYBOARD | grep nodeadkeys", 10);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    place_soon("ts3", HAS_LAYOUT "'layout: us,de variant: ,nodeadkeys options: grp:shifts_toggle'", 10);
}

Test(desk, a_desk_with_neo_has_it_in_the_session)
{
    static const char *const variants[] = {"neo", "nodeadkeys", ""};
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        char line[400];
        snprintf(line, sizeof line, DESK_HAS "de -variant '%s' && ok=1; done; [ \"$ok\" ]", variants[i]);
        place_soon("desk1", line, 10);
        desk_logs_on("desk1", "dora", "dora-geheim-1");
        screen_shows("desk1", "dora auf ts3", 30);
        snprintf(line, sizeof line, HAS_LAYOUT "'layout: de %s%s'", *variants[i] ? "variant: " : "$", variants[i]);
        place_soon("ts3", line, 10);
        desk_presses("desk1", "ctrl+alt+l");
        screen_shows("desk1", "gesperrt", 10);
    }
}

Test(desk, is_called_what_the_broker_calls_it)
{
    screen_shows("desk1", "Rathaus, Zimmer 11", 10);
    desk_types("desk1", "dora");
    desk_presses("desk1", "Tab");
    pultctl("device set altdorf/desk1 room=Trauzimmer");
    screen_shows("desk1", "Rathaus, Trauzimmer", 10);
    desk_types_secret("desk1", "dora-geheim-1"); // news take nothing away
    desk_presses("desk1", "Return");
    screen_shows("desk1", "dora auf ts3", 30);
    pultctl("site set altdorf/rathaus name=Standesamt");
    desk_presses("desk1", "ctrl+alt+l");
    screen_shows("desk1", "Standesamt, Trauzimmer", 10);
}

Test(desk, keys_of_the_viewer_reach_programs)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    place_runs("ts3", IN_SESSION "setsid -f xev -event keyboard >/run/keys 2>&1");
    place_soon("ts3", IN_SESSION "xdotool getactivewindow getwindowname | grep 'Event Tester'", 10);
    desk_presses("desk1", "ctrl+alt+m");
    place_soon("ts3", "grep 'keysym 0x6d, m' /run/keys", 10);
    desk_presses("desk1", "ctrl+alt+c");
    place_soon("ts3", "grep 'keysym 0x63, c' /run/keys", 10);
    desk_presses("desk1", "ctrl+alt+Return");
    place_soon("ts3", "grep 'keysym 0xff0d, Return' /run/keys", 10);
    desk_presses("desk1", "ctrl+alt+l"); // but for the agent's own
    screen_shows("desk1", "gesperrt", 10);
    place_runs("ts3", "! grep 'keysym 0x6c, l' /run/keys");
}

Test(desk, an_expired_password_is_changed_at_the_greeter)
{
    desk_logs_on("desk1", "expi", "expi-geheim-1");
    screen_shows("desk1", "expired|abgelaufen", 10);
    desk_types_secret("desk1", "ganz-neu-und-lang-22");
    desk_presses("desk1", "Tab");
    desk_types_secret("desk1", "ganz-neu-und-lang-22");
    desk_presses("desk1", "Return");
    screen_shows("desk1", "expi auf ts3", 30);
}

Test(desk, a_password_that_must_be_changed_is_changed_at_the_greeter)
{
    desk_logs_on("desk1", "erik", "erik-geheim-1");
    screen_shows("desk1", "Passwort muss ge.ndert werden", 10);
    desk_types_secret("desk1", "auch-ganz-neu-und-lang-22");
    desk_presses("desk1", "Tab");
    desk_types_secret("desk1", "auch-ganz-neu-und-lang-22");
    desk_presses("desk1", "Return");
    screen_shows("desk1", "erik auf ts3", 30);
    desk_logs_on("desk2", "erik", "erik-geheim-1");
    screen_shows("desk2", "Name oder Passwort stimmt nicht", 10);
}

Test(desk, after_log_off_the_greeter_is_back_and_the_session_is_over)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    desk_types("desk1", "exit");
    desk_presses("desk1", "Return");
    screen_shows("desk1", "Tab: ", 20);
    pultctl_soon_shows("session list --json", "[]", 15); // the host says so
}

Test(desk, the_session_outlives_the_broker)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    broker_is_killed();
    desk_types("desk1", "echo weiter");
    screen_shows("desk1", "echo weiter", 10);
    broker_starts_again();
    desk_logs_on("desk2", "dora", "dora-geheim-1");
    screen_shows("desk2", "echo weiter", 40);
    log_says("broker", "reconnected", 5);
    screen_shows("desk1", "Zimmer 12|Tab: ", 30);
}

Test(desk, one_that_was_switched_off_lets_go_of_its_session)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    pultctl_soon_shows("session list --json", "\"state\":\"connected\"", 5);
    desk_is_switched_off("desk1");
    desk_is_switched_on("desk1");
    screen_shows("desk1", "Tab: ", 30);
    pultctl_soon_shows("session list --json", "\"state\":\"disconnected\"", 5);
}

Test(desk, a_silent_directory_is_said_to_be_silent)
{
    town("cut dir-altdorf");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "directory|Verzeichnis", 20);
    town("mend dir-altdorf");
    log_says("broker", "answers again", 15); // who comes before that is told to try again
    host_is_well("altdorf/ts3");
    desk_logs_on("desk2", "dora", "dora-geheim-1");
    screen_shows("desk2", "dora auf ts3", 40);
}

Test(desk, a_host_with_another_certificate_gets_nobody)
{
    pultctl("host set altdorf/ts3 fingerprint=1111111111111111111111111111111111111111111111111111111111111111");
    log_says("broker", "altdorf/ts3: wrong-certificate", 15);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "session host|Sitzung", 10);
    pultctl_shows("session list --json", "[]");
}

// The broker gave the host a good name a moment ago, and is wrong by now. Only the desk is left to notice.
Test(desk, a_host_that_changes_its_certificate_after_the_probe_gets_no_password)
{
    place_runs("ts3",
               "cd /root && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout other.key "
               "-out other.crt -subj /CN=ts3 -addext subjectAltName=DNS:ts3.altdorf.example -days 2 2>&1");
    desk_types("desk1", "dora");
    desk_presses("desk1", "Tab");
    desk_types_secret("desk1", "dora-geheim-1");
    // Right after a probe of the broker (the host's agent looks, too), so that the next one comes too late. Each xrdp
    // has words of its own for a connection; the address stands in all of them.
    place_runs("ts3", "cp /var/log/xrdp/xrdp.log /run/before");
    place_soon("ts3",
               "comm -13 /run/before /var/log/xrdp/xrdp.log | grep '10[.]77[.]0[.]1[^0-9]' && "
               "! ss -Htn state established 'sport = :3389' | grep -F 10.77.0.1",
               20);
    place_runs("ts3", "pkill -KILL -x xrdp; cat /root/other.crt >/etc/xrdp/town.crt && "
                      "cat /root/other.key >/etc/xrdp/town.key && setsid -f setpriv --reuid xrdp --regid xrdp "
                      "--init-groups xrdp -n -c /etc/xrdp/xrdp.ini >>$TOWN/logs/ts3-xrdp.log 2>&1 </dev/null");
    place_soon("ts3", "ss -Hltn sport = :3389 | grep .", 10);
    desk_presses("desk1", "Return");
    screen_shows("desk1", "falsches Zertifikat", 30);
    log_says("broker", "started at altdorf/desk1 on altdorf/ts3", 1);
    place_runs("ts3", "! grep -i -e dora -e pam -e auth /var/log/xrdp/sesman.log && "
                      "! grep -e dora -e geheim $TOWN/logs/ts3-nslcd.log");
}

TestSuite(line, .init = open_altdorf, .fini = story_close, .timeout = 400);

Test(line, a_short_break_mends_by_itself_and_a_long_one_is_said)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    desk_types("desk1", "echo Mittagspause");
    screen_shows("desk1", "Mittagspause", 10);
    town("cut desk1");
    screen_shows("desk1", "Verbindung ist unterbrochen", 40);
    town("mend desk1");
    screen_shows("desk1", "echo Mittagspause", 40);
    place_runs("broker", "[ $(grep -c 'logon: .* at altdorf/desk1 on' $TOWN/logs/broker.log) = 1 ]");
    desk_types("desk1", " vorbei");
    screen_shows("desk1", "Mittagspause vorbei", 10);
    town("cut ts3");
    screen_shows("desk1", "Sitzungsserver ist abgerissen", 90);
    town("mend ts3");
    host_is_well("altdorf/ts3");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "Mittagspause vorbei", 30);
    log_says("broker", "reconnected at altdorf/desk1", 1);
}
