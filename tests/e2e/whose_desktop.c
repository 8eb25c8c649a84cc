// SPDX-License-Identifier: EUPL-1.2
// Whose desktop it is, when user names and accounts change hands. People's own are known by the note on their screen.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts1:altdorf --desk desk1 --desk desk2");
}

TestSuite(whose_desktop, .init = open_altdorf, .fini = story_close, .timeout = 400);

static void directory_is_told(const char *ldif)
{
    char shell[1600];
    snprintf(shell, sizeof shell, "ldapmodify -Q -Y EXTERNAL -H ldapi:/// <<'EOF'\n%s\nEOF", ldif);
    place_runs("dir-altdorf", shell);
}

static void is_renamed(const char *from, const char *to)
{
    char ldif[300];
    snprintf(ldif, sizeof ldif,
             "dn: uid=%s,ou=people,dc=altdorf,dc=example\nchangetype: modrdn\nnewrdn: uid=%s\ndeleteoldrdn: 1", from,
             to);
    directory_is_told(ldif);
}

// Somebody else than whoever had the name or the number before; nothing is known of them but the password.
static void somebody_comes(const char *user_name, int uid)
{
    char ldif[1000];
    snprintf(ldif, sizeof ldif,
             "dn: uid=%1$s,ou=people,dc=altdorf,dc=example\nchangetype: add\nobjectClass: inetOrgPerson\n"
             "objectClass: posixAccount\nuid: %1$s\ncn: Neu\nsn: Neu\nuidNumber: %2$d\ngidNumber: 100\n"
             "homeDirectory: /home/neu-%1$s\nloginShell: /bin/bash\nuserPassword: neu-geheim-1\n\n"
             "dn: cn=bauamt,ou=groups,dc=altdorf,dc=example\nchangetype: modify\nadd: member\n"
             "member: uid=%1$s,ou=people,dc=altdorf,dc=example",
             user_name, uid);
    directory_is_told(ldif);
}

static void somebody_leaves(const char *user_name)
{
    char ldif[200];
    snprintf(ldif, sizeof ldif, "dn: uid=%s,ou=people,dc=altdorf,dc=example\nchangetype: delete", user_name);
    directory_is_told(ldif);
}

static void writes_a_note(const char *desk, const char *name, const char *password, const char *note)
{
    char text[100];
    desk_logs_on(desk, name, password);
    snprintf(text, sizeof text, "%s auf ts1", name);
    screen_shows(desk, text, 30);
    snprintf(text, sizeof text, "echo %s", note);
    desk_types(desk, text);
    screen_shows(desk, note, 10);
}

static void locks(const char *desk)
{
    place_runs(desk, "read -r DISPLAY XAUTHORITY </run/pult-agent/screen; export DISPLAY XAUTHORITY; "
                     "xdotool key ctrl+alt+l || true");
    screen_shows(desk, "Platz ist gesperrt", 10);
}

// Another desktop than theirs would show a note.
static void gets_a_new_desktop(const char *desk, const char *name, const char *password)
{
    char prompt[100];
    desk_logs_on(desk, name, password);
    snprintf(prompt, sizeof prompt, "%s auf ts1", name);
    screen_shows(desk, prompt, 30);
    desk_types(desk, "ls -d $HOME");
    desk_presses(desk, "Return");
    screen_shows(desk, "home", 10);
}

Test(whose_desktop, a_former_owner_of_the_name_is_not_who_comes_now)
{
    pultctl("assignment add altdorf/egon profile=altdorf/clerk person=egon priority=100");
    writes_a_note("desk1", "egon", "egon-geheim-1", "Geheimnis");
    pultctl_soon_shows("event list --last 20", "assignment.bound", 5);
    locks("desk1");
    somebody_leaves("egon");
    somebody_comes("egon", 11993);
    gets_a_new_desktop("desk2", "egon", "neu-geheim-1");
    screen_shows("desk2", "neu-egon", 10);
    place_runs("ts1", "[ $(pgrep -c -u 11993 -x Xorg) = 1 ]");
    if (xrdp_goes_by_account()) { // nobody else comes to the former one
        place_runs("ts1", "[ $(pgrep -c -u 11003 -x Xorg) = 1 ]");
        sessions_soon_are("map(.state) | sort == [\"connected\", \"disconnected\"]", 20);
    } else {
        place_runs("ts1", "! pgrep -u 11003");
        log_says("broker", "user name or account at the host is somebody", 1);
        sessions_soon_are("length == 1 and .[0].state == \"connected\"", 20);
    }
    // Nor does he get what was assigned to the other one.
    pultctl_shows("explain egon --device altdorf/desk1", "altdorf/egon is for somebody else");
    pultctl_shows("status", "altdorf/egon");
}

Test(whose_desktop, who_still_sits_there_is_not_looked_at_either)
{
    writes_a_note("desk1", "egon", "egon-geheim-1", "Geheimnis");
    somebody_leaves("egon");
    somebody_comes("egon", 11993);
    gets_a_new_desktop("desk2", "egon", "neu-geheim-1");
    screen_shows("desk2", "neu-egon", 10);
    screen_shows("desk1", xrdp_goes_by_account() ? "Geheimnis" : "Sitzung", 20);
}

