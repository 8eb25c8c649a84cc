// SPDX-License-Identifier: EUPL-1.2
// A session host whose agent lies (tests/e2e/malicious-host), beside two honest ones with people on them.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

static void open_two_tenants(void)
{
    story_open("--tenant altdorf --tenant neustadt --host ts3:altdorf --host ts1:neustadt --desk none "
               "--place home=10.77.9.1");
    place_runs("broker", "tests/e2e/fake-desk enrol altdorf/stub1 neustadt/stub2");
}

TestSuite(malicious_host, .init = open_two_tenants, .fini = story_close, .timeout = 400);

// Who has which session where, since when; and the processes that are them.
#define WRITE_WHO_HAS_WHAT(file)                                                                                       \
    place_runs("broker",                                                                                               \
               "tests/town/pultctl $TOWN $BUILD session list --json | jq -S 'map({id, user_name, host, state, "        \
               "device, fence, changed})' >$TOWN/stubs/" file);                                                        \
    place_runs("ts1", "pgrep -x Xorg >$TOWN/stubs/ts1." file);                                                         \
    place_runs("ts3", "pgrep -x Xorg >$TOWN/stubs/ts3." file)

static void dora_and_bert_work(void)
{
    place_runs(
        "home",
        "printf 'dora-geheim-1\\n' | tests/e2e/fake-desk logon stub1 dora dora && tests/e2e/fake-desk open dora");
    screen_shows("home", "dora auf ts3", 20);
    place_runs(
        "home",
        "printf 'bert-geheim-1\\n' | tests/e2e/fake-desk logon stub2 bert bert && tests/e2e/fake-desk open bert");
    screen_shows("home", "bert auf ts1", 20);
    sessions_soon_are("map(.state == \"connected\") == [true, true]", 10);
}

Test(malicious_host, a_host_that_lies_moves_and_ends_nobodys_session_and_learns_nothing)
{
    dora_and_bert_work();
    WRITE_WHO_HAS_WHAT("before");
    place_runs("broker", "tests/e2e/malicious-host bert dora >$TOWN/logs/malicious-host.log");
    WRITE_WHO_HAS_WHAT("after");
    place_runs("home", "cd $TOWN/stubs && cmp before after && cmp ts1.before ts1.after && cmp ts3.before ts3.after");
    place_runs("home", "[ $(pgrep -c -x xfreerdp3) = 2 ]");
    log_says("broker", "altdorf/malicious-host: ignored 1 reported sessions that are not its own", 1);
    log_says("broker", "altdorf/malicious-host: pult-test 0 is cut off: sessions: more than 1000", 1);
    // Bert's screen is on top: he types on.
    desk_types("home", "echo weiter");
    screen_shows("home", "echo weiter", 10);
}
