// SPDX-License-Identifier: EUPL-1.2
// Session hosts as the gateway connects to them itself, good ones and others.
#include "broker/pult-gateway/inner_rdp.h"
#include "broker/net/dial.h"
#include "tests/integration/hosts/fake.h"
#include "tests/network.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

enum { DIAL_MS = 10 * 1000 };

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static struct loop *loop;
static SSL_CTX *context;
static struct inner_rdp_result heard;
static unsigned char heard_confirm[RDP_CONFIRM_MAX], heard_certificate[4096];
static int heard_count;

static void is_told(void *arg, const struct inner_rdp_result *result)
{
    (void)arg;
    heard = *result;
    heard_count++;
    if (result->confirm)
        memcpy(heard_confirm, result->confirm, result->confirm_length);
    if (result->certificate)
        memcpy(heard_certificate, result->certificate, result->certificate_length);
    loop_stop(loop);
}

static void is_connected(int descriptor, uint32_t protocols, const char *fingerprint)
{
    struct inner_rdp *inner = inner_rdp_new(loop, context, descriptor, protocols, fingerprint, is_told, NULL);
    heard_count = 0;
    loop_run(loop);
    cr_assert_eq(heard_count, 1);
    inner_rdp_free(inner);
}

static void stand_alone(void)
{
    network_own();
    signal(SIGPIPE, SIG_IGN); // as in all our programs
}

TestSuite(inner_rdp, .init = stand_alone);

static enum inner_rdp_outcome connect_to(const struct fake *fake, uint32_t protocols, const char *fingerprint)
{
    struct fault why = {0};
    int descriptor = dial_now("127.0.0.1", fake->port, DIAL_MS, &why);
    cr_assert_geq(descriptor, 0, "%s", why.text);
    loop = loop_new();
    context = inner_rdp_context();
    is_connected(descriptor, protocols, fingerprint);
    if (heard.outcome == INNER_RDP_OPEN)
        tls_line_fini(&heard.line);
    SSL_CTX_free(context);
    loop_free(loop);
    return heard.outcome;
}

Test(inner_rdp, goes_on_with_the_certificate_that_the_broker_names)
{
    static const size_t pieces[] = {0, 1, 7};
    struct fake *fake = fake_new(fake_serves_tls);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        fake->piece = pieces[i];
        cr_assert_eq(connect_to(fake, RDP_PROTOCOL_SSL, fake->fingerprint), INNER_RDP_OPEN, "%s", heard.why);
        cr_expect_eq(heard.confirm_length, RDP_CONFIRM_MAX);
        const unsigned char *der = heard_certificate;
        X509 *certificate = d2i_X509(NULL, &der, (long)heard.certificate_length);
        cr_expect_not_null(certificate);
        X509_free(certificate);
    }
}

Test(inner_rdp, goes_on_with_no_other)
{
    struct fake *fake = fake_new(fake_serves_tls);
    cr_expect_eq(connect_to(fake, RDP_PROTOCOL_SSL, zeros), INNER_RDP_WRONG_CERTIFICATE);
    cr_expect_eq(connect_to(fake, RDP_PROTOCOL_SSL, ""), INNER_RDP_WRONG_CERTIFICATE, "the broker knows none");
}

Test(inner_rdp, passes_on_what_a_host_refuses_with)
{
    static const unsigned char refusal[] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 3, 0, 8, 0, 5, 0, 0, 0};
    struct fake *fake = fake_new(fake_says);
    fake->bytes = refusal;
    fake->length = sizeof refusal;
    cr_expect_eq(connect_to(fake, RDP_PROTOCOL_SSL, zeros), INNER_RDP_REFUSED);
    cr_expect_eq(heard.confirm_length, sizeof refusal);
    cr_expect_eq(memcmp(heard_confirm, refusal, sizeof refusal), 0);
}

Test(inner_rdp, other_answers_end_it)
{
    static const unsigned char nla[] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 2, 0, 8, 0, 2, 0, 0, 0};
    static const unsigned char bare[] = {3, 0, 0, 11, 6, 0xd0, 0, 0, 0, 0, 0};
    static const struct {
        fake_play *play;
        const void *bytes;
        size_t length;
        enum inner_rdp_outcome outcome;
    } rows[] = {
        {fake_says, nla, sizeof nla, INNER_RDP_LOST}, // nobody asked for that
        {fake_says, bare, sizeof bare, INNER_RDP_NO_TLS},
        {fake_says, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, INNER_RDP_LOST},
        {fake_says, "", 0, INNER_RDP_LOST}, // for as long as we have patience
        {fake_says_and_resets, "\3\0", 2, INNER_RDP_LOST},
        {fake_leaves_after_confirm, NULL, 0, INNER_RDP_NO_TLS},
        {fake_babbles_after_confirm, NULL, 0, INNER_RDP_NO_TLS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fake *fake = fake_new(rows[i].play);
        fake->bytes = rows[i].bytes;
        fake->length = rows[i].length;
        cr_expect_eq(connect_to(fake, RDP_PROTOCOL_SSL, zeros), rows[i].outcome, "%zu: %s", i, heard.why);
    }
}
