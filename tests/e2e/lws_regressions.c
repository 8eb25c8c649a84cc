// SPDX-License-Identifier: EUPL-1.2
// What the broker promises where libwebsockets 4.1 (Debian 12) alone would not, at its two real ports. What was seen of
// the library stands beside what guards against it (broker/net/lws_spin_guard.h, broker/server/server.c); nothing is
// sent here that would stop a server without that guard. The certificates that are refused are ordinary ones, of
// another authority, purpose or date. One thing is the device's own matter: a frame without a mask is taken, against
// RFC 6455, section 5.1.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define CURL "curl -s --max-time 30 -o /dev/null --cacert /etc/ssl/town-ca.crt "
#define PUBLIC "https://broker.pult.example:8443"
#define DEVICES "https://broker.pult.example:8444"

static void open_broker(void)
{
    story_open("--tenant altdorf --host none --desk none");
}

TestSuite(lws_regressions, .init = open_broker, .fini = story_close, .timeout = 380);

// Names of functions in tests/e2e/hostile-client.
static void hostile_client(const char *names)
{
    char shell[1000];
    snprintf(shell, sizeof shell, "tests/e2e/hostile-client %s", names);
    place_runs("broker", shell);
}

Test(lws_regressions, only_a_certificate_of_the_device_ca_gets_through)
{
    // The same name as a real device, vouched for by nobody; and none at all.
    place_runs("broker", "cd /root && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                         "-keyout bad.key -out bad.crt -subj '/CN=altdorf\\/desk1' -days 2 2>/dev/null && "
                         "! " CURL "--cert bad.crt --key bad.key " DEVICES "/healthz");
    place_runs("broker", "! " CURL DEVICES "/healthz");
    place_runs("broker", CURL "-f " PUBLIC "/healthz");
    hostile_client("expired_certificate server_certificate certificate_of_another_ca flood_of_refused_handshakes");
}

Test(lws_regressions, a_devices_standing_is_looked_at_each_time)
{
    hostile_client("another_good_certificate kept_connection resumed_session "
                   "link_of_a_disabled_device+link_of_a_removed_device+link_of_an_old_certificate");
}

Test(lws_regressions, neither_http_2_nor_old_tls_nor_other_groups)
{
    place_runs("broker", "[ $(" CURL "--http2 -w '%{http_version}' " PUBLIC "/healthz) = 1.1 ]");
    place_runs("broker", "! " CURL "--tls-max 1.1 " PUBLIC "/healthz");
    place_runs("broker", "! " CURL "--curves X25519 " PUBLIC "/healthz");
    place_runs("broker", CURL "-f --curves P-384 " PUBLIC "/healthz");
}

Test(lws_regressions, what_is_too_large_or_no_json_is_refused_and_the_broker_goes_on)
{
    place_runs("broker", "[ $(head -c 20000 /dev/zero | tr '\\0' a | " CURL "-w '%{http_code}' -d @- " PUBLIC
                         "/v1/enrol) = 413 ]");
    place_runs("broker",
               "[ $(" CURL "-w '%{http_code}' -d '{\"token\":\"a\",\"token\":\"b\"}' " PUBLIC "/v1/enrol) = 400 ]");
    place_runs("broker", "[ $(" CURL "-w '%{http_code}' -d '{}' " PUBLIC "/v1/logon) = 401 ]");
    place_runs("broker", "[ $(" CURL "-w '%{http_code}' -H \"Authorization: Negotiate $(head -c 40000 /dev/zero | "
                         "tr '\\0' A)\" " PUBLIC "/v1/status) = 401 ]");
    place_runs("broker", CURL "-f " PUBLIC "/healthz");
}

Test(lws_regressions, a_link_takes_messages_and_no_more)
{
    hostile_client("links_without_hello+links_of_other_versions second_link fragments long_messages wrong_frames "
                   "link_elsewhere");
}

Test(lws_regressions, a_machine_that_floods_its_link_is_cut_off_and_given_a_rest)
{
    hostile_client("link_that_says_too_much link_that_talks_nonsense link_that_comes_back_in_a_loop");
}

Test(lws_regressions, what_is_no_decent_request_costs_nobody_else_anything)
{
    hostile_client("unknown_methods http_2 long_body body_after_a_refusal lengths long_headers pipelined");
}

Test(lws_regressions, nobody_is_waited_for_without_end)
{
    hostile_client("slow_headers+slow_body+short_body+expect_continue+silent_flood+quiet_link");
}

Test(lws_regressions, a_flood_leaves_descriptors_for_the_rest)
{
    hostile_client("flood_beyond_the_descriptors");
}

// Each in one TLS record, up to the largest that is taken.
Test(lws_regressions, a_body_of_any_length_is_read_to_its_end)
{
    place_runs("broker", "for n in 2000 4096 8192 12000 16000; do head -c $n /dev/zero | tr '\\0' ' ' >/tmp/body; "
                         "[ $(" CURL "-w '%{http_code}' -H Expect: --data-binary @/tmp/body " PUBLIC
                         "/v1/enrol) = 400 ] || exit 1; done");
}
