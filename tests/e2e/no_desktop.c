// SPDX-License-Identifier: EUPL-1.2
// People whom a session host lets in and has no desktop for: they never see xrdp's own logon box or a black screen, are
// told what happened, and so is whoever looks after them.
#include "broker/base/clock.h"
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts3 --desk desk1");
}

static void open_two_hosts(void)
{
    story_open("--tenant altdorf --host ts3 --host ts4 --desk desk1");
}

TestSuite(no_desktop, .init = open_altdorf, .fini = story_close, .timeout = 400);

#define NOBODY_GETS_IN "echo 'account required pam_nologin.so' >>/etc/pam.d/common-account; echo x >/etc/nologin"
#define SHOWN "-> showing"

static void nothing_was_shown(int times)
{
    char shell[200];
    snprintf(shell, sizeof shell, "[ $(grep -cF -- '" SHOWN "' $TOWN/logs/desk1.log) = %d ]", times);
    story_runs(shell);
}

static void is_told(const char *person, const char *password, const char *sentence)
{
    desk_logs_on("desk1", person, password);
    screen_shows("desk1", sentence, 60);
}

// Broker, administrator and host agree that there is none, and why.
static void everybody_knows(const char *word, const char *reason)
{
    pultctl_soon_shows("host show altdorf/ts3", word, 10);
    pultctl_soon_shows("explain dora --device altdorf/desk1", reason, 10);
    sessions_soon_are(". == []", 20);
    place_soon("ts3", "! ss -Htn state established 'sport = :3389' | grep -q .", 20);
}

static void dora_works_once_it_is_mended(void)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 60);
    place_soon("broker",
               "tests/town/pultctl $TOWN $BUILD host show altdorf/ts3 --json | jq -e 'has(\"last_failure\") | not'",
               10);
}

Test(no_desktop, where_the_account_phase_refuses)
{
    place_runs("ts3", NOBODY_GETS_IN);
    is_told("dora", "dora-geheim-1", "nicht gestartet");
    nothing_was_shown(0);
    everybody_knows("no-session", "opened no session");
    place_runs("ts3", "rm /etc/nologin");
    dora_works_once_it_is_mended();
}

Test(no_desktop, where_the_displays_are_used_up)
{
    place_runs("ts3", "for i in $(seq 10 260); do touch /tmp/.X11-unix/X$i; done");
    is_told("dora", "dora-geheim-1", "nicht gestartet");
    nothing_was_shown(0);
    everybody_knows("no-session", "opened no session");
    place_runs("ts3", "rm /tmp/.X11-unix/X*");
    dora_works_once_it_is_mended();
}

Test(no_desktop, where_the_host_does_not_know_the_person)
{
    place_runs("ts3",
               "echo 'filter passwd (&(objectClass=posixAccount)(!(uid=dora)))' >>/etc/nslcd.conf; pkill -x nslcd; "
               "while pgrep -x nslcd; do sleep 0.02; done; setsid -f nslcd");
    place_soon("ts3", "getent passwd anna && ! getent passwd dora", 20);
    is_told("dora", "dora-geheim-1", "nicht gestartet");
    nothing_was_shown(0);
    everybody_knows("no-account", "does not know the account");
}

Test(no_desktop, when_the_home_is_read_only)
{
    place_runs("ts3", "install -d -o dora /home/dora && mount -t tmpfs -o ro,size=1m tmpfs /home/dora");
    is_told("dora", "dora-geheim-1", "nicht gestartet");
    nothing_was_shown(0);
    everybody_knows("no-screen", "X server did not start");
    place_runs("ts3", "umount /home/dora");
    dora_works_once_it_is_mended();
}

Test(no_desktop, where_no_x_server_can_start)
{
    place_runs("ts3", "sed -i 's,^param=/usr/lib/xorg/Xorg,param=/bin/false,' /etc/xrdp/sesman.ini; "
                      "pkill -x xrdp-sesman; while pgrep -x xrdp-sesman; do sleep 0.02; done; "
                      "setsid -f xrdp-sesman -n -c /etc/xrdp/sesman.ini");
    place_soon("ts3", SESMAN_LISTENS, 20);
    is_told("dora", "dora-geheim-1", "nicht gestartet");
    nothing_was_shown(0);
    everybody_knows("no-screen", "X server did not start");
}

Test(no_desktop, when_the_start_script_ends_at_once)
{
    place_runs("ts3", "sed -i '1a exit 1' /etc/xrdp/startwm.sh");
    is_told("dora", "dora-geheim-1", "nicht gestartet");
    nothing_was_shown(0);
    everybody_knows("no-window-manager", "window manager did not start");
    place_runs("ts3", "sed -i 2d /etc/xrdp/startwm.sh");
    dora_works_once_it_is_mended();
}

Test(no_desktop, when_the_window_manager_dies_within_seconds)
{
    place_runs("ts3", "sed -i '1a xsetroot -solid red; sleep 3; exit 1' /etc/xrdp/startwm.sh");
    is_told("dora", "dora-geheim-1", "kaum dass er");
    nothing_was_shown(1);
    everybody_knows("ended", "ended at once");
}

// The gate has said yes; the session manager answers nobody.
static void hangs_in(const char *account_phase)
{
    place_runs("ts3", account_phase);
    is_told("dora", "dora-geheim-1", "nicht gestartet");
    nothing_was_shown(0);
    pultctl_soon_shows("explain dora --device altdorf/desk1", "opened no session", 10);
}

