// SPDX-License-Identifier: EUPL-1.2
// The edges of libwebsockets that must hold for ever, at the real broker's two ports.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

#define CURL "curl -s --max-time 5 -o /dev/null --cacert /etc/ssl/town-ca.crt "
#define PUBLIC "https://broker.pult.example:8443"
#define DEVICES "https://broker.pult.example:8444"

static void open_broker(void)
{
    story_open("--tenant altdorf --host none --desk none");
}

TestSuite(edges, .init = open_broker, .fini = story_close, .timeout = 60);

Test(edges, only_a_certificate_of_the_device_ca_gets_through)
{
    // The same name as a real device, vouched for by nobody; and none at all.
    place_runs("broker", "cd /root && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                         "-keyout bad.key -out bad.crt -subj '/CN=altdorf\\/desk1' -days 2 2>/dev/null && "
                         "! " CURL "--cert bad.crt --key bad.key " DEVICES "/healthz");
    place_runs("broker", "! " CURL DEVICES "/healthz");
    place_runs("broker", CURL "-f " PUBLIC "/healthz");
}

Test(edges, neither_http_2_nor_old_tls_nor_other_groups)
{
    place_runs("broker", "[ $(" CURL "--http2 -w '%{http_version}' " PUBLIC "/healthz) = 1.1 ]");
    place_runs("broker", "! " CURL "--tls-max 1.1 " PUBLIC "/healthz");
    place_runs("broker", "! " CURL "--curves X25519 " PUBLIC "/healthz");
    place_runs("broker", CURL "-f --curves P-384 " PUBLIC "/healthz");
}

Test(edges, what_is_too_large_or_no_json_is_refused_and_the_broker_goes_on)
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
