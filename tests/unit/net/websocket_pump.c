// SPDX-License-Identifier: EUPL-1.2
// Two pumps, one at each end of a WebSocket; behind the second one is somebody who speaks TLS and says back whatever
// they hear.
#include "broker/net/websocket_pump.h"
#include "broker/base/clock.h"
#include "tests/await.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEPT_MAX = 2 * 1024 * 1024, WORDS = 6 * 1024 * 1024 };

static struct loop *loop;
static struct websocket_pool *pool;
static struct websocket_pump *near_pump, *far_pump;
static int ours = -1; // the stream's end here
static enum websocket_pump_end far_end;
static bool far_is_over;
static unsigned char said[WORDS], heard[WORDS];
static size_t said_count, heard_count;

// ---- who says it back

static pthread_t echo_thread;

static SSL_CTX *certified(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    cr_assert(X509_sign(certificate, key, EVP_sha256()));
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

static void *say_back(void *arg)
{
    static unsigned char bytes[100 * 1000];
    SSL_CTX *context = certified();
    SSL *tls = SSL_new(context);
    int descriptor = *(int *)arg, got;
    SSL_set_fd(tls, descriptor);
    if (SSL_accept(tls) == 1)
        while ((got = SSL_read(tls, bytes, sizeof bytes)) > 0)
            for (int at = 0, sent; at < got; at += sent)
                if ((sent = SSL_write(tls, bytes + at, got - at)) <= 0)
                    break;
    SSL_shutdown(tls);
    SSL_free(tls);
    SSL_CTX_free(context);
    close(descriptor);
    return NULL;
}

// ---- what is between

static void make_pair(int pair[2], int flags)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, pair), 0);
}

static void note_end(void *arg, enum websocket_pump_end end)
{
    if (arg == &far_pump) {
        far_end = end;
        far_is_over = true;
    } else {
        websocket_pump_free(near_pump);
        near_pump = NULL;
    }
}

static void shake_hands(struct tls_line *line)
{
    int done = 0;
    while (done == 0 && clock_steady_ms() < await_until_ms())
        done = tls_line_handshake(line);
    cr_assert_eq(done, 1);
}

static void open_pumps(void)
{
    static int echo;
    int between[2], to_echo[2], to_us[2];
    struct tls_line line, bare;
    SSL_CTX *context = tls_line_context(TLS_client_method());
    signal(SIGPIPE, SIG_IGN); // the echo's goodbye may come when nobody is there any more
    loop = loop_new();
    pool = websocket_pool_new(loop, KEPT_MAX, false);
    make_pair(between, SOCK_NONBLOCK);
    make_pair(to_echo, 0);
    make_pair(to_us, SOCK_NONBLOCK);
    echo = to_echo[1];
    cr_assert_eq(pthread_create(&echo_thread, NULL, say_back, &echo), 0);
    tls_line_init(&line, between[0], NULL, false);
    tls_line_init(&bare, to_us[0], NULL, false);
    near_pump = websocket_pump_new(pool, &line, WEBSOCKET_CLIENT, &bare, note_end, &near_pump);
    tls_line_init(&line, between[1], NULL, false);
    cr_assert_eq(fcntl(to_echo[0], F_SETFL, O_NONBLOCK), 0);
    tls_line_init(&bare, to_echo[0], context, false);
    shake_hands(&bare);
    tls_line_settle(&bare);
    far_pump = websocket_pump_new(pool, &line, WEBSOCKET_SERVER, &bare, note_end, &far_pump);
    SSL_CTX_free(context);
    ours = to_us[1];
    websocket_pump_start(near_pump, NULL, 0);
    websocket_pump_start(far_pump, NULL, 0);
}

static void close_pumps(void)
{
    if (ours >= 0)
        close(ours);
    websocket_pump_free(near_pump);
    websocket_pump_free(far_pump);
    pthread_join(echo_thread, NULL);
    websocket_pool_free(pool);
    loop_free(loop);
}

// ---- what comes about

static void await(bool (*is_so)(void))
{
    cr_assert(await_in_loop(loop, is_so), "it did not come about");
}

static void say_more(void)
{
    for (ssize_t put = 1; put > 0 && said_count < sizeof said;) {
        put = send(ours, said + said_count, sizeof said - said_count, MSG_DONTWAIT | MSG_NOSIGNAL);
        said_count += put > 0 ? (size_t)put : 0;
    }
}

