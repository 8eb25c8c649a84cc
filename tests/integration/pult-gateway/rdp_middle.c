// SPDX-License-Identifier: EUPL-1.2
// RDP programs whose connection ends at the gateway, and what the session host hears of them.
#include "broker/pult-gateway/rdp_middle.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"
#include "broker/net/dial.h"
#include "broker/net/rdp.h"
#include "broker/net/tls_line.h"
#include "broker/pult-gateway/inner_rdp.h"
#include "tests/await.h"
#include "tests/integration/hosts/fake.h"
#include "tests/network.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DIAL_MS = 10 * 1000, KEPT_MAX = 256 * 1024, ROOM = 2 * 1024 * 1024 };

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
static const struct rdp_corrections as_anna = {.clipboard = true, .user_name = "anna", .password = "otp-1-secret"};

static struct loop *loop;
static struct websocket_pool *pool;
static struct rdp_middles *middles;
static SSL_CTX *shown, *to_host;
static const char *shown_fingerprint;
static enum channel_reason failed_for;
static int failed_count;

// The RDP program.
static struct tls_line program = {.descriptor = -1};
static SSL_CTX *context;
static bool is_shaken;
static unsigned char said[ROOM], heard[ROOM];
static size_t said_length, said_at, heard_length;
static bool has_ended;

static void note_failure(void *arg, const char *channel, enum channel_reason reason)
{
    (void)arg;
    cr_assert_str_eq(channel, "neustadt/c-1");
    failed_for = reason;
    failed_count++;
}

// ---- the program

static void say(const void *bytes, size_t length)
{
    cr_assert_leq(said_length + length, sizeof said);
    memcpy(said + said_length, bytes, length);
    said_length += length;
}

static void say_recorded(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/fuzz/corpus/%s", name);
    FILE *file = fopen(path, "rbe");
    cr_assert_not_null(file, "%s", path);
    said_length += fread(said + said_length, 1, sizeof said - said_length, file);
    fclose(file);
}

// As far as it goes now.
static void program_goes_on(void)
{
    ssize_t count = program.descriptor >= 0 && !has_ended;
    if (count && !is_shaken)
        count = tls_line_handshake(&program);
    is_shaken |= count > 0;
    bool may = count > 0;
    while (count > 0 && said_at < said_length) {
        count = tls_line_write(&program, said + said_at, said_length - said_at);
        said_at += count > 0 ? (size_t)count : 0;
    }
    for (count = may ? 1 : count; count > 0 && heard_length < sizeof heard;) {
        count = tls_line_read(&program, heard + heard_length, sizeof heard - heard_length);
        heard_length += count > 0 ? (size_t)count : 0;
    }
    has_ended |= count < 0;
}

static void await(bool (*is_so)(void))
{
    cr_assert(await_in_loop(loop, is_so), "it did not come about: said %zu of %zu, heard %zu", said_at, said_length,
              heard_length);
}

// ---- the fixture

static void stand_between(void)
{
    network_own();
    signal(SIGPIPE, SIG_IGN); // as in all our programs
    loop = loop_new();
    pool = websocket_pool_new(loop, KEPT_MAX, false);
    to_host = inner_rdp_context();
    middles = rdp_middles_new(loop, pool, to_host, note_failure, NULL);
    const struct fake *gateway = fake_new(fake_serves_tls); // for its certificate
    shown = tls_line_context(TLS_server_method());
    SSL_CTX_use_certificate(shown, SSL_CTX_get0_certificate(gateway->tls));
    SSL_CTX_use_PrivateKey(shown, SSL_CTX_get0_privatekey(gateway->tls));
    shown_fingerprint = gateway->fingerprint;
    context = tls_line_context(TLS_client_method());
}

static void stand_aside(void)
{
    tls_line_fini(&program);
    rdp_middles_free(middles);
    websocket_pool_free(pool);
    SSL_CTX_free(context);
    SSL_CTX_free(shown);
    SSL_CTX_free(to_host);
    loop_free(loop);
}

TestSuite(rdp_middle, .init = stand_between, .fini = stand_aside, .timeout = 120);

static bool begins(const struct fake *host, const char *fingerprint, const struct rdp_corrections *corrections)
{
    int pair[2];
    struct fault why = {0};
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    const struct rdp_middle_plan plan = {
        .channel = "neustadt/c-1",
        .program = pair[0],
        .host = dial_now("127.0.0.1", host->port, DIAL_MS, &why),
        .shown = shown,
        .fingerprint = fingerprint,
        .corrections = corrections,
    };
    cr_assert_geq(plan.host, 0, "%s", why.text);
    tls_line_init(&program, pair[1], NULL, false);
    return rdp_middles_begin(middles, &plan);
}

static bool confirm_is_there(void)
{
    program_goes_on();
    return heard_length == RDP_CONFIRM_MAX;
}

static bool tls_is_there(void)
{
    program_goes_on();
    return is_shaken;
}

static void program_begins_tls(void)
{
    say_recorded("x224/client-freerdp-3.10");
    await(confirm_is_there);
    tls_line_init(&program, program.descriptor, context, false);
    is_shaken = false;
    said_length = said_at = heard_length = 0;
    await(tls_is_there);
}

static bool program_sees_the_end(void)
{
    program_goes_on();
    return has_ended && rdp_middles_count(middles) == 0;
}

