// SPDX-License-Identifier: EUPL-1.2
// Certificates of devices and session hosts come to their end: with lives of a minute, at the real broker.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(renewal, .fini = story_close, .timeout = 400);

static void broker_runs(const char *steps)
{
    char shell[300];
    snprintf(shell, sizeof shell, "tests/e2e/renew %s", steps);
    place_runs("broker", shell);
}

// Certificates live long enough for what is tried in the second half of a life.
static void open_with_short_lives(void)
{
    setenv("PULT_CERTIFICATE_LIFE_S", "90", 1);
    story_open("--tenant altdorf --host none --desk none");
    unsetenv("PULT_CERTIFICATE_LIFE_S");
}

Test(renewal, neither_a_lost_answer_nor_a_killed_broker_locks_a_device_out)
{
    open_with_short_lives();
    broker_runs("enrol too_early_is_refused answer_is_lost");
    broker_is_killed();
    broker_starts_again();
    broker_runs("old_one_is_still_taken first_use_ends_the_old_one");
    broker_is_killed();
    broker_starts_again();
    broker_runs("new_one_stays_taken next_one");
}

Test(renewal, only_a_device_in_good_standing_gets_anything)
{
    open_with_short_lives();
    broker_runs("enrol disabled_gets_nothing enrolled_anew_ends_what_was_given_out removed_gets_nothing "
                "claims_of_another_authority_open_nothing");
}

static void resume(const char *steps)
{
    char shell[300];
    snprintf(shell, sizeof shell, "tests/e2e/resume %s", steps);
    place_runs("broker", shell);
}

static void broker_starts_anew(void)
{
    broker_is_killed();
    broker_starts_again();
}

// The certificate in a ticket is not verified again when its session is resumed, not even by a broker that has never
// seen it.
Test(renewal, a_resumed_session_opens_no_more_than_its_certificate)
{
    story_open("--tenant altdorf --host none --desk none");
    resume("enrol enrolled_anew disabled removed keys_are_the_brokers_alone");
    resume("others_come_back old_one_is_refused disabled_one_is_refused removed_one_is_refused");
    broker_starts_anew();
    resume("others_come_back old_one_is_refused disabled_one_is_refused removed_one_is_refused");
    broker_is_killed();
    resume("authority_is_replaced");
    broker_starts_again();
    resume("nobody_comes_back");
}

Test(renewal, a_resumed_session_ends_with_its_certificate)
{
    setenv("PULT_CERTIFICATE_LIFE_S", "30", 1);
    story_open("--tenant altdorf --host none --desk none");
    unsetenv("PULT_CERTIFICATE_LIFE_S");
    resume("enrol");
    broker_starts_anew();
    place_soon("broker", "tests/e2e/resume run_out", 60);
}

// Host and print server know each other by certificates that both have changed meanwhile.
static void dora_prints(void)
{
    log_says("broker", "print-server altdorf/print uses its new certificate", 60);
    place_soon("print",
               "[ \"$(openssl s_client -connect print.pult.example:8631 </dev/null 2>/dev/null | openssl x509 -noout "
               "-serial)\" "
               "= \"$(openssl x509 -in /srv/pult-print/print-server.pem -noout -serial)\" ]",
               5);
    place_soon("ts3", "lpstat -p next-to-me", 20);
    place_runs("ts3", "tests/town/page Brief >/home/brief.pdf && setpriv --reuid 11002 --regid 11002 --clear-groups "
                      "env HOME=/tmp lp -d next-to-me /home/brief.pdf");
    story_runs("tests/e2e/paper room1 1 Brief");
}

// Dora works on while desk, host and print server change their certificates, desk2 lies in a cupboard meanwhile.
Test(renewal, machines_renew_theirs_and_nobody_notices)
{
    setenv("PULT_CERTIFICATE_LIFE_S", "60", 1);
    story_open("--tenant altdorf --host ts3:altdorf --desk desk1 --desk desk2 --printer room1:altdorf/rathaus/11");
    unsetenv("PULT_CERTIFICATE_LIFE_S");
    desk_is_switched_off("desk2");
    broker_runs("enrol");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    log_says("broker", "host altdorf/ts3 uses its new certificate", 60);
    log_says("broker", "device altdorf/desk1 uses its new certificate", 60);
    log_says("ts3-agent", "certificate renewed, valid until", 1);
    log_says("desk1", "certificate renewed, valid until", 1);
    dora_prints();
    place_runs("broker", "! grep -E 'agent disconnected' $TOWN/logs/broker.log");
    place_runs("desk1", "! grep -F 'the link is down' $TOWN/logs/desk1.log");
    place_runs("desk1", "[ $(stat -c %a /srv/pult-agent/device.pem) = 600 ]");
    desk_types("desk1", "echo weiter");
    screen_shows("desk1", "echo weiter", 10);
    // The host takes a one-time password that was made after its renewal, with a broker that started anew since.
    broker_is_killed();
    broker_starts_again();
    desk_presses("desk1", "ctrl+alt+l");
    screen_shows("desk1", "Platz ist gesperrt", 10);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "echo weiter", 30);
    // What was not renewed has run out; the machine that was away long enough says so.
    place_soon("broker", "tests/e2e/renew run_out_is_said", 60);
    place_runs("desk2", "$BUILD/client-agent/pult-agent --config /srv/pult-agent.conf --check 2>/run/said && "
                        "grep -F 'the certificate of this device ran out on' /run/said");
    desk_is_switched_on("desk2");
    screen_shows("desk2", "Tab: ", 40);
    log_says("desk2", "has expired and can no longer be renewed", 20);
    log_says("broker", "device altdorf/desk2 from", 1);
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    screen_shows("desk2", "Zertifikat", 15);
    // And so on, with what the broker has read from its journal.
    place_runs("broker", "timeout 120 sh -c 'until [ $(grep -c \"device altdorf/desk1 uses its new certificate\" "
                         "$TOWN/logs/broker.log) -ge 2 ]; do sleep 0.3; done'");
}
