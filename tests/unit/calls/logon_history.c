// SPDX-License-Identifier: EUPL-1.2
// The last log-ons of somebody outlive the broker.
#include "broker/calls/logon_history.h"
#include "broker/base/log.h"
#include "broker/calls/portal.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define GATEWAY "neustadt/gw"
#define ANNA "neustadt/p-anna"
#define BEN "neustadt/p-ben"

enum { EVENTS = 5000 };

static struct portal portal;
static struct store_event stored[EVENTS];
static const struct logon_place home = {GATEWAY, "192.0.2.0/24", "Firefox, Linux"};
static const struct logon_place far = {GATEWAY, "2001:db8::/64", ""};

static void see_person(const char *id, const char *user_name)
{
    struct store_person row = {.name = "Somebody"};
    TEXT_PUT(row.id, id);
    TEXT_PUT(row.key, id);
    TEXT_PUT(row.user_name, user_name);
    people_put(&calls.services.people, &row);
}

static void open_history(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    see_person(ANNA, "anna");
    see_person(BEN, "ben");
    calls.services.portal = &portal;
}

static void close_history(void)
{
    past_logons_fini(&calls.services.past_logons);
    calls.services.portal = NULL;
    calls_close();
}

TestSuite(logon_history, .init = open_history, .fini = close_history);

// What was written last stands there in the journal.
static void keep(size_t at)
{
    calls_settle();
    stored[at] = (struct store_event){.seq = at + 1, .at_ms = 1000 + (int64_t)at, .payload = strdup(calls.events)};
    stored[at].length = strlen(stored[at].payload);
}

static void read_head(void *self, struct store_head *head)
{
    (void)self;
    *head = (struct store_head){.seq = EVENTS};
}

// The broker is another one, with that journal.
static void begin_anew(void)
{
    past_logons_fini(&calls.services.past_logons);
    calls.services.store.head = read_head;
    calls.stored = stored;
    calls.stored_count = EVENTS;
    logon_history_begin(&calls.services);
    for (int i = 0; i < 10; i++)
        calls_settle();
}

Test(logon_history, is_there_again_after_a_restart)
{
    for (size_t i = 0; i < EVENTS; i++)
        stored[i] = (struct store_event){.seq = i + 1, .at_ms = 1, .payload = NULL};
    logon_history_right(&calls.services, ANNA, &home);
    keep(3);
    logon_history_refused(&calls.services, "neustadt", "anna", &far);
    keep(EVENTS - 2);
    logon_history_right(&calls.services, BEN, &far);
    keep(4);
    people_remove(&calls.services.people, BEN);
    begin_anew();
    const struct past_logons_of *theirs = past_logons_find(&calls.services.past_logons, ANNA);
    cr_assert(theirs);
    cr_assert_eq(theirs->count, 2);
    cr_expect_eq(theirs->last[0].at_ms, 1000 + EVENTS - 2);
    cr_expect_eq(theirs->last[0].count, 1);
    cr_expect_str_eq(theirs->last[0].network, far.network);
    cr_expect_eq(theirs->last[1].count, 0);
    cr_expect_str_eq(theirs->last[1].browser, home.browser);
    cr_expect_null(past_logons_find(&calls.services.past_logons, BEN), "erased meanwhile");
}

Test(logon_history, keeps_refusals_of_whoever_has_the_name)
{
    logon_history_refused(&calls.services, "neustadt", "nobody", &far);
    logon_history_refused(&calls.services, "altdorf", "anna", &far);
    calls_settle();
    cr_expect_eq(calls.services.past_logons.people.count, 0);
    cr_expect_str_empty(calls.events);
    logon_history_refused(&calls.services, "neustadt", "anna", &far);
    calls_settle();
    cr_expect(strstr(calls.events, "portal.refused") && strstr(calls.events, "\"by\":\"gateway " GATEWAY "\""), "%s",
              calls.events);
    cr_expect(past_logons_find(&calls.services.past_logons, ANNA));
}
