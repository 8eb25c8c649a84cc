// SPDX-License-Identifier: EUPL-1.2
// In the loop and in a thread: what is said is the same.
#include "broker/net/dial.h"
#include "broker/base/clock.h"
#include "tests/network.h"
#include "tests/program.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORT = 3389 };

static struct loop *loop;
static struct resolver *resolver;
static struct dial *dial;
static int got, calls;
static struct fault why;

static void start(void)
{
    network_own();
    loop = loop_new();
    resolver = resolver_new(loop);
}

static void stop(void)
{
    resolver_free(resolver);
    loop_free(loop);
}

TestSuite(dial, .init = start, .fini = stop, .timeout = 30);

static int bind_at(const char *address, int backlog)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    inet_pton(AF_INET, address, &here.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(bind(listener, (struct sockaddr *)&here, sizeof here) == 0 && listen(listener, backlog) == 0);
    return listener;
}

// Takes one connection into its queue; whoever comes then gets no answer at all.
static void be_silent_at(const char *address)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    inet_pton(AF_INET, address, &there.sin_addr);
    bind_at(address, 0);
    int first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(first, (struct sockaddr *)&there, sizeof there), 0);
}

static void dialled(void *arg, int descriptor, const struct fault *fault)
{
    (void)arg;
    got = descriptor;
    why = *fault;
    calls++;
    dial_free(dial);
    dial = NULL;
    loop_stop(loop);
}

static int number_of(int descriptor, int level, int option)
{
    int number = 0;
    cr_assert_eq(getsockopt(descriptor, level, option, &number, &(socklen_t){sizeof number}), 0);
    return number;
}

// Both ways; the descriptor of the one in the loop stays open.
static void dial_both(const char *name, int64_t deadline_ms)
{
    struct fault now_why = {0};
    int now = dial_now(name, PORT, deadline_ms, &now_why);
    got = -2;
    calls = 0;
    dial = dial_new(loop, resolver, name, PORT, deadline_ms, dialled, NULL);
    cr_assert_eq(calls, 0, "told from within");
    loop_run(loop);
    cr_assert_eq(calls, 1);
    cr_assert_eq(got >= 0, now >= 0, "%s / %s", why.text, now_why.text);
    if (now < 0)
        cr_assert_str_eq(why.text, now_why.text);
    else
        close(now);
}

Test(dial, connects_to_an_address_and_watches_over_the_connection)
{
    bind_at("127.0.0.1", 4);
    dial_both("127.0.0.1", 1000);
    cr_assert_geq(got, 0, "%s", why.text);
    cr_assert(fcntl(got, F_GETFL) & O_NONBLOCK);
    cr_assert_eq(number_of(got, IPPROTO_TCP, TCP_NODELAY), 1);
    cr_assert_eq(number_of(got, SOL_SOCKET, SO_KEEPALIVE), 1);
    cr_assert_leq(number_of(got, IPPROTO_TCP, TCP_KEEPIDLE) + 3 * number_of(got, IPPROTO_TCP, TCP_KEEPINTVL), 15);
    cr_assert_eq(number_of(got, IPPROTO_TCP, TCP_USER_TIMEOUT), 12000);
    dial_watch_over(got, 30, 5, 2000);
    cr_assert_eq(number_of(got, IPPROTO_TCP, TCP_KEEPIDLE), 30);
    cr_assert_eq(number_of(got, IPPROTO_TCP, TCP_USER_TIMEOUT), 2000);
    close(got);
}

Test(dial, says_at_once_that_nobody_listens)
{
    int64_t began_ms = clock_steady_ms();
    dial_both("127.0.0.1", 5000);
    cr_assert_str_eq(why.text, "cannot connect to port 3389: Connection refused");
    dial_both("192.0.2.1", 5000);
    cr_assert_str_eq(why.text, "cannot connect to port 3389: Network is unreachable");
    cr_assert_lt(clock_steady_ms() - began_ms, 1000);
}

Test(dial, says_that_there_is_no_such_name)
{
    network_replace_file("/etc/hosts", "127.0.0.1 localhost\n");
    dial_both("no-such-host.invalid", 5000);
    cr_assert(strstr(why.text, "its name has no address: "), "%s", why.text);
}

// An address of a network that is there, at a machine that is not.
static void be_dead_at_ipv6(void)
{
    program_shell("ip link add wire type veth peer name far && ip link set far up && ip link set wire up && "
                  "ip address add 2001:db8::1/64 dev wire nodad && "
                  "ip neighbour replace 2001:db8::2 lladdr 02:00:00:00:00:99 dev wire nud permanent");
}

Test(dial, tries_the_next_address_before_a_silent_one_has_used_up_the_time)
{
    network_replace_file("/etc/hosts", "127.0.0.2 ts1\n127.0.0.1 ts1\n127.0.0.9 ts1\n");
    be_silent_at("127.0.0.1");
    be_silent_at("127.0.0.2");
    bind_at("127.0.0.9", 4);
    int64_t began_ms = clock_steady_ms();
    dial_both("ts1", 20000);
    cr_assert_geq(got, 0, "%s", why.text);
    int64_t took_ms = clock_steady_ms() - began_ms;
    cr_assert(took_ms >= 2 * 2 * 250 - 20 && took_ms < 10000, "%lld ms", (long long)took_ms);
    close(got);
}

Test(dial, goes_by_ipv4_when_ipv6_has_no_way)
{
    network_replace_file("/etc/hosts", "2001:db8::2 ts1\n127.0.0.1 ts1\n");
    bind_at("127.0.0.1", 4);
    dial_both("ts1", 20000);
    cr_assert_geq(got, 0, "%s", why.text);
    close(got);
}

