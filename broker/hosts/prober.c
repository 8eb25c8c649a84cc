// SPDX-License-Identifier: EUPL-1.2
#include "broker/hosts/prober.h"
#include "broker/base/address.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"
#include "broker/net/dial.h"
#include "broker/net/rdp.h"
#include "broker/net/tls_policy.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum step { STEP_CONNECT, STEP_CONFIRM, STEP_TLS, STEP_DONE };

struct prober {
    struct loop *loop;
    struct resolver *resolver;
    SSL_CTX *tls;
    int64_t deadline_ms;
    LIST_HEAD(, probe) running;
};

struct probe {
    LIST_ENTRY(probe) links;
    struct prober *prober;
    int port;
    char expected[DIGEST_SIZE];
    char networks[LIST_SIZE];
    bool evenly;
    probe_done *done;
    void *arg;

    enum step step;
    int64_t started_ms;
    struct loop_timer *timer;
    struct dial *dial;
    int descriptor;
    struct loop_watch *watch;
    unsigned char confirm[RDP_CONFIRM_MAX];
    size_t confirm_length;
    SSL *tls; // reads from and writes to memory, so that a lost connection is an error and no signal
    struct probe_report report;
};

static void socket_ready(void *arg, bool readable, bool writable);

static void hang_up(struct probe *probe)
{
    dial_free(take(probe->dial));
    loop_watch_free(take(probe->watch));
    if (probe->descriptor >= 0)
        close(probe->descriptor);
    probe->descriptor = -1;
}

static void free_probe(struct probe *probe)
{
    LIST_REMOVE(probe, links);
    hang_up(probe);
    loop_timer_free(probe->timer);
    SSL_free(probe->tls);
    free(probe);
}

static int64_t time_left_ms(const struct probe *probe)
{
    int64_t left_ms = probe->started_ms + probe->prober->deadline_ms - clock_steady_ms();
    return left_ms > 0 ? left_ms : 0;
}

// The report goes out by the timer, never from within prober_start.
__attribute__((format(printf, 3, 4))) static void finish(struct probe *probe, enum probe_result result,
                                                         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(probe->report.detail, sizeof probe->report.detail, format, args);
    va_end(args);
    probe->report.result = result;
    probe->report.took_ms = clock_steady_ms() - probe->started_ms;
    probe->step = STEP_DONE;
    hang_up(probe);
    loop_timer_start(probe->timer, probe->evenly && result != PROBE_OK ? time_left_ms(probe) : 0);
}

static const char *step_text(enum step step)
{
    switch (step) {
    case STEP_CONFIRM:
        return "the RDP negotiation";
    case STEP_TLS:
        return "the TLS handshake";
    case STEP_CONNECT: // the dial has words of its own
    case STEP_DONE:
        break;
    }
    return "";
}

static void finish_closed(struct probe *probe, ssize_t received)
{
    finish(probe, PROBE_UNREACHABLE, "the host closed the connection during %s%s%s", step_text(probe->step),
           received < 0 ? ": " : "", received < 0 ? strerror(errno) : "");
}

// ---- the connection

static void connected(void *arg, int descriptor, const struct fault *why)
{
    struct probe *probe = arg;
    dial_free(take(probe->dial));
    if (descriptor < 0) {
        finish(probe, PROBE_UNREACHABLE, "%s", why->text);
        return;
    }
    probe->step = STEP_CONFIRM;
    probe->descriptor = descriptor;
    probe->watch = loop_watch_new(probe->prober->loop, descriptor, socket_ready, probe);
    loop_watch_set(probe->watch, true, false);
    loop_timer_start(probe->timer, time_left_ms(probe));
    if (send(descriptor, rdp_request, sizeof rdp_request, MSG_NOSIGNAL) != sizeof rdp_request)
        finish_closed(probe, -1);
}

// ---- TLS

static void finish_tls_error(struct probe *probe)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    finish(probe, PROBE_NO_TLS, "the TLS handshake failed: %s", reason ? reason : "no reason known");
}

