// SPDX-License-Identifier: EUPL-1.2
// What is promised of one-time passwords, with real xrdp, session manager, PAM and KDC. The desk is
// tests/e2e/fake-desk, which shows what it got to whom it likes.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void open_neustadt(void)
{
    story_open("--tenant neustadt --host ts1 --host ts2 --desk none --place home=10.77.9.1");
    place_runs("broker", "tests/e2e/fake-desk enrol neustadt/stub1 neustadt/stub2");
    // Whoever is let in or refused where is then known.
    pultctl("host drain neustadt/ts2");
}

TestSuite(one_time_passwords, .init = open_neustadt, .fini = story_close, .timeout = 380);

static void stub_opens(const char *words)
{
    char shell[400];
    snprintf(shell, sizeof shell, "tests/e2e/fake-desk open %s", words);
    place_runs("home", shell);
}

static void logs_on(const char *device, const char *person)
{
    char shell[300];
    snprintf(shell, sizeof shell, "printf '%s-geheim-1\\n' | tests/e2e/fake-desk logon %s %s.%s %s", person, device,
             person, device, person);
    place_runs("home", shell);
}

// What is looked for in the log is said from now on.
static void logs_are_emptied(void)
{
    place_runs("home", ": >$TOWN/logs/ts1-agent.log; : >$TOWN/logs/ts2-agent.log");
}

static void is_let_in(const char *answer, const char *person)
{
    char text[100];
    logs_are_emptied();
    stub_opens(answer);
    snprintf(text, sizeof text, "%s accepted", person);
    log_says("ts1-agent", text, 10);
    snprintf(text, sizeof text, "%s auf ts1", person);
    screen_shows("home", text, 20);
}

// The connection ends, and the host's log says why.
static void is_refused(const char *words, const char *user_name, const char *host, const char *why)
{
    char log[40], text[200];
    logs_are_emptied();
    snprintf(text, sizeof text, "%s refused", words);
    stub_opens(text);
    snprintf(log, sizeof log, "%s-agent", host);
    snprintf(text, sizeof text, "%s rejected: %s", user_name, why);
    log_says(log, text, 1);
}

static void a_ticket_alone_is_enough(void)
{
    place_runs("home",
               "printf 'anna-geheim-1\\n' | kinit anna && tests/e2e/fake-desk logon stub1 anna.stub1 && kdestroy");
    log_says("broker", "authenticated by ticket", 1);
    is_let_in("anna.stub1", "anna");
    is_refused("anna.stub1", "anna", "ts1", "already used");
    pultctl_soon_shows("session list --json", "\"state\":\"connected\"", 5);
}

static void only_there_and_only_for_them(void)
{
    logs_on("stub1", "bert");
    is_refused("bert.stub1 host=ts2.neustadt.example", "bert", "ts2",
               "not issued by the broker for this host and person");
    is_refused("bert.stub1 user=anna", "anna", "ts1", "not issued by the broker for this host and person");
    is_let_in("bert.stub1", "bert");
}

static void the_newer_one_wins(void)
{
    logs_on("stub1", "bert");
    place_runs("home", "cd $TOWN/stubs && mv bert.stub1 older");
    logs_on("stub1", "bert");
    place_runs("home", "cd $TOWN/stubs && mv bert.stub1 old");
    logs_on("stub2", "bert");
    is_refused("older", "bert", "ts1", "superseded: the broker has issued a newer one");
    is_let_in("bert.stub2", "bert");
    is_refused("old", "bert", "ts1", "a newer one was used here");
    place_runs("ts1", "[ $(pgrep -c -x -u bert Xorg) = 1 ]");
}

static void a_host_alone_lets_in_once(void)
{
    logs_on("stub1", "anna");
    town("cut broker");
    is_let_in("anna.stub1", "anna");
    log_says("ts1-agent", "anna: no answer from the broker in time; verifying locally", 1);
    is_refused("anna.stub1", "anna", "ts1", "already used");
    // It remembers when it starts anew without the broker, too.
    place_runs("ts1", "pkill -KILL -x pult-host; tests/town/serve-agent $TOWN $BUILD ts1 again");
    is_refused("anna.stub1", "anna", "ts1", "already used");
    town("mend broker");
    pultctl_soon_shows("host show neustadt/ts1 --json", "\"health\":\"ok\"", 30);
    pultctl_soon_shows("host show neustadt/ts1", "reported_sessions  2", 15);
}

static void so_it_does_when_the_broker_is_killed(void)
{
    logs_on("stub2", "anna");
    broker_is_killed();
    is_let_in("anna.stub2", "anna");
    is_refused("anna.stub2", "anna", "ts1", "already used");
    broker_starts_again();
    // It forgot nothing: anna is still at stub2.
    logs_on("stub1", "anna");
    place_runs("home", "jq -e '.reconnected and .moved_from == \"Zimmer stub2\"' $TOWN/stubs/anna.stub1");
    place_runs("ts1", "[ $(pgrep -c -x -u anna Xorg) = 1 ]");
}

static void after_a_minute_it_is_worth_nothing(void)
{
    // Waits only for what is left of it.
    place_runs("home", "sleep $((61 - ($(date +%s) - $(stat -c %Y $TOWN/stubs/clara.stub2))))");
    is_refused("clara.stub2", "clara", "ts1", "expired");
    place_runs("ts1", "! pgrep -u clara");
}

Test(one_time_passwords, of_one_time_passwords)
{
    logs_on("stub2", "clara");
    a_ticket_alone_is_enough();
    only_there_and_only_for_them();
    the_newer_one_wins();
    a_host_alone_lets_in_once();
    so_it_does_when_the_broker_is_killed();
    after_a_minute_it_is_worth_nothing();
}
