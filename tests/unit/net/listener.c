// SPDX-License-Identifier: EUPL-1.2
// A port where connections may be passed on: who really calls is heard before TLS, however it is cut.
#include "broker/net/listener.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "tests/network.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PORT = 8446, ROOM = 2 * PROXY_HEADER_MAX };

static const char *const ports[] = {"port", NULL};
static const unsigned char hello[] = {0x16, 0x03, 0x01, 0x00, 0x02, 0x01, 0x00};

static struct loop *loop;
static struct unproven_table *unproven;
static struct listener *listener;
static size_t open_count;
static struct loop_timer *pace;
static int client;
static unsigned char said[ROOM];
static size_t said_length, said_at, piece;
static bool begun, closed, is_passed;
static struct passed_caller passed;
static char counted[ADDRESS_NETWORK_TEXT_SIZE];
static unsigned char heard[sizeof hello];

// Whoever is passed on has to say for whom; who comes by themselves may.
static bool admit(void *arg, const struct sockaddr_storage *from, const struct proxy_header *header,
                  struct passed_caller *caller)
{
    (void)arg;
    struct address address;
    cr_assert(address_of_socket(&address, (const struct sockaddr *)from));
    address_network_print(counted, &address);
    if (caller && caller->port == 1)
        return false;
    if (caller)
        text_put(caller->by, sizeof caller->by, header->voucher ? "a gateway" : "");
    return true;
}

static void begin(void *arg, int descriptor, struct unproven *one, const struct passed_caller *caller)
{
    (void)arg;
    begun = true;
    is_passed = caller != NULL;
    if (caller)
        passed = *caller;
    cr_assert_eq(recv(descriptor, heard, sizeof heard, 0), (ssize_t)sizeof heard, "nothing of the header is left");
    unproven_remove(one);
    close(descriptor);
    loop_stop(loop);
}

static void start(void)
{
    static const struct unproven_limits limits = {
        .all = 20, .port = 20, .network = 20, .handshakes = 20, .patience_ms = 60000};
    struct fault why;
    log_set_level(LOG_LEVEL_ERROR);
    network_own();
    loop = loop_new();
    unproven = unproven_table_new(&limits, ports);
    const struct listener_config config = {.loop = loop,
                                           .unproven = unproven,
                                           .open = &open_count,
                                           .open_max = 100,
                                           .listen_address = "",
                                           .port = PORT,
                                           .begin = begin,
                                           .admit = admit};
    listener = listener_new(&config, &why);
    cr_assert(listener, "%s", why.text);
}

static void stop(void)
{
    cr_assert_eq(open_count, 0);
    listener_free(listener);
    unproven_table_free(unproven);
    loop_free(loop);
}

TestSuite(listener, .init = start, .fini = stop, .timeout = 60);

static void say_next(void *arg)
{
    (void)arg;
    unsigned char byte;
    size_t some = said_length - said_at < piece ? said_length - said_at : piece;
    if (some)
        send(client, said + said_at, some, MSG_NOSIGNAL);
    said_at += some;
    closed = recv(client, &byte, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    if (closed)
        loop_stop(loop);
    else
        loop_timer_start(pace, 1);
}

// As it is cut; until its TLS begins, or it is closed.
static void say(size_t length, size_t pieces_of)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    begun = closed = is_passed = false;
    passed = (struct passed_caller){.port = 0};
    said_length = length;
    said_at = 0;
    piece = pieces_of;
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(client, (struct sockaddr *)&there, sizeof there), 0);
    pace = loop_timer_new(loop, say_next, NULL);
    loop_timer_start(pace, 0);
    loop_run(loop);
    loop_timer_free(pace);
    close(client);
}

static size_t put_hello(size_t at)
{
    memcpy(said + at, hello, sizeof hello);
    return at + sizeof hello;
}

static size_t put_header(const char *address, int port)
{
    struct address caller;
    cr_assert(address_read(&caller, address));
    return proxy_header_write(said, &caller, port, "portal pult/gw1");
}

Test(listener, hears_who_really_calls_however_it_is_cut)
{
    static const size_t pieces[] = {1, 5, 16, 17, 40, ROOM};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct address expected;
        say(put_hello(put_header("2001:db8::9", 4711)), pieces[i]);
        cr_assert(begun && is_passed, "%zu", pieces[i]);
        cr_assert(address_read(&expected, "2001:db8::9") && address_equal(&passed.address, &expected));
        cr_assert_eq(passed.port, 4711);
        cr_assert_str_eq(passed.by, "a gateway");
        cr_assert_str_eq(counted, "127.0.0.1", "who passes it on is asked for by their own address");
        cr_assert_eq(memcmp(heard, hello, sizeof hello), 0);
    }
}

Test(listener, goes_on_without_a_header_where_that_may_be)
{
    for (size_t of = 1; of <= sizeof hello; of++) {
        say(put_hello(0), of);
        cr_assert(begun && !is_passed, "%zu", of);
    }
}

Test(listener, closes_what_is_not_admitted_or_no_header)
{
    say(put_hello(put_header("2001:db8::9", 1)), ROOM);
    cr_assert(closed && !begun);
    size_t length = put_hello(put_header("2001:db8::9", 4711));
    said[13] = 0x44;
    say(length, ROOM);
    cr_assert(closed && !begun);
    memset(said, 'x', 100);
    say(100, ROOM);
    cr_assert(closed && !begun, "neither a header nor TLS");
    put_header("2001:db8::9", 4711);
    said[11] = 'x';
    say(100, 11);
    cr_assert(closed && !begun, "what begins as a header does");
}