Test(whose_desktop, a_former_owner_of_the_account_leaves_nothing_running)
{
    writes_a_note("desk1", "egon", "egon-geheim-1", "Geheimnis");
    locks("desk1");
    somebody_leaves("egon");
    somebody_comes("frida", 11003);
    gets_a_new_desktop("desk2", "frida", "neu-geheim-1");
    log_says("broker", "user name or account at the host is somebody", 1);
    place_runs("ts1", "[ $(pgrep -c -u 11003 -x Xorg) = 1 ]");
}

Test(whose_desktop, of_who_was_renamed_is_found_again)
{
    writes_a_note("desk1", "anna", "anna-altdorf-1", "Hochzeit");
    locks("desk1");
    is_renamed("anna", "anna.berg");
    desk_logs_on("desk2", "anna.berg", "anna-altdorf-1");
    screen_shows("desk2", "Hochzeit", 30);
    place_runs("ts1", "[ $(pgrep -c -u 11001 -x Xorg) = 1 ]");
    sessions_soon_are("length == 1 and .[0].state == \"connected\" and .[0].user_name == \"anna.berg\"", 20);
    // The line breaks: the fresh password is for that name, too.
    line_breaks("ts1", "desk2");
    log_says("desk2", "mending -> showing", 5);
    screen_shows("desk2", "Hochzeit", 10);
    // What is begun anew bears the new name.
    desk_presses("desk2", "Return");
    desk_types("desk2", "exit");
    desk_presses("desk2", "Return");
    screen_shows("desk2", "abgemeldet", 20);
    sessions_soon_are("length == 0", 20);
    gets_a_new_desktop("desk1", "anna.berg", "anna-altdorf-1");
}

Test(whose_desktop, of_two_who_swap_their_names_each_finds_their_own)
{
    writes_a_note("desk1", "egon", "egon-geheim-1", "Egonsnotiz");
    locks("desk1");
    writes_a_note("desk1", "dora", "dora-geheim-1", "Dorasnotiz");
    locks("desk1");
    is_renamed("egon", "weder-noch");
    is_renamed("dora", "egon");
    is_renamed("weder-noch", "dora");
    desk_logs_on("desk1", "egon", "dora-geheim-1");
    screen_shows("desk1", "Dorasnotiz", 30);
    desk_logs_on("desk2", "dora", "egon-geheim-1");
    screen_shows("desk2", "Egonsnotiz", 30);
    sessions_soon_are("length == 2 and all(.[]; .state == \"connected\")", 20);
}

Test(whose_desktop, where_a_name_does_not_come_back_an_administrator_is_told)
{
    place_runs("ts1", "! grep -q 11001 /etc/passwd && echo 'andere:x:11001:100::/home/andere:/bin/sh' >>/etc/passwd");
    desk_logs_on("desk1", "anna", "anna-altdorf-1");
    if (xrdp_goes_by_account()) { // and asks about somebody else
        screen_shows("desk1", "nicht angezeigt", 30);
        log_says("ts1-agent", "andere rejected: not issued by the broker for this host and person", 10);
        return;
    }
    screen_shows("desk1", "auf ts1", 30);
    pultctl_soon_shows("host show altdorf/ts1", "anna has uid 11001, which is called andere", 10);
    pultctl_soon_shows("host show altdorf/ts1", "health             ok", 10);
    place_runs("ts1", "$BUILD/broker/pult-host/pult-host --config /srv/pult-host.conf --check 2>/srv/said && "
                      "grep -q 'anna has uid 11001, which is called andere' /srv/said");
    place_runs("ts1", "sed -i /11001/d /etc/passwd");
    locks("desk1");
    desk_logs_on("desk1", "anna", "anna-altdorf-1");
    screen_shows("desk1", "auf ts1", 30);
    log_says("ts1-agent", "user names: anna: ok", 10);
}

// Anybody may make a socket of any name there: in a folder of their own, which xrdp 0.9 lets them make and 0.10 gives
// them. The limit of a minute comes for the desktop whose socket it is not.
Test(whose_desktop, nobodys_socket_stands_for_somebody_elses_desktop)
{
    pultctl("profile set altdorf/clerk disconnected_minutes=1");
    place_runs("ts1", "install -d -o wanda -g 100 /run/xrdp/sockdir/mine");
    place_runs("ts1", "setpriv --reuid wanda --regid 100 --clear-groups setsid python3 -c '\n"
                      "import socket, time\n"
                      "path = \"/run/xrdp/sockdir/mine/xrdp_display_10\"\n"
                      "here, there = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)\n"
                      "here.bind(path)\n"
                      "here.listen()\n"
                      "there.connect(path)\n"
                      "accepted = here.accept()\n"
                      "time.sleep(600)' >/dev/null 2>&1 </dev/null &");
    place_soon("ts1", "ss -xH state established | grep -q mine/xrdp_display_10", 10);
    desk_logs_on("desk1", "egon", "egon-geheim-1");
    screen_shows("desk1", "egon auf ts1", 30);
    place_runs("ts1", "pgrep -u egon -x -f '.*Xorg :10 .*'");
    locks("desk1");
    sessions_soon_are("length == 0", 100);
}