static bool hears_in_utf16(const char *ascii)
{
    unsigned char wide[128];
    size_t length = strlen(ascii);
    for (size_t i = 0; i < length; i++) {
        wide[2 * i] = (unsigned char)ascii[i];
        wide[2 * i + 1] = 0;
    }
    return memmem(heard, heard_length, wide, 2 * length);
}

// ---- who gets through

static bool logon_came_back(void)
{
    program_goes_on();
    return hears_in_utf16("anna") && hears_in_utf16("otp-1-secret");
}

Test(rdp_middle, a_program_without_a_password_logs_on)
{
    struct fake *host = fake_new(fake_says_back);
    unsigned char digest[CERTIFICATE_DIGEST_BYTES];
    char hex[DIGEST_SIZE];
    cr_assert(begins(host, host->fingerprint, &as_anna));
    program_begins_tls();
    certificate_digest(SSL_get0_peer_certificate(program.tls), digest);
    text_hex(hex, digest, sizeof digest);
    cr_assert_str_eq(hex, shown_fingerprint, "it is shown the gateway's certificate");
    say_recorded("rdp_first_flight/freerdp-3.10");
    await(logon_came_back);
    cr_assert_eq(failed_count, 0);
    cr_assert_eq(rdp_middles_count(middles), 1);
}

// After the last of what was said first, however much of that the gateway has corrected.
static bool stream_came_back(void)
{
    program_goes_on();
    return said_at == said_length && heard_length >= said_length &&
           memcmp(heard + heard_length - said_length, said, said_length) == 0;
}

Test(rdp_middle, what_comes_after_it_passes_as_it_is)
{
    struct fake *host = fake_new(fake_says_back);
    cr_assert(begins(host, host->fingerprint, &as_anna));
    program_begins_tls();
    say_recorded("rdp_first_flight/freerdp-3.10");
    await(logon_came_back);
    said_length = said_at = 0;
    for (size_t i = 0; i < sizeof said / 2; i++)
        said[said_length++] = (unsigned char)(i * 7 + i / 1000);
    await(stream_came_back);
    tls_line_fini(&program);
    has_ended = true;
    await(program_sees_the_end);
    cr_assert_eq(failed_count, 0);
}

// ---- who does not

static void comes_to_nothing(enum channel_reason reason)
{
    await(program_sees_the_end);
    cr_assert_eq(failed_count, 1);
    cr_assert_eq(failed_for, reason, "%s", channel_reason_words[failed_for]);
}

Test(rdp_middle, another_certificate_than_the_broker_names_is_an_end)
{
    cr_assert(begins(fake_new(fake_says_back), zeros, &as_anna));
    say_recorded("x224/client-freerdp-3.10");
    comes_to_nothing(CHANNEL_WRONG_CERTIFICATE);
    cr_assert_eq(heard_length, 0);
}

Test(rdp_middle, a_host_without_tls_is_an_end)
{
    struct fake *host = fake_new(fake_leaves_after_confirm);
    cr_assert(begins(host, host->fingerprint, &as_anna));
    say_recorded("x224/client-freerdp-3.10");
    comes_to_nothing(CHANNEL_HOST_UNREACHABLE);
}

Test(rdp_middle, who_asks_for_something_else_is_sent_away)
{
    static const char *const names[] = {"x224/http", "x224/client-old", "x224/client-older"};
    struct fake *host = fake_new(fake_says_back);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        said_length = said_at = heard_length = 0;
        has_ended = false;
        failed_count = 0;
        cr_assert(begins(host, host->fingerprint, &as_anna));
        say_recorded(names[i]);
        comes_to_nothing(CHANNEL_BROKEN);
        tls_line_fini(&program);
    }
}

Test(rdp_middle, who_makes_no_tls_is_sent_away)
{
    struct fake *host = fake_new(fake_says_back);
    cr_assert(begins(host, host->fingerprint, &as_anna));
    say_recorded("x224/client-freerdp-3.10");
    await(confirm_is_there);
    say("GET / HTTP/1.1\r\nHost: gw\r\n\r\n", 27);
    comes_to_nothing(CHANNEL_BROKEN);
}

Test(rdp_middle, who_says_something_else_inside_is_sent_away)
{
    struct fake *host = fake_new(fake_says_back);
    cr_assert(begins(host, host->fingerprint, &as_anna));
    program_begins_tls();
    say_recorded("rdp_first_flight/no-rdp");
    comes_to_nothing(CHANNEL_BROKEN);
}

Test(rdp_middle, a_name_that_fits_no_packet_begins_nothing)
{
    struct fake *host = fake_new(fake_says_back);
    const struct rdp_corrections none = {.user_name = "\xff", .password = "otp-1-secret"};
    cr_assert_not(begins(host, host->fingerprint, &none));
    await(program_sees_the_end);
    cr_assert_eq(failed_count, 0);
}

Test(rdp_middle, who_hangs_up_early_leaves_nothing_behind)
{
    struct fake *host = fake_new(fake_says_back);
    cr_assert(begins(host, host->fingerprint, &as_anna));
    say("\3\0", 2);
    program_goes_on();
    tls_line_fini(&program);
    has_ended = true;
    await(program_sees_the_end);
    cr_assert_eq(failed_count, 0);
}