static void judge_certificate(struct probe *probe)
{
    unsigned char digest[CERTIFICATE_DIGEST_BYTES], expected[CERTIFICATE_DIGEST_BYTES];
    const X509 *certificate = SSL_get0_peer_certificate(probe->tls);
    if (!certificate) {
        finish(probe, PROBE_NO_TLS, "the host showed no certificate");
        return;
    }
    certificate_digest(certificate, digest);
    text_hex(probe->report.fingerprint, digest, CERTIFICATE_DIGEST_BYTES);
    if (text_unhex(expected, CERTIFICATE_DIGEST_BYTES, probe->expected) &&
        memcmp(expected, digest, CERTIFICATE_DIGEST_BYTES) == 0)
        finish(probe, PROBE_OK, "answers");
    else if (!probe->expected[0])
        finish(probe, PROBE_WRONG_CERTIFICATE, "no fingerprint is set, and no agent has told one; it shows SHA-256 %s",
               probe->report.fingerprint);
    else
        finish(probe, PROBE_WRONG_CERTIFICATE, "shows another certificate: SHA-256 %s", probe->report.fingerprint);
}

// False when the connection is lost. What does not go now waits for the socket to be writable.
static bool send_pending(struct probe *probe)
{
    char *bytes = NULL;
    BIO *out = SSL_get_wbio(probe->tls);
    long length = BIO_get_mem_data(out, &bytes);
    if (length > 0) {
        ssize_t sent = send(probe->descriptor, bytes, (size_t)length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return false;
        for (char gone[512]; sent > 0;)
            sent -= BIO_read(out, gone, sent < (ssize_t)sizeof gone ? (int)sent : (int)sizeof gone);
    }
    loop_watch_set(probe->watch, true, BIO_ctrl_pending(out) > 0);
    return true;
}

static void shake_hands(struct probe *probe)
{
    ERR_clear_error();
    int rc = SSL_do_handshake(probe->tls);
    int error = SSL_get_error(probe->tls, rc);
    if (rc == 1)
        SSL_shutdown(probe->tls); // a goodbye, so that the host has nothing to complain about
    if (!send_pending(probe))
        finish_closed(probe, -1);
    else if (rc == 1)
        judge_certificate(probe);
    else if (error != SSL_ERROR_WANT_READ)
        finish_tls_error(probe);
}

static void tls_ready(struct probe *probe, bool readable)
{
    char bytes[4096];
    ssize_t length = readable ? recv(probe->descriptor, bytes, sizeof bytes, 0) : 0;
    if (length < 0 && errno == EAGAIN)
        return;
    if (readable && length <= 0) {
        finish_closed(probe, length);
        return;
    }
    if (length > 0)
        BIO_write(SSL_get_rbio(probe->tls), bytes, (int)length);
    shake_hands(probe);
}

static void begin_tls(struct probe *probe)
{
    probe->step = STEP_TLS;
    probe->tls = SSL_new(probe->prober->tls);
    assert(probe->tls);
    SSL_set_bio(probe->tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(probe->tls);
    shake_hands(probe);
}

// ---- the negotiation

static void judge_confirm(struct probe *probe, enum rdp_answer answer, uint32_t failure)
{
    switch (answer) {
    case RDP_PARTIAL:
        return;
    case RDP_TLS:
        begin_tls(probe);
        return;
    case RDP_PLAIN:
        finish(probe, PROBE_NO_TLS, "the host would go on without TLS");
        return;
    case RDP_REFUSED:
        finish(probe, PROBE_NO_TLS, "the host refuses (%u): %s", failure, rdp_failure_text(failure));
        return;
    case RDP_WRONG:
        finish(probe, PROBE_UNREACHABLE, "what answers at port %d is no RDP", probe->port);
        return;
    }
}

// Reads no byte beyond the confirm: the next ones are TLS.
static void confirm_ready(struct probe *probe)
{
    size_t wanted;
    uint32_t failure;
    enum rdp_answer answer = rdp_confirm(probe->confirm, probe->confirm_length, &wanted, &failure);
    while (answer == RDP_PARTIAL) {
        ssize_t length =
            recv(probe->descriptor, probe->confirm + probe->confirm_length, wanted - probe->confirm_length, 0);
        if (length < 0 && errno == EAGAIN)
            return;
        if (length <= 0) {
            finish_closed(probe, length);
            return;
        }
        probe->confirm_length += (size_t)length;
        answer = rdp_confirm(probe->confirm, probe->confirm_length, &wanted, &failure);
    }
    judge_confirm(probe, answer, failure);
}

// ---- what moves it on

static void socket_ready(void *arg, bool readable, bool writable)
{
    (void)writable;
    struct probe *probe = arg;
    switch (probe->step) {
    case STEP_CONFIRM:
        confirm_ready(probe);
        return;
    case STEP_TLS:
        tls_ready(probe, readable);
        return;
    case STEP_CONNECT:
    case STEP_DONE:
        return;
    }
}

static void report(struct probe *probe)
{
    struct probe_report copy = probe->report;
    probe_done *done = probe->done;
    void *arg = probe->arg;
    free_probe(probe);
    done(arg, &copy);
}

static void time_is_up(void *arg)
{
    struct probe *probe = arg;
    if (probe->step == STEP_DONE)
        report(probe);
    else
        finish(probe, PROBE_UNREACHABLE, "no answer within %lld ms, while %s", (long long)probe->prober->deadline_ms,
               step_text(probe->step));
}

// Whoever is reached from the address that is reached is this machine.
static bool is_own(const struct sockaddr *there)
{
    struct sockaddr_storage here = {0};
    struct address from, to;
    socklen_t length = there->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in),
              size = sizeof here;
    int descriptor = socket(there->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0); // which sends nothing
    if (descriptor < 0)
        return true;
    bool has_way = connect(descriptor, there, length) == 0 && getsockname(descriptor, (void *)&here, &size) == 0;
    close(descriptor);
    return has_way && address_of_socket(&from, (const void *)&here) && address_of_socket(&to, there) &&
           address_equal(&from, &to);
}

static bool may_probe(void *arg, const struct sockaddr *there)
{
    const struct probe *probe = arg;
    struct address address;
    return address_of_socket(&address, there) && !address_is_reserved(&address) &&
           address_networks_have(probe->networks, &address) &&
           (address_networks_name(probe->networks, &address) || !is_own(there));
}

void prober_start(struct prober *prober, const struct probe_target *target, probe_done *done, void *arg)
{
    struct probe *probe = mem_new(1, sizeof *probe);
    TEXT_PUT(probe->expected, target->fingerprint);
    TEXT_PUT(probe->networks, target->networks ? target->networks : "");
    probe->prober = prober;
    probe->port = target->port;
    probe->evenly = target->evenly;
    probe->done = done;
    probe->arg = arg;
    probe->descriptor = -1;
    probe->started_ms = clock_steady_ms();
    probe->timer = loop_timer_new(prober->loop, time_is_up, probe);
    LIST_INSERT_HEAD(&prober->running, probe, links);
    probe->dial =
        dial_new(prober->loop, prober->resolver, target->address, target->port, prober->deadline_ms, connected, probe);
    if (target->networks)
        dial_restrict(probe->dial, may_probe, probe);
}

// The certificate is compared with the one expected, so no authority is asked.
static SSL_CTX *new_tls(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    assert(tls);
    tls_policy_set(tls);
    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
    return tls;
}

struct prober *prober_new(struct loop *loop, int64_t deadline_ms)
{
    struct prober *prober = mem_new(1, sizeof *prober);
    prober->loop = loop;
    prober->resolver = resolver_new(loop);
    prober->tls = new_tls();
    prober->deadline_ms = deadline_ms;
    LIST_INIT(&prober->running);
    return prober;
}

void prober_free(struct prober *prober)
{
    if (!prober)
        return;
    while (!LIST_EMPTY(&prober->running))
        free_probe(LIST_FIRST(&prober->running));
    resolver_free(prober->resolver);
    SSL_CTX_free(prober->tls);
    free(prober);
}

const char *probe_result_text(enum probe_result result)
{
    static const char *const texts[] = {"ok", "unreachable", "no-tls", "wrong-certificate"};
    return texts[result];
}