static bool has_come_back(void)
{
    say_more();
    for (ssize_t got = 1; got > 0 && heard_count < sizeof heard;) {
        got = recv(ours, heard + heard_count, sizeof heard - heard_count, MSG_DONTWAIT);
        heard_count += got > 0 ? (size_t)got : 0;
    }
    return heard_count == sizeof heard;
}

static bool is_over(void)
{
    return far_is_over;
}

TestSuite(websocket_pump, .init = open_pumps, .fini = close_pumps, .timeout = 120);

Test(websocket_pump, the_bare_side_may_have_tls)
{
    for (size_t i = 0; i < sizeof said; i++)
        said[i] = (unsigned char)(i * 7 + i / 1000);
    await(has_come_back);
    cr_assert_eq(memcmp(said, heard, sizeof said), 0);
    struct websocket_figures figures;
    websocket_pump_figures(far_pump, &figures);
    cr_assert_eq(figures.bytes_to_bare, (int64_t)sizeof said);
    cr_assert_eq(figures.bytes_to_web, (int64_t)sizeof said);
    close(ours);
    ours = -1;
    await(is_over);
    cr_assert_eq(far_end, WEBSOCKET_PUMP_WEB);
}

static size_t last_count;
static int quiet_looks;

// It takes no more, for a while.
static bool takes_no_more(void)
{
    say_more();
    quiet_looks = said_count == last_count ? quiet_looks + 1 : 0;
    last_count = said_count;
    return quiet_looks > 200;
}

// Nobody reads here: what is said back stays in the buffers on the way, and then nothing more is read of us.
Test(websocket_pump, who_does_not_read_slows_down_who_writes)
{
    await(takes_no_more);
    cr_assert_lt(said_count, sizeof said);
    await(has_come_back);
    cr_assert_eq(memcmp(said, heard, sizeof said), 0);
}

// ---- who says little, and often

static int web = -1;

static void open_one_pump(void)
{
    int pair[2], to_us[2];
    struct tls_line line, bare;
    loop = loop_new();
    pool = websocket_pool_new(loop, KEPT_MAX, false);
    make_pair(pair, SOCK_NONBLOCK);
    // What is written at once is read so.
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, to_us), 0);
    tls_line_init(&line, pair[0], NULL, false);
    tls_line_init(&bare, to_us[0], NULL, false);
    far_pump = websocket_pump_new(pool, &line, WEBSOCKET_SERVER, &bare, note_end, &far_pump);
    web = pair[1];
    ours = to_us[1];
    websocket_pump_start(far_pump, NULL, 0);
}

static void close_one_pump(void)
{
    close(web);
    close(ours);
    websocket_pump_free(far_pump);
    websocket_pool_free(pool);
    loop_free(loop);
}

TestSuite(one_pump, .init = open_one_pump, .fini = close_one_pump, .timeout = 120);

static unsigned char answers[4096];
static ssize_t answers_length;

static bool is_answered(void)
{
    answers_length = recv(web, answers, sizeof answers, MSG_DONTWAIT | MSG_PEEK);
    return answers_length > 0;
}

// A system call for each would be many for whoever asks by a few bytes.
Test(one_pump, of_many_pings_the_last_is_answered)
{
    unsigned char pings[300 * 7];
    for (size_t i = 0; i < sizeof pings; i += 7)
        memcpy(pings + i, (unsigned char[]){0x89, 0x81, 0, 0, 0, 0, (unsigned char)(i / 7)}, 7);
    cr_assert_eq(send(web, pings, sizeof pings, 0), (ssize_t)sizeof pings);
    await(is_answered);
    static const unsigned char pong[] = {0x8a, 1, 299 % 256};
    cr_assert_eq(answers_length, (ssize_t)sizeof pong);
    cr_assert_eq(memcmp(answers, pong, sizeof pong), 0);
}

static bool has_passed(void)
{
    answers_length = recv(ours, answers, sizeof answers, MSG_DONTWAIT | MSG_PEEK);
    return answers_length > 0;
}

Test(one_pump, many_small_frames_are_passed_on_together)
{
    unsigned char frames[300 * 7];
    for (size_t i = 0; i < sizeof frames; i += 7)
        memcpy(frames + i, (unsigned char[]){0x82, 0x81, 0, 0, 0, 0, (unsigned char)(i / 7)}, 7);
    cr_assert_eq(send(web, frames, sizeof frames, 0), (ssize_t)sizeof frames);
    await(has_passed);
    cr_assert_eq(answers_length, 300);
    for (size_t i = 0; i < 300; i++)
        cr_assert_eq(answers[i], (unsigned char)i);
}
