// SPDX-License-Identifier: EUPL-1.2
// The public port: who guesses there, and who administers no longer.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts1:altdorf --desk desk1 --desk desk2 --place home=10.77.9.1");
}

TestSuite(administrators, .init = open_altdorf, .fini = story_close, .timeout = 600);

#define LOGIN "tests/town/pultctl $TOWN $BUILD login --tenant altdorf --password-stdin --name "
#define GUESSES(name) "for i in 1 2 3 4 5 6 7 8; do ! echo falsch | " LOGIN name " || exit 1; done"
#define BINDS(name) "grep -c 'BIND dn=\"uid=" name ",.*method=128' $TOWN/logs/dir-altdorf-slapd.log"

// Five wrong passwords would lock an account of this directory.
Test(administrators, guessing_at_the_public_port_reaches_no_desk)
{
    pultctl("assignment add altdorf/alma profile=altdorf/clerk person=alma priority=1");
    place_runs("home", GUESSES("anna"));
    place_runs("home", GUESSES("alma"));
    pultctl_shows("status", "altdorf/anna");
    pultctl_shows("status", "10.77.9.1");
    story_runs("test $(" BINDS("anna") ") = 0");
    story_runs("test $(" BINDS("alma") ") -ge 1 -a $(" BINDS("alma") ") -le 3");
    desk_logs_on("desk1", "anna", "anna-altdorf-1");
    screen_shows("desk1", "anna auf ts1", 30);
    desk_logs_on("desk2", "alma", "alma-geheim-1");
    screen_shows("desk2", "alma auf ts1", 30);
    pultctl_shows("person unlock altdorf/alma", "altdorf/alma");
    pultctl_shows("person unlock altdorf/anna", "altdorf/anna");
    place_runs("home", "echo alma-geheim-1 | " LOGIN "alma");
}

Test(administrators, who_leaves_the_group_is_logged_off_within_minutes)
{
    place_runs("home", "echo alma-geheim-1 | " LOGIN "alma");
    place_runs("home", "tests/town/pultctl $TOWN $BUILD status");
    pultctl_shows("token list", "altdorf/alma");
    place_runs("dir-altdorf", "ldapmodify -Q -Y EXTERNAL -H ldapi:/// <<'EOF'\n"
                              "dn: cn=pult-admins,ou=groups,dc=altdorf,dc=example\nchangetype: modify\n"
                              "replace: member\nmember: uid=anna,ou=people,dc=altdorf,dc=example\nEOF");
    place_soon("home", "! tests/town/pultctl $TOWN $BUILD status", 240);
    pultctl_shows("event list", "admin.token_revoked");
    place_runs("home", "! echo alma-geheim-1 | " LOGIN "alma");
    place_runs("home", "echo anna-altdorf-1 | " LOGIN "anna");
}
