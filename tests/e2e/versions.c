// SPDX-License-Identifier: EUPL-1.2
// Desks, hosts and their broker are never upgraded in the same second: agents of the version before do their work,
// those of the version after are told why they cannot.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define PULTCTL "tests/town/pultctl $TOWN $BUILD "
#define SESSION "$(" PULTCTL "session list --json | jq -r '.[] | select(.user_name == \"dora\").id') "
#define LOGGED(log, text) "grep -qF -- '" text "' $TOWN/logs/" log ".log"

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts3:altdorf --desk desk1 --desk desk2 --agent-build builds/older");
}

TestSuite(versions, .init = open_altdorf, .fini = story_close, .timeout = 400);

static void dora_works_at(const char *desk)
{
    desk_logs_on(desk, "dora", "dora-geheim-1");
    screen_shows(desk, "dora auf ts3", 30);
}

static void figure_is(const char *figure, const char *noun, const char *condition)
{
    char shell[600];
    snprintf(shell, sizeof shell,
             "jq -r '\"Authorization: Bearer \" + .token' /run/administrator/pult/* | "
             "curl -sf --cacert $TOWN/tls/ca.crt -H @- https://broker.pult.example:8443/metrics | "
             "awk '$1 == \"%s{noun=\\\"%s\\\"}\" { found = $2 %s } END { exit !found }'",
             figure, noun, condition);
    place_runs("broker", shell);
}

Test(versions, agents_of_the_version_before_do_their_work)
{
    dora_works_at("desk1");
    desk_presses("desk1", "super+l");
    screen_shows("desk1", "gesperrt", 20);
    dora_works_at("desk1");
    // The hosts of this version know no messages, so none is sent for nothing.
    place_runs("broker", "! " PULTCTL "session message " SESSION "Wartung 2>$TOWN/logs/refused");
    dora_works_at("desk2");
    screen_shows("desk1", "Platz 2|Zimmer 12", 20);
    desk_types("desk2", "exit");
    desk_presses("desk2", "Return");
    screen_shows("desk2", "abgemeldet", 20);
    sessions_soon_are("length == 0", 20);

    pultctl_shows("host show altdorf/ts3 --json", "\"agent_version\":\"0.0.9\"");
    pultctl_shows("device show altdorf/desk1 --json", "\"agent_version\":\"0.0.9\"");
    pultctl_shows("status --json", "\"version\":\"0.0.9\"");
    figure_is("pult_link_messages_skipped_total", "host", ">= 1");
    figure_is("pult_link_messages_skipped_total", "device", ">= 2");
    figure_is("pult_link_fields_skipped_total", "host", ">= 10");
    figure_is("pult_link_fields_skipped_total", "device", ">= 6");
    figure_is("pult_link_messages_refused_total", "host", ">= 1");
    figure_is("pult_link_messages_refused_total", "device", "== 2");
    place_runs("broker",
               LOGGED("broker", "host altdorf/ts3: a message of pult-host 0.0.9 is refused: \"oath\" is not known"));
    place_runs("broker", LOGGED("ts3-agent", "the broker refuses \"oath\": message-unknown"));
    place_runs("broker", LOGGED("desk1", "the broker refuses \"oath\": message-unknown"));
    place_runs("broker", "[ $(grep -c 'device altdorf/desk1: .* says what this broker does not know' "
                         "$TOWN/logs/broker.log) = 1 ]");
}

static void desk_gets_build(const char *desk, const char *build)
{
    char shell[200];
    desk_is_switched_off(desk);
    snprintf(shell, sizeof shell, "tests/town/serve-desk $TOWN $BUILD/%s %s again", build, desk);
    place_runs(desk, shell);
}

static void host_gets_build(const char *host, const char *build)
{
    char shell[300];
    snprintf(shell, sizeof shell,
             "pkill -TERM -x pult-host; while pgrep -x pult-host; do sleep 0.05; done; "
             "tests/town/serve-agent $TOWN $BUILD/%s %s again",
             build, host);
    place_runs(host, shell);
}

Test(versions, newer_agents_than_the_broker_are_refused_in_words)
{
    dora_works_at("desk1");
    desk_gets_build("desk2", "builds/newer");
    screen_shows("desk2", "neuer als der", 20);
    desk_logs_on("desk2", "dora", "dora-geheim-1");
    screen_shows("desk2", "neuer als der", 20);
    pultctl_shows("device show altdorf/desk2", "newer than the broker");
    pultctl_shows("device show altdorf/desk2 --json", "\"online\":false");
    log_says("broker", "10.77.4.2 is refused: pult-agent 2.0.0 speaks protocol 2 of the device link", 1);

    host_gets_build("ts3", "builds/newer");
    log_says("ts3-agent", "newer than the broker", 20);
    pultctl_soon_shows("host show altdorf/ts3", "newer than the broker", 10);
    pultctl_soon_shows("status", "newer than the broker", 30);
    desk_types("desk1", "echo weiter");
    screen_shows("desk1", "echo weiter", 10);

    host_gets_build("ts3", ".");
    host_is_well("altdorf/ts3");
    desk_gets_build("desk2", ".");
    dora_works_at("desk2");
    pultctl_shows("device show altdorf/desk2 --json", "\"online\":true");
}
