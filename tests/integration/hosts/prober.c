// SPDX-License-Identifier: EUPL-1.2
#include "broker/hosts/prober.h"
#include "broker/base/clock.h"
#include "tests/integration/hosts/fake.h"
#include "tests/network.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SHORT_MS = 1000, HOSTS = 300 };

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

// Some probes and their reports; the loop runs until all are there.
struct round {
    struct loop *loop;
    struct prober *prober;
    int open;
    bool starting;
    const char *networks; // NULL: all
    bool evenly;
    int counts[PROBE_WRONG_CERTIFICATE + 1];
    struct probe_report last;
};

static struct round round_new(int64_t deadline_ms)
{
    struct loop *loop = loop_new();
    return (struct round){.loop = loop, .prober = prober_new(loop, deadline_ms)};
}

static void round_free(struct round *round)
{
    prober_free(round->prober);
    loop_free(round->loop);
}

static void reported(void *arg, const struct probe_report *report)
{
    struct round *round = arg;
    cr_assert(!round->starting, "a report from within prober_start");
    round->counts[report->result]++;
    round->last = *report;
    if (--round->open == 0)
        loop_stop(round->loop);
}

static void probe(struct round *round, const char *address, int port, const char *fingerprint)
{
    round->open++;
    round->starting = true;
    prober_start(
        round->prober,
        &(struct probe_target){address, port, fingerprint, .networks = round->networks, .evenly = round->evenly},
        reported, round);
    round->starting = false;
}

static struct probe_report probe_one(const char *address, int port, const char *fingerprint, int64_t deadline_ms)
{
    struct round round = round_new(deadline_ms);
    probe(&round, address, port, fingerprint);
    loop_run(round.loop);
    round_free(&round);
    return round.last;
}

static void expect(const struct probe_report *report, enum probe_result result, const char *words)
{
    cr_expect_eq(report->result, result, "%s: %s", probe_result_text(report->result), report->detail);
    cr_expect(strstr(report->detail, words), "\"%s\" is not in: %s", words, report->detail);
}

static void expect_words(const void *bytes, size_t length, enum probe_result result, const char *words)
{
    struct fake *host = fake_new(fake_says);
    host->bytes = bytes;
    host->length = length;
    struct probe_report report = probe_one("127.0.0.1", host->port, zeros, SHORT_MS);
    expect(&report, result, words);
}

#define SAYS(...) (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__})

TestSuite(prober, .init = network_own, .timeout = 90);

Test(prober, accepts_the_host_with_its_certificate)
{
    struct fake *host = fake_new(fake_serves_tls);
    struct probe_report report = probe_one("127.0.0.1", host->port, host->fingerprint, PROBER_DEADLINE_MS);
    expect(&report, PROBE_OK, "answers");
    cr_expect_str_eq(report.fingerprint, host->fingerprint);
    cr_expect_lt(report.took_ms, 1000);
}

Test(prober, accepts_a_host_that_speaks_only_tls_1_2)
{
    struct fake *host = fake_new(fake_serves_tls);
    SSL_CTX_set_max_proto_version(host->tls, TLS1_2_VERSION);
    struct probe_report report = probe_one("127.0.0.1", host->port, host->fingerprint, PROBER_DEADLINE_MS);
    expect(&report, PROBE_OK, "answers");
}

