// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/inner_rdp.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"
#include "broker/pult-gateway/byte_span.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CHOSEN_AT = 15 }; // in the host's answer

enum inner_rdp_step { INNER_ASKS, INNER_LISTENS, INNER_SHAKES_HANDS };

struct inner_rdp {
    struct tls_line line; // bare until the host has agreed
    SSL_CTX *context;
    struct loop_watch *watch;
    struct loop_timer *patience;
    enum inner_rdp_step step;
    uint32_t protocols;
    unsigned char request[RDP_REQUEST_SIZE], confirm[RDP_CONFIRM_MAX];
    size_t sent, confirm_length;
    unsigned char fingerprint[CERTIFICATE_DIGEST_BYTES];
    inner_rdp_done *done;
    void *arg;
};

SSL_CTX *inner_rdp_context(void)
{
    SSL_CTX *context = tls_line_context(TLS_client_method());
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL); // by its fingerprint instead
    return context;
}

static void finish_inner(struct inner_rdp *inner, struct inner_rdp_result *result)
{
    loop_watch_free(take(inner->watch));
    loop_timer_stop(inner->patience);
    if (result->outcome == INNER_RDP_OPEN) {
        result->line = inner->line;
        inner->line = (struct tls_line){.descriptor = -1};
    }
    inner->done(inner->arg, result);
}

static void fail_inner(struct inner_rdp *inner, enum inner_rdp_outcome outcome, const char *why)
{
    bool is_wrong = outcome == INNER_RDP_WRONG_CERTIFICATE;
    struct inner_rdp_result result = {
        .outcome = outcome, .reason = is_wrong ? CHANNEL_WRONG_CERTIFICATE : CHANNEL_HOST_UNREACHABLE, .why = why};
    if (outcome == INNER_RDP_REFUSED) {
        result.confirm = inner->confirm;
        result.confirm_length = inner->confirm_length;
    }
    finish_inner(inner, &result);
}

static void lose_patience(void *arg)
{
    fail_inner(arg, INNER_RDP_LOST, "the host is silent");
}

// ---- TLS

static void judge_host(struct inner_rdp *inner)
{
    unsigned char digest[CERTIFICATE_DIGEST_BYTES], *der = NULL;
    X509 *certificate = SSL_get0_peer_certificate(inner->line.tls);
    if (!certificate) {
        fail_inner(inner, INNER_RDP_NO_TLS, "the host showed no certificate");
        return;
    }
    certificate_digest(certificate, digest);
    if (memcmp(digest, inner->fingerprint, sizeof digest) != 0) {
        fail_inner(inner, INNER_RDP_WRONG_CERTIFICATE, "the host shows another certificate than the broker knows");
        return;
    }
    int length = i2d_X509(certificate, &der);
    assert(length > 0);
    tls_line_settle(&inner->line);
    struct inner_rdp_result result = {.outcome = INNER_RDP_OPEN,
                                      .confirm = inner->confirm,
                                      .confirm_length = inner->confirm_length,
                                      .certificate = der,
                                      .certificate_length = (size_t)length};
    finish_inner(inner, &result);
    OPENSSL_free(der);
}

// False: it has ended.
static bool shake_hands_with_host(struct inner_rdp *inner)
{
    int done = tls_line_handshake(&inner->line);
    if (done == 0)
        return true;
    if (done > 0)
        judge_host(inner);
    else
        fail_inner(inner, INNER_RDP_NO_TLS, "the TLS handshake failed");
    return false;
}

// ---- the negotiation

static bool judge_confirm(struct inner_rdp *inner, enum rdp_answer answer, uint32_t failure)
{
    switch (answer) {
    case RDP_PARTIAL:
        return true;
    case RDP_TLS:
        if (byte_u32(inner->confirm + CHOSEN_AT) & ~inner->protocols)
            break;
        tls_line_init(&inner->line, inner->line.descriptor, inner->context, false);
        inner->step = INNER_SHAKES_HANDS;
        return shake_hands_with_host(inner);
    case RDP_PLAIN:
        fail_inner(inner, INNER_RDP_NO_TLS, "the host would go on without TLS");
        return false;
    case RDP_REFUSED:
        fail_inner(inner, INNER_RDP_REFUSED, rdp_failure_text(failure));
        return false;
    case RDP_WRONG:
        break;
    }
    fail_inner(inner, INNER_RDP_LOST, "what it answers is no RDP, or not what was asked for");
    return false;
}

static bool hear_confirm(struct inner_rdp *inner)
{
    size_t wanted;
    uint32_t failure;
    enum rdp_answer answer = rdp_confirm(inner->confirm, inner->confirm_length, &wanted, &failure);
    while (answer == RDP_PARTIAL) {
        // No more than it wants: what follows is of TLS.
        ssize_t got =
            tls_line_read(&inner->line, inner->confirm + inner->confirm_length, wanted - inner->confirm_length);
        if (got < 0)
            fail_inner(inner, INNER_RDP_LOST, "the host has closed");
        if (got <= 0)
            return got == 0;
        inner->confirm_length += (size_t)got;
        answer = rdp_confirm(inner->confirm, inner->confirm_length, &wanted, &failure);
    }
    return judge_confirm(inner, answer, failure);
}

static bool send_request(struct inner_rdp *inner)
{
    while (inner->sent < sizeof inner->request) {
        ssize_t sent = tls_line_write(&inner->line, inner->request + inner->sent, sizeof inner->request - inner->sent);
        if (sent < 0)
            fail_inner(inner, INNER_RDP_LOST, "the host has closed");
        if (sent <= 0)
            return sent == 0;
        inner->sent += (size_t)sent;
    }
    inner->step = INNER_LISTENS;
    return true;
}

static bool inner_goes_on(struct inner_rdp *inner)
{
    if (inner->step == INNER_ASKS && !send_request(inner))
        return false;
    if (inner->step == INNER_LISTENS)
        return hear_confirm(inner);
    return inner->step != INNER_SHAKES_HANDS || shake_hands_with_host(inner);
}

static void host_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct inner_rdp *inner = arg;
    if (inner_goes_on(inner)) // else `done` may have freed it
        loop_watch_set(inner->watch, true, inner->line.wants_write);
}

// ---- beginning and end

struct inner_rdp *inner_rdp_new(struct loop *loop, SSL_CTX *context, int descriptor, uint32_t protocols,
                                const char *fingerprint, inner_rdp_done *done, void *arg)
{
    struct inner_rdp *inner = mem_new(1, sizeof *inner);
    tls_line_init(&inner->line, descriptor, NULL, false);
    rdp_request_write(inner->request, protocols);
    inner->protocols = protocols;
    inner->context = context;
    inner->done = done;
    inner->arg = arg;
    if (!text_unhex(inner->fingerprint, sizeof inner->fingerprint, fingerprint))
        memset(inner->fingerprint, 0, sizeof inner->fingerprint); // no certificate has this digest
    inner->watch = loop_watch_new(loop, descriptor, host_ready, inner);
    inner->patience = loop_timer_new(loop, lose_patience, inner);
    loop_timer_start(inner->patience, INNER_RDP_MS);
    loop_watch_set(inner->watch, true, true);
    return inner;
}

void inner_rdp_free(struct inner_rdp *inner)
{
    if (!inner)
        return;
    loop_watch_free(inner->watch);
    loop_timer_free(inner->patience);
    tls_line_fini(&inner->line);
    free(inner);
}
