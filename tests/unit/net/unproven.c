// SPDX-License-Identifier: EUPL-1.2
// Who is dropped when there is no room, by a clock of the test's own.
#include "broker/net/unproven.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/log_kept.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 1000, VISITORS = 200 };

struct visitor {
    struct unproven *one; // NULL: no longer in the table
    bool dropped, proven;
};

enum { LISTENER_PUBLIC, LISTENER_DEVICE, LISTENER_ADMIN };
static const char *const ports[] = {"port", "device-port", "admin-port", NULL};
static struct unproven_table *table;
static struct visitor visitors[VISITORS];
static int count;
static int64_t now_ms;

static void begin(void)
{
    static const struct unproven_limits limits = {
        .all = 20, .port = 12, .network = 6, .handshakes = 4, .patience_ms = PATIENCE_MS};
    log_set_level(LOG_LEVEL_ERROR);
    table = unproven_table_new(&limits, ports);
}

static void finish(void)
{
    for (int i = 0; i < count; i++)
        unproven_remove(take(visitors[i].one));
    unproven_table_free(table);
}

TestSuite(unproven, .init = begin, .fini = finish, .timeout = 30);

static bool drop(void *owner)
{
    struct visitor *visitor = owner;
    visitor->one = NULL;
    visitor->dropped = !visitor->proven;
    return visitor->dropped;
}

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in *v4 = (void *)&address;
    struct sockaddr_in6 *v6 = (void *)&address;
    bool is_v6 = strchr(text, ':');
    address.ss_family = is_v6 ? AF_INET6 : AF_INET;
    cr_assert_eq(inet_pton(address.ss_family, text, is_v6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr), 1);
    return address;
}

static struct visitor *comes(int port, const char *from)
{
    struct visitor *visitor = &visitors[count++];
    struct sockaddr_storage address = address_of(from);
    cr_assert_leq(count, VISITORS);
    visitor->one = unproven_add(table, port, &address, drop, visitor, ++now_ms);
    return visitor;
}

// Each from a network of its own.
static struct visitor *somebody_comes(int port)
{
    char from[INET_ADDRSTRLEN];
    snprintf(from, sizeof from, "10.0.%d.1", count);
    return comes(port, from);
}

static struct visitor *begins_tls(struct visitor *visitor)
{
    unproven_handshake(visitor->one, drop, visitor, ++now_ms);
    return visitor;
}

static void turns_out_to_be(struct visitor *visitor, const char *from)
{
    struct sockaddr_storage address = address_of(from);
    unproven_move(visitor->one, &address, ++now_ms);
}

static void step(struct visitor *visitor, bool at_work)
{
    unproven_step(visitor->one, at_work, ++now_ms);
}

static int dropped(void)
{
    int number = 0;
    for (int i = 0; i < count; i++)
        number += visitors[i].dropped;
    return number;
}

static struct unproven_figures figures_of(int port)
{
    struct unproven_figures figures;
    unproven_figures(table, port, now_ms, &figures);
    return figures;
}

// ---- who makes room

Test(unproven, the_oldest_of_a_network_makes_room)
{
    struct visitor *other = comes(LISTENER_PUBLIC, "192.0.2.2"), *first = comes(LISTENER_PUBLIC, "192.0.2.1");
    for (int i = 1; i < 6; i++)
        comes(LISTENER_PUBLIC, "192.0.2.1");
    cr_assert_eq(dropped(), 0);
    comes(LISTENER_PUBLIC, "192.0.2.1");
    cr_assert(first->dropped);
    cr_assert_eq(dropped(), 1);
    cr_assert_not(other->dropped, "somebody of another network makes room");
}

// A proxy's connections are its callers'.
Test(unproven, who_turns_out_to_be_of_another_network_counts_there)
{
    struct visitor *own = comes(LISTENER_PUBLIC, "192.0.2.1"), *caller = NULL;
    for (int i = 1; i < 6; i++)
        turns_out_to_be(caller = comes(LISTENER_PUBLIC, "192.0.2.9"), "192.0.2.1");
    cr_assert_eq(dropped(), 0);
    comes(LISTENER_PUBLIC, "192.0.2.9");
    cr_assert_eq(dropped(), 0, "nobody is left there");
    turns_out_to_be(comes(LISTENER_PUBLIC, "192.0.2.9"), "192.0.2.1");
    cr_assert(own->dropped);
    cr_assert_eq(dropped(), 1);
    turns_out_to_be(caller, "192.0.2.1"); // as it is already
    cr_assert_eq(dropped(), 1);
}