Test(no_desktop, when_the_session_manager_hangs_after_the_yes)
{
    hangs_in("echo 'account required pam_exec.so quiet /srv/hang' >>/etc/pam.d/common-account; "
             "printf '#!/bin/sh\\nexec sleep 600\\n' >/srv/hang; chmod 755 /srv/hang");
}

// A copy of the session manager that PAM has made and that has not become another program yet is no session.
Test(no_desktop, when_a_helper_of_pam_never_comes_to_run)
{
    hangs_in("mkfifo /srv/nobody_reads; "
             "echo 'account required pam_exec.so quiet log=/srv/nobody_reads /bin/true' >>/etc/pam.d/common-account");
}

// What runs is not ended, and that it runs is said.
Test(no_desktop, there_is_no_way_back_to)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 60);
    desk_types("desk1", "echo noch $((40+2)) da");
    desk_presses("desk1", "Return");
    desk_presses("desk1", "ctrl+alt+l");
    screen_shows("desk1", "gesperrt", 20);
    place_runs("ts3", NOBODY_GETS_IN);
    is_told("dora", "dora-geheim-1", "laufen weiter");
    nothing_was_shown(1);
    sessions_soon_are("[.[] | select(.state == \"disconnected\")] | length == 1", 20);
    place_runs("ts3", "rm /etc/nologin");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "noch 42 da", 60);
}

// Locked, and then it ends: that programs run is not said any longer.
Test(no_desktop, nobody_is_told_of_programs_that_have_ended)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 60);
    desk_presses("desk1", "ctrl+alt+l");
    screen_shows("desk1", "laufen weiter", 20);
    place_soon("ts3", "[ $(ps -o etimes= -C openbox) -gt 6 ]", 20);
    place_runs("ts3", "pkill -KILL -x Xorg");
    screen_shows("desk1", "Ihre Sitzung ist beendet", 30);
}

// A full home is no reason to go without: it works, and an idle desktop is still seen to be idle.
Test(no_desktop, is_not_said_of_a_full_home)
{
    place_runs(
        "ts3",
        "install -d -o dora -m 700 /home/dora && mount -t tmpfs -o size=16k,uid=11002,mode=700 tmpfs /home/dora; "
        "head -c 16384 /dev/zero >/home/dora/all || true");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 60);
    sessions_soon_are("[.[] | select(.idle > 2)] | length == 1", 60);
}

TestSuite(failing_host, .init = open_two_hosts, .fini = story_close, .timeout = 400);

static void fails(const char *person, const char *password)
{
    is_told(person, password, "nicht gestartet");
    desk_presses("desk1", "Escape");
}

// One person's fault is not the host's; the fault of several is, until one gets a desktop.
Test(failing_host, is_avoided_until_it_has_a_desktop_for_somebody)
{
    pultctl("host drain altdorf/ts4");
    place_runs("ts3", NOBODY_GETS_IN);
    fails("dora", "dora-geheim-1");
    fails("dora", "dora-geheim-1");
    fails("dora", "dora-geheim-1");
    pultctl_shows("host show altdorf/ts3 --json", "\"health\":\"ok\"");
    fails("anna", "anna-altdorf-1");
    fails("egon", "egon-geheim-1");
    pultctl_shows("host show altdorf/ts3 --json", "\"health\":\"failing\"");
    pultctl_shows("status", "failing");
    pultctl("host undrain altdorf/ts4");
    desk_logs_on("desk1", "wanda", "wanda-geheim-1");
    screen_shows("desk1", "wanda auf ts4", 60);
    pultctl_shows("explain anna --device altdorf/desk1", "several people got no desktop there");
    place_runs("ts3", "rm /etc/nologin");
    desk_types("desk1", "exit");
    desk_presses("desk1", "Return");
    screen_shows("desk1", "abgemeldet", 30);
    pultctl("host drain altdorf/ts4");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 60);
    pultctl_soon_shows("host show altdorf/ts3 --json", "\"health\":\"ok\"", 10);
}

// ---- a host whose agent neither lets in nor refuses

TestSuite(silent_gate, .init = open_two_hosts, .fini = story_close, .timeout = 600);

enum { PATIENCE_MS = 65 * 1000 };

// xrdp's own logon box is never seen, whether the broker knows of the silence or not; and whoever it keeps out for a
// minute begins anew elsewhere.
Test(silent_gate, shows_nobody_a_logon_box_and_keeps_nobody_out_for_good)
{
    pultctl("host drain altdorf/ts4");
    desk_logs_on("desk1", "anna", "anna-altdorf-1");
    screen_shows("desk1", "anna auf ts3", 60);
    desk_presses("desk1", "ctrl+alt+l");
    screen_shows("desk1", "gesperrt", 20);
    pultctl("host undrain altdorf/ts4");
    place_runs("ts3", "pkill -STOP -x pult-host");
    is_told("anna", "anna-altdorf-1", "nicht angezeigt");
    log_says("broker", "altdorf/ts3: agent disconnected", 90);
    is_told("anna", "anna-altdorf-1", "abgelehnt");
    nothing_was_shown(1);
    for (int64_t end_ms = clock_steady_ms() + PATIENCE_MS; clock_steady_ms() < end_ms;)
        place_runs("ts3", "sleep 1");
    is_told("anna", "anna-altdorf-1", "abgelehnt");
    nothing_was_shown(1);
    desk_logs_on("desk1", "anna", "anna-altdorf-1");
    screen_shows("desk1", "anna auf ts4", 60);
}