Test(prober, refuses_tls_1_1)
{
    struct fake *host = fake_new(fake_serves_tls);
    SSL_CTX_set_min_proto_version(host->tls, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(host->tls, TLS1_1_VERSION);
    struct probe_report report = probe_one("127.0.0.1", host->port, host->fingerprint, PROBER_DEADLINE_MS);
    expect(&report, PROBE_NO_TLS, "handshake failed");
}

Test(prober, refuses_ciphers_and_groups_that_the_policy_does_not_name)
{
    struct fake *host = fake_new(fake_serves_tls);
    SSL_CTX_set1_groups_list(host->tls, "X25519");
    struct probe_report report = probe_one("127.0.0.1", host->port, host->fingerprint, PROBER_DEADLINE_MS);
    expect(&report, PROBE_NO_TLS, "handshake failed");
    host = fake_new(fake_serves_tls);
    SSL_CTX_set_max_proto_version(host->tls, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(host->tls, "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256");
    report = probe_one("127.0.0.1", host->port, host->fingerprint, PROBER_DEADLINE_MS);
    expect(&report, PROBE_NO_TLS, "handshake failed");
}

Test(prober, tells_another_certificate_and_shows_its_fingerprint)
{
    struct fake *host = fake_new(fake_serves_tls);
    struct probe_report report = probe_one("127.0.0.1", host->port, zeros, PROBER_DEADLINE_MS);
    expect(&report, PROBE_WRONG_CERTIFICATE, host->fingerprint);
    report = probe_one("127.0.0.1", host->port, "", PROBER_DEADLINE_MS);
    expect(&report, PROBE_WRONG_CERTIFICATE, host->fingerprint);
}

Test(prober, accepts_a_host_that_answers_byte_by_byte)
{
    struct fake *host = fake_new(fake_serves_tls);
    host->piece = 1;
    struct probe_report report = probe_one("127.0.0.1", host->port, host->fingerprint, PROBER_DEADLINE_MS);
    expect(&report, PROBE_OK, "answers");
}

Test(prober, finds_a_host_by_name)
{
    struct fake *host = fake_new(fake_serves_tls);
    struct probe_report report = probe_one("localhost", host->port, host->fingerprint, PROBER_DEADLINE_MS);
    expect(&report, PROBE_OK, "answers");
}

static const char twin[] = "127.0.0.1 twin\n127.0.0.3 twin\n"; // sorted in this order by the resolver (RFC 6724)

Test(prober, tries_every_address_of_a_name)
{
    network_replace_file("/etc/hosts", twin);
    struct fake *host = fake_new_at(fake_serves_tls, "127.0.0.3", 0);
    struct probe_report report = probe_one("twin", host->port, host->fingerprint, PROBER_DEADLINE_MS);
    expect(&report, PROBE_OK, "answers");
}

Test(prober, goes_on_to_the_next_address_when_one_is_silent)
{
    network_replace_file("/etc/hosts", twin);
    struct fake *host = fake_new_at(fake_serves_tls, "127.0.0.3", fake_silent_port());
    struct probe_report report = probe_one("twin", host->port, host->fingerprint, 20000);
    expect(&report, PROBE_OK, "answers");
    cr_expect(report.took_ms >= 240 && report.took_ms < 5000, "%lld ms", (long long)report.took_ms);
}

static struct probe_report probe_within(const char *networks, bool evenly, const char *address, int port,
                                        const char *fingerprint)
{
    struct round round = round_new(SHORT_MS);
    round.networks = networks;
    round.evenly = evenly;
    probe(&round, address, port, fingerprint);
    loop_run(round.loop);
    round_free(&round);
    return round.last;
}

// A name server's answer counts as little as what was written: what is connected to counts.
Test(prober, asks_nobody_where_it_may_not)
{
    static const char everywhere[] = "0.0.0.0/0 ::/0", refused[] = "its address is not allowed";
    network_replace_file("/etc/hosts", "127.0.0.1 here\n::ffff:127.0.0.1 mapped\n0.0.0.0 any\n10.9.9.1 own\n");
    program_shell("ip address add 10.9.9.1/32 dev lo");
    struct fake *host = fake_new(fake_serves_tls), *own = fake_new_at(fake_serves_tls, "10.9.9.1", 0);
    static const char *const names[] = {"127.0.0.1", "::ffff:127.0.0.1", "here", "mapped", "any", "0.0.0.0", "127.1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct probe_report report = probe_within(everywhere, false, names[i], host->port, host->fingerprint);
        expect(&report, PROBE_UNREACHABLE, refused);
    }
    struct probe_report report = probe_within(everywhere, false, "own", own->port, own->fingerprint);
    expect(&report, PROBE_UNREACHABLE, refused);
    report = probe_within("10.9.9.1", false, "own", own->port, own->fingerprint);
    expect(&report, PROBE_OK, "answers");
    report = probe_within(NULL, false, "own", own->port, own->fingerprint);
    expect(&report, PROBE_OK, "answers");
    report = probe_within("10.8.0.0/16 fd00::/8", false, "10.9.9.1", own->port, own->fingerprint);
    expect(&report, PROBE_UNREACHABLE, refused);
    report = probe_within("", false, "192.0.2.1", 3389, zeros);
    expect(&report, PROBE_UNREACHABLE, refused);
    report = probe_within("192.0.2.0/24", false, "192.0.2.1", 3389, zeros);
    expect(&report, PROBE_UNREACHABLE, "Network is unreachable");
}

Test(prober, takes_as_long_for_a_closed_port_as_for_a_silent_one)
{
    struct fake *host = fake_new(fake_serves_tls);
    int64_t started_ms = clock_steady_ms();
    probe_within(NULL, true, "127.0.0.1", fake_closed_port(), zeros);
    cr_expect_geq(clock_steady_ms() - started_ms, SHORT_MS - 1, "closed");
    started_ms = clock_steady_ms();
    probe_within(NULL, true, "127.0.0.1", host->port, zeros);
    cr_expect_geq(clock_steady_ms() - started_ms, SHORT_MS - 1, "somebody else's");
    struct probe_report report = probe_within(NULL, true, "127.0.0.1", host->port, host->fingerprint);
    expect(&report, PROBE_OK, "answers");
}

Test(prober, tells_when_nobody_listens)
{
    struct probe_report report = probe_one("127.0.0.1", fake_closed_port(), zeros, PROBER_DEADLINE_MS);
    expect(&report, PROBE_UNREACHABLE, "Connection refused");
    report = probe_one("192.0.2.1", 3389, zeros, PROBER_DEADLINE_MS);
    expect(&report, PROBE_UNREACHABLE, "Network is unreachable");
}

Test(prober, tells_when_the_name_has_no_address)
{
    struct probe_report report = probe_one("no-such-host.invalid", 3389, zeros, PROBER_DEADLINE_MS);
    expect(&report, PROBE_UNREACHABLE, "its name has no address");
}

Test(prober, gives_up_at_the_deadline)
{
    struct probe_report report = probe_one("127.0.0.1", fake_silent_port(), zeros, SHORT_MS);
    expect(&report, PROBE_UNREACHABLE, "while connecting");
    cr_expect(report.took_ms >= SHORT_MS - 1 && report.took_ms < 2 * SHORT_MS, "%d ms", (int)report.took_ms);
    expect_words(NULL, 0, PROBE_UNREACHABLE, "while the RDP negotiation");
    expect_words(SAYS(3, 0, 0, 19, 14, 0xd0), PROBE_UNREACHABLE, "while the RDP negotiation");
    expect_words(SAYS(3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 2, 0, 8, 0, 1, 0, 0, 0), PROBE_UNREACHABLE,
                 "while the TLS handshake");
}

Test(prober, tells_a_host_that_goes_on_without_tls)
{
    expect_words(SAYS(3, 0, 0, 11, 6, 0xd0, 0, 0, 0, 0, 0), PROBE_NO_TLS, "without TLS");
    expect_words(SAYS(3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 2, 0, 8, 0, 0, 0, 0, 0), PROBE_NO_TLS, "without TLS");
}

Test(prober, tells_why_a_host_refuses)
{
    expect_words(SAYS(3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 3, 0, 8, 0, 3, 0, 0, 0), PROBE_NO_TLS,
                 "(3): it has no certificate");
    expect_words(SAYS(3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 3, 0, 8, 0, 255, 255, 255, 255), PROBE_NO_TLS,
                 "(4294967295): its reason is unknown");
}

Test(prober, tells_what_is_no_rdp)
{
    expect_words("HTTP/1.1 400 Bad Request\r\n\r\n", 28, PROBE_UNREACHABLE, "no RDP");
    expect_words(SAYS(3, 0, 0xff, 0xff, 14, 0xd0), PROBE_UNREACHABLE, "no RDP");
    expect_words(SAYS(3, 0, 0, 0), PROBE_UNREACHABLE, "no RDP");
    expect_words(SAYS(3, 0, 0, 12, 7, 0xd0, 0, 0, 0, 0, 0, 0), PROBE_UNREACHABLE, "no RDP");
    expect_words(SAYS(3, 0, 0, 19, 6, 0xd0, 0, 0, 0, 0, 0, 2, 0, 8, 0, 1, 0, 0, 0), PROBE_UNREACHABLE, "no RDP");
    expect_words(SAYS(3, 0, 0, 11, 14, 0xd0, 0, 0, 0, 0, 0), PROBE_UNREACHABLE, "no RDP");
    expect_words(SAYS(3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 2, 0, 8, 0, 1, 0, 0, 0), PROBE_UNREACHABLE, "no RDP");
}

Test(prober, tells_a_negotiation_that_contradicts_itself)
{
    expect_words(SAYS(3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 2, 0, 9, 0, 1, 0, 0, 0), PROBE_UNREACHABLE, "no RDP");
    expect_words(SAYS(3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 7, 0, 8, 0, 1, 0, 0, 0), PROBE_UNREACHABLE, "no RDP");
    // A protocol that was not asked for.
    expect_words(SAYS(3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 2, 0, 8, 0, 8, 0, 0, 0), PROBE_UNREACHABLE, "no RDP");
}

Test(prober, tells_a_reset_from_silence)
{
    struct fake *host = fake_new(fake_says_and_resets);
    struct probe_report report = probe_one("127.0.0.1", host->port, zeros, SHORT_MS);
    expect(&report, PROBE_UNREACHABLE, "closed the connection during the RDP negotiation");
    host = fake_new(fake_leaves_after_confirm);
    report = probe_one("127.0.0.1", host->port, zeros, SHORT_MS);
    expect(&report, PROBE_UNREACHABLE, "closed the connection during the TLS handshake");
}

Test(prober, tells_noise_from_tls)
{
    struct fake *host = fake_new(fake_babbles_after_confirm);
    struct probe_report report = probe_one("127.0.0.1", host->port, zeros, SHORT_MS);
    expect(&report, PROBE_NO_TLS, "handshake failed");
}

Test(prober, lets_no_dead_host_delay_a_live_one)
{
    int silent = fake_silent_port();
    struct fake *host = fake_new(fake_serves_tls);
    struct round round = round_new(10 * 1000);
    for (int i = 0; i < HOSTS; i++)
        prober_start(round.prober, &(struct probe_target){"127.0.0.1", silent, zeros, .networks = NULL}, reported,
                     &round);
    probe(&round, "127.0.0.1", host->port, host->fingerprint);
    loop_run(round.loop);
    expect(&round.last, PROBE_OK, "answers");
    cr_expect_lt(round.last.took_ms, 2000);
    round_free(&round);
}

// A name server that takes every question and answers none.
static void silence_name_server(void)
{
    network_replace_file("/etc/resolv.conf", "nameserver 127.0.0.1\n");
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(53)};
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    cr_assert_eq(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
}

Test(prober, lets_no_silent_name_server_delay_a_live_host)
{
    silence_name_server();
    struct fake *host = fake_new(fake_serves_tls);
    struct round round = round_new(4000);
    for (int i = 0; i < 10; i++) {
        char name[64];
        snprintf(name, sizeof name, "ts%d.dead.example", i);
        probe(&round, name, 3389, zeros);
    }
    round.open -= 10;
    probe(&round, "localhost", host->port, host->fingerprint);
    loop_run(round.loop);
    expect(&round.last, PROBE_OK, "answers");
    cr_expect_lt(round.last.took_ms, 3000);
    round.open = 10;
    loop_run(round.loop);
    expect(&round.last, PROBE_UNREACHABLE, "while looking up its name");
    int64_t before_ms = clock_steady_ms();
    round_free(&round); // its threads still wait for the name server
    cr_expect_lt(clock_steady_ms() - before_ms, 3000);
}

Test(prober, ends_without_reports_when_it_is_freed)
{
    struct fake *host = fake_new(fake_serves_tls);
    struct round round = round_new(PROBER_DEADLINE_MS);
    probe(&round, "127.0.0.1", fake_silent_port(), zeros);
    probe(&round, "127.0.0.1", host->port, host->fingerprint);
    probe(&round, "127.0.0.1", fake_closed_port(), zeros);
    probe(&round, "no-such-host.invalid", 3389, zeros);
    round_free(&round);
    cr_expect_eq(round.open, 4);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static void free_prober(void *arg, const struct probe_report *report)
{
    (void)report;
    struct round *round = arg;
    prober_free(round->prober);
    round->prober = NULL;
    loop_post(round->loop, stop, round->loop);
}

Test(prober, can_be_freed_by_a_report)
{
    struct round round = round_new(PROBER_DEADLINE_MS);
    probe(&round, "127.0.0.1", fake_silent_port(), zeros);
    prober_start(round.prober, &(struct probe_target){"127.0.0.1", fake_closed_port(), zeros, .networks = NULL},
                 free_prober, &round);
    loop_run(round.loop);
    round_free(&round);
    cr_expect_eq(round.open, 1);
}

static double thread_ms(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (double)spent.tv_sec * 1e3 + (double)spent.tv_nsec / 1e6;
}

Test(prober, probes_a_district_of_hosts_at_little_cost)
{
    struct fake *host = fake_new(fake_serves_tls);
    struct round round = round_new(20 * 1000);
    double before_ms = thread_ms();
    for (int i = 0; i < HOSTS; i++)
        probe(&round, "127.0.0.1", host->port, host->fingerprint);
    loop_run(round.loop);
    double spent_ms = thread_ms() - before_ms;
    cr_log_info("%d probes: %.0f ms of this thread", HOSTS, spent_ms);
    cr_expect_eq(round.counts[PROBE_OK], HOSTS, "last: %s", round.last.detail);
    cr_expect_lt(spent_ms, 5000);
    round_free(&round);
}