// Also over several ports, and however IPv4 is written.
Test(unproven, a_network_is_an_ipv4_address_or_half_of_an_ipv6_one)
{
    static const char *const same[][2] = {{"192.0.2.1", "::ffff:192.0.2.1"}, {"2001:db8::1", "2001:db8::ffff:0:0:2"}};
    for (size_t k = 0; k < 2; k++) {
        struct visitor *first = comes(LISTENER_DEVICE, same[k][0]);
        for (int i = 0; i < 6; i++)
            comes(i % 2 ? LISTENER_DEVICE : LISTENER_ADMIN, same[k][i % 2]);
        cr_assert(first->dropped, "%s and %s", same[k][0], same[k][1]);
        cr_assert_eq(dropped(), (int)k + 1);
    }
    cr_assert_str_eq(figures_of(LISTENER_DEVICE).network, "2001:db8::/64");
    for (int i = 0; i < 2; i++)
        comes(LISTENER_ADMIN, "2001:db8:0:1::1");
    cr_assert_eq(dropped(), 2, "half of an address is more than half");
}

Test(unproven, the_oldest_of_a_port_makes_room)
{
    struct visitor *other = somebody_comes(LISTENER_PUBLIC), *first = somebody_comes(LISTENER_DEVICE);
    for (int i = 1; i <= 12; i++)
        somebody_comes(LISTENER_DEVICE);
    cr_assert(first->dropped && dropped() == 1);
    cr_assert_not(other->dropped);
    cr_assert_eq(figures_of(LISTENER_DEVICE).unproven, 12);
    cr_assert_eq(figures_of(LISTENER_DEVICE).dropped_full, 1);
    cr_assert_eq(figures_of(LISTENER_PUBLIC).dropped_full, 0);
}

Test(unproven, the_oldest_of_all_makes_room)
{
    struct visitor *first = somebody_comes(LISTENER_PUBLIC);
    for (int i = 1; i <= 20; i++)
        somebody_comes(i % 3);
    cr_assert(first->dropped && dropped() == 1);
}

Test(unproven, handshakes_make_room_for_handshakes)
{
    struct visitor *silent = somebody_comes(LISTENER_DEVICE), *first = begins_tls(somebody_comes(LISTENER_DEVICE));
    for (int i = 1; i <= 4; i++)
        begins_tls(somebody_comes(LISTENER_PUBLIC));
    cr_assert(first->dropped && dropped() == 1);
    cr_assert_not(silent->dropped);
}

Test(unproven, who_did_a_step_is_no_longer_the_oldest)
{
    struct visitor *first = comes(LISTENER_PUBLIC, "192.0.2.1"), *second = comes(LISTENER_PUBLIC, "192.0.2.1");
    for (int i = 2; i < 6; i++)
        comes(LISTENER_PUBLIC, "192.0.2.1");
    step(first, false);
    comes(LISTENER_PUBLIC, "192.0.2.1");
    cr_assert(second->dropped && !first->dropped);
}

Test(unproven, who_is_worked_for_makes_room_last)
{
    struct visitor *at_work = comes(LISTENER_PUBLIC, "192.0.2.1");
    step(at_work, true);
    for (int i = 1; i < 40; i++)
        comes(LISTENER_PUBLIC, "192.0.2.1");
    cr_assert_not(at_work->dropped);
    for (int i = count - 5; i < count; i++)
        step(&visitors[i], true);
    comes(LISTENER_PUBLIC, "192.0.2.1");
    cr_assert(at_work->dropped, "nobody else is left");
}

Test(unproven, the_proven_are_not_counted)
{
    for (int i = 0; i < 100; i++) {
        struct visitor *visitor = begins_tls(comes(LISTENER_DEVICE, "192.0.2.1"));
        unproven_remove(take(visitor->one));
    }
    cr_assert_eq(dropped(), 0);
    cr_assert_eq(figures_of(LISTENER_DEVICE).unproven, 0);
}

