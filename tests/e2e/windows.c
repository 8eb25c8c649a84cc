// SPDX-License-Identifier: EUPL-1.2
// A Windows host, stood in for by a server that insists on NLA: what people see, and what is said of it.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_neustadt(void)
{
    story_open("--tenant neustadt --host ts1 --host ts2 --plain ts2 --windows ws1 --desk desk1 --desk desk2");
}

TestSuite(windows, .init = open_neustadt, .fini = story_close, .timeout = 400);

Test(windows, a_desktop_by_nla_with_the_typed_password)
{
    pultctl_soon_shows("host show neustadt/ws1 --json", "\"health\":\"ok\"", 15);
    desk_logs_on("desk1", "clara", "clara-geheim-1");
    screen_shows("desk1", "Fachverfahren auf ws1 ", 30);
    desk_types("desk1", "echo Heiratsurkunde");
    screen_shows("desk1", "Heiratsurkunde", 10);
    desk_logs_on("desk2", "clara", "clara-geheim-1");
    screen_shows("desk2", "Heiratsurkunde", 30);
    screen_shows("desk1", "Zimmer 12", 10);
    pultctl_shows("session list --json", "\"host\":\"neustadt/ws1\"");
}

Test(windows, what_a_host_guarantees_is_said)
{
    pultctl_shows("host show neustadt/ws1", "Windows alone decides whether an older connection is ended");
    pultctl_shows("--lang de host show neustadt/ws1", "entscheidet allein Windows");
    pultctl_shows("host show neustadt/ts1", "one desktop, one person");
    pultctl_shows("--lang de host show neustadt/ts1", "ein Desktop, eine Person");
    pultctl_shows("host show neustadt/ts2", "nothing there ends an older connection");
    pultctl_shows("--lang de host show neustadt/ts2", "nichts trennt dort eine ältere Verbindung");
    pultctl_refuses("host enrol-token neustadt/ws1", 1, "a Windows host has no agent");
}

Test(windows, a_host_that_becomes_windows_has_no_agent_any_more)
{
    pultctl_shows("host show neustadt/ts1 --json", "\"guarantee\":\"fenced\"");
    pultctl("host set neustadt/ts1 os=windows");
    pultctl_shows("host show neustadt/ts1 --json", "\"certificate\":\"\"");
    pultctl_shows("host show neustadt/ts1 --json", "\"guarantee\":\"windows\"");
    log_says("broker", "neustadt/ts1: agent disconnected", 15);
}

// As where Windows does not allow somebody to log on by the network, or knows another password.
Test(windows, whom_windows_does_not_let_in_is_told_so_and_keeps_no_place)
{
    place_runs("ws1", "sed -i 's/^clara:::......../clara:::00000000/' /run/sam");
    desk_logs_on("desk1", "clara", "clara-geheim-1");
    screen_shows("desk1", "Sitzungsserver hat Ihre Anmeldung", 20);
    pultctl_soon_shows("session list --json", "[]", 5);
}

Test(windows, one_with_another_certificate_gets_no_password)
{
    pultctl("host set neustadt/ws1 fingerprint=1111111111111111111111111111111111111111111111111111111111111111");
    log_says("broker", "neustadt/ws1: wrong-certificate", 15);
    desk_logs_on("desk1", "clara", "clara-geheim-1");
    screen_shows("desk1", "Sitzungsserver", 10);
    pultctl_shows("session list --json", "[]");
}