Test(dial, goes_by_ipv4_when_ipv6_is_dead)
{
    network_replace_file("/etc/hosts", "2001:db8::2 ts1\n127.0.0.1 ts1\n");
    bind_at("127.0.0.1", 4);
    be_dead_at_ipv6();
    int64_t began_ms = clock_steady_ms();
    dial_both("ts1", 20000);
    cr_assert_geq(got, 0, "%s", why.text);
    int64_t took_ms = clock_steady_ms() - began_ms;
    cr_assert(took_ms >= 2 * 250 - 20 && took_ms < 10000, "%lld ms", (long long)took_ms);
    close(got);
}

// All of a family may be dead, however many there are.
Test(dial, takes_the_families_in_turn)
{
    struct resolver_answer answer;
    char hosts[1000] = "";
    for (int i = 2; i < 22; i++)
        snprintf(hosts + strlen(hosts), sizeof hosts - strlen(hosts), "2001:db8::%d ts1\n", i);
    snprintf(hosts + strlen(hosts), sizeof hosts - strlen(hosts), "127.0.0.1 ts1\n127.0.0.2 ts1\n");
    network_replace_file("/etc/hosts", hosts);
    resolver_ask_now("ts1", &answer);
    cr_assert_eq(answer.count, RESOLVER_ADDRESSES_MAX);
    cr_assert_neq(answer.addresses[0].any.sa_family, answer.addresses[1].any.sa_family);
    cr_assert_neq(answer.addresses[2].any.sa_family, answer.addresses[3].any.sa_family);
    for (size_t i = 4; i < answer.count; i++)
        cr_assert_eq(answer.addresses[i].any.sa_family, AF_INET6);
}

Test(dial, goes_on_at_once_behind_an_address_that_refuses)
{
    network_replace_file("/etc/hosts", "127.0.0.1 ts1\n127.0.0.2 ts1\n127.0.0.3 ts1\n127.0.0.9 ts1\n");
    bind_at("127.0.0.9", 4);
    int64_t began_ms = clock_steady_ms();
    dial_both("ts1", 20000);
    cr_assert_geq(got, 0, "%s", why.text);
    cr_assert_lt(clock_steady_ms() - began_ms, 2 * 250, "nobody is waited for who has refused");
    close(got);
}

static void dial_in_loop(const char *name, int64_t deadline_ms)
{
    dial = dial_new(loop, resolver, name, PORT, deadline_ms, dialled, NULL);
    loop_run(loop);
}

// What was known had a minute to live, and died before. The name server may have been asked just before its news.
Test(dial, hears_of_a_new_address_when_the_known_ones_are_dead)
{
    network_replace_file("/etc/hosts", "127.0.0.1 ts1\n");
    be_silent_at("127.0.0.1");
    bind_at("127.0.0.9", 4);
    dial_in_loop("ts1", 300);
    cr_assert_lt(got, 0);
    FILE *hosts = fopen("/etc/hosts", "w"); // only ours
    cr_assert(hosts && fputs("127.0.0.9 ts1\n", hosts) > 0 && fclose(hosts) == 0);
    for (int i = 0; i < 3 && got < 0; i++)
        dial_in_loop("ts1", 1000);
    cr_assert_geq(got, 0, "%s", why.text);
    close(got);
}

Test(dial, agrees_on_small_packets_with_the_other_side)
{
    int listener = bind_at("127.0.0.1", 4);
    dial = dial_new(loop, resolver, "127.0.0.1", PORT, 1000, dialled, NULL);
    dial_use_small_packets(dial);
    loop_run(loop);
    int other = accept(listener, NULL, NULL);
    cr_assert(got >= 0 && other >= 0, "%s", why.text);
    cr_assert_leq(number_of(got, IPPROTO_TCP, TCP_MAXSEG), 500);
    cr_assert_leq(number_of(other, IPPROTO_TCP, TCP_MAXSEG), 500);
    close(got);
    close(other);
    dial_in_loop("127.0.0.1", 1000);
    cr_assert_leq(number_of(got, IPPROTO_TCP, TCP_MAXSEG), 1160);
    cr_assert_gt(number_of(got, IPPROTO_TCP, TCP_MAXSEG), 1000);
    close(got);
}

Test(dial, gives_up_at_the_deadline)
{
    be_silent_at("127.0.0.1");
    int64_t began_ms = clock_steady_ms();
    dial_both("127.0.0.1", 400);
    cr_assert_str_eq(why.text, "no answer within 400 ms, while connecting");
    cr_assert_geq(clock_steady_ms() - began_ms, 2 * 400 - 20);
}

Test(dial, has_a_resolver_of_its_own_when_it_is_given_none)
{
    network_replace_file("/etc/hosts", "127.0.0.1 ts1\n");
    bind_at("127.0.0.1", 4);
    dial = dial_new(loop, NULL, "ts1", PORT, 1000, dialled, NULL);
    loop_run(loop);
    cr_assert_geq(got, 0, "%s", why.text);
    close(got);
}

static void over(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

Test(dial, that_is_dropped_tells_nothing)
{
    struct loop_timer *timer = loop_timer_new(loop, over, NULL);
    bind_at("127.0.0.1", 4);
    dial_free(dial_new(loop, resolver, "127.0.0.1", PORT, 1000, dialled, NULL));
    dial = dial_new(loop, resolver, "127.0.0.1", PORT, 1000, dialled, NULL);
    struct dial *dropped = dial_new(loop, resolver, "localhost", PORT, 1000, dialled, NULL);
    loop_run(loop); // until the other one is told
    dial_free(dropped);
    close(got);
    loop_timer_start(timer, 200);
    loop_run(loop);
    cr_assert_eq(calls, 1);
    loop_timer_free(timer);
    dial_free(NULL);
}