Test(unproven, who_has_proven_himself_meanwhile_stays)
{
    struct visitor *first = comes(LISTENER_DEVICE, "192.0.2.1");
    first->proven = true;
    for (int i = 0; i < 6; i++)
        comes(LISTENER_DEVICE, "192.0.2.1");
    cr_assert_eq(dropped(), 0);
    cr_assert_null(first->one);
    cr_assert_eq(figures_of(LISTENER_DEVICE).dropped_full, 0);
    comes(LISTENER_DEVICE, "192.0.2.1");
    cr_assert_eq(dropped(), 1);
}

Test(unproven, descriptors_are_given_up_as_long_as_there_is_one)
{
    cr_assert_not(unproven_make_room(table, now_ms));
    struct visitor *first = somebody_comes(LISTENER_PUBLIC);
    somebody_comes(LISTENER_DEVICE);
    cr_assert(unproven_make_room(table, now_ms) && first->dropped);
    cr_assert(unproven_make_room(table, now_ms));
    cr_assert_not(unproven_make_room(table, now_ms));
}

// ---- patience

Test(unproven, each_step_has_its_time)
{
    struct visitor *slow = somebody_comes(LISTENER_PUBLIC), *quick = somebody_comes(LISTENER_PUBLIC);
    struct visitor *at_work = somebody_comes(LISTENER_PUBLIC);
    step(at_work, true);
    now_ms += PATIENCE_MS - 10;
    unproven_sweep(table, now_ms);
    cr_assert_eq(dropped(), 0);
    begins_tls(quick);
    now_ms += 20;
    unproven_sweep(table, now_ms);
    cr_assert(slow->dropped && dropped() == 1);
    now_ms += PATIENCE_MS;
    unproven_sweep(table, now_ms);
    cr_assert(quick->dropped && !at_work->dropped, "who waits for us is given up");
    step(at_work, false);
    now_ms += PATIENCE_MS + 1;
    unproven_sweep(table, now_ms);
    cr_assert(at_work->dropped);
    cr_assert_eq(figures_of(LISTENER_PUBLIC).dropped_late, 3);
    cr_assert_eq(figures_of(LISTENER_PUBLIC).flood_since_ms, 0, "slowness alone is no flood");
}

// ---- what is told

Test(unproven, a_flood_has_a_beginning_and_an_end)
{
    for (int i = 0; i < 9; i++)
        comes(LISTENER_DEVICE, "192.0.2.1");
    struct unproven_figures figures = figures_of(LISTENER_DEVICE);
    cr_assert_eq(figures.flood_dropped, 3);
    cr_assert_str_eq(figures.network, "192.0.2.1");
    int64_t since_ms = figures.flood_since_ms;
    now_ms += 50 * 1000;
    comes(LISTENER_DEVICE, "192.0.2.1");
    figures = figures_of(LISTENER_DEVICE);
    cr_assert(figures.flood_since_ms == since_ms && figures.flood_dropped == 4);
    now_ms += 61 * 1000;
    cr_assert_eq(figures_of(LISTENER_DEVICE).flood_since_ms, 0);
    comes(LISTENER_DEVICE, "192.0.2.1");
    figures = figures_of(LISTENER_DEVICE);
    cr_assert(figures.flood_since_ms == now_ms && figures.flood_dropped == 1, "a flood goes on after its end");
    cr_assert_eq(figures.dropped_full, 5);
}

Test(unproven, a_flood_costs_a_line_a_minute)
{
    log_set_level(LOG_LEVEL_INFO);
    log_kept_begin();
    for (int second = 0; second < 100; second += 4) {
        for (int i = 0; i < 8; i++)
            comes(LISTENER_DEVICE, "192.0.2.1");
        unproven_sweep(table, now_ms += 4000);
    }
    const char *said = log_kept_end();
    cr_assert_eq(log_kept_lines("dropped to make room"), 2, "%s", said);
    cr_assert(strstr(said, "192.0.2.1") && strstr(said, "device-port"), "%s", said);
}
