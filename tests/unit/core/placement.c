// SPDX-License-Identifier: EUPL-1.2
// Where sessions go: by what hosts report, and on desktops, of which each is one person's.
#include "broker/core/placement.h"
#include "broker/base/text.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct hall hall;
static struct logon_decision decision, second;

static void open_hall(void)
{
    hall_open(&hall);
}

static void close_hall(void)
{
    hall_close(&hall);
}

TestSuite(place, .init = open_hall, .fini = close_hall);

static void log_on(const char *login, struct logon_decision *into)
{
    hall_log_on(&hall, login, "rathaus", "neustadt/desk1", into);
}

static void end(const struct logon_decision *which)
{
    struct event event = {.type = EVENT_SESSION_ENDED, .noun = NOUN_SESSION};
    TEXT_PUT(event.record.id, which->session.id);
    state_apply(hall.state, &event);
}

// The pool "office" becomes one of desktops.
static void make_desktops(bool kept)
{
    union record record = {.pool = {.id = "neustadt/office", .name = "desktops", .kind = POOL_DESKTOP, .kept = kept}};
    hall_set(&hall, NOUN_POOL, &record);
}

Test(place, a_strained_host_gets_fewer)
{
    hall.strain[1] = 3000;
    int on_strained = 0;
    for (int i = 0; i < 3; i++) {
        char login[16];
        snprintf(login, sizeof login, "p%d", i);
        log_on(login, &decision);
        on_strained += text_equal(decision.host.id, "neustadt/ts1");
    }
    cr_assert_leq(on_strained, 2);
    cr_assert(strstr(decision.trace.lines, "load"), "%s", decision.trace.lines);
}

Test(place, an_unfit_or_silent_host_gets_nobody_new_but_keeps_its_people)
{
    static const enum host_health kinds[] = {HOST_UNHEALTHY, HOST_SILENT};
    for (size_t i = 0; i < 2; i++) {
        hall.health[1] = hall.health[2] = HOST_OK;
        log_on("anna", &decision);
        hall.health[1] = hall.health[2] = kinds[i];
        log_on("anna", &second);
        cr_assert(second.reconnected);
        log_on("bert", &second);
        cr_assert_eq(second.refusal, REFUSAL_NO_HOST);
        end(&decision);
    }
}

Test(place, a_lost_hosts_people_begin_anew_elsewhere_and_are_told)
{
    log_on("anna", &decision);
    int number = decision.host.id[strlen(decision.host.id) - 1] - '0';
    hall.health[number] = HOST_LOST;
    log_on("anna", &second);
    cr_assert_eq(second.refusal, REFUSAL_NONE);
    cr_assert_not(second.reconnected);
    cr_assert(text_equal(second.lost, decision.host.id));
    cr_assert_eq(state_count(hall.state, NOUN_SESSION), 1);
}

Test(place, a_desktop_is_for_one_person)
{
    make_desktops(false);
    log_on("anna", &decision);
    log_on("bert", &second);
    cr_assert_not(text_equal(decision.host.id, second.host.id));
    log_on("clara", &second);
    cr_assert_eq(second.refusal, REFUSAL_HOSTS_FULL);
    end(&decision);
    log_on("clara", &second);
    cr_assert(text_equal(second.host.id, decision.host.id));
}

Test(place, a_kept_desktop_waits_for_its_person)
{
    make_desktops(true);
    log_on("anna", &decision);
    log_on("bert", &second);
    end(&decision);
    end(&second);
    hall_decide(&hall, "clara", "rathaus", "neustadt/desk1", &second);
    cr_assert_eq(second.refusal, REFUSAL_HOSTS_FULL, "%s", second.trace.lines);
    log_on("anna", &second);
    cr_assert(text_equal(second.host.id, decision.host.id));
    cr_assert(text_equal(state_host(hall.state, decision.host.id)->owner, "neustadt/p-anna"));
}

static int number_of(const struct logon_decision *which)
{
    return which->host.id[strlen(which->host.id) - 1] - '0';
}

static int owned_by(const char *person_id)
{
    const struct sorted_table *hosts = state_table(hall.state, NOUN_HOST);
    int count = 0;
    for (size_t i = 0; i < hosts->count; i++)
        count += text_equal(((const struct host *)hosts->records[i])->owner, person_id);
    return count;
}

Test(place, while_ones_own_desktop_cannot_be_had_another_is_lent)
{
    make_desktops(true);
    for (int way = 0; way < 2; way++) {
        log_on("anna", &decision);
        end(&decision);
        if (way == 0)
            hall_drain(&hall, decision.host.id, true);
        else
            hall.health[number_of(&decision)] = HOST_UNREACHABLE;
        log_on("anna", &second);
        cr_assert_eq(second.refusal, REFUSAL_NONE, "%s", second.trace.lines);
        cr_assert_not(text_equal(second.host.id, decision.host.id));
        cr_assert_eq(owned_by("neustadt/p-anna"), 1, "lent, not hers");
        end(&second);
        hall_drain(&hall, decision.host.id, false);
        hall.health[number_of(&decision)] = HOST_OK;
    }
    log_on("anna", &second);
    cr_assert(text_equal(second.host.id, decision.host.id));
    log_on("bert", &second);
    cr_assert_eq(second.refusal, REFUSAL_NONE, "what was lent is free again");
    cr_assert_eq(owned_by("neustadt/p-bert"), 1);
}

Test(place, of_two_of_ones_own_the_one_that_is_awake)
{
    make_desktops(true);
    for (int number = 1; number <= 2; number++) {
        union record record = {.host = *state_host(hall.state, number == 1 ? "neustadt/ts1" : "neustadt/ts2")};
        TEXT_PUT(record.host.owner, "neustadt/p-anna");
        hall_set(&hall, NOUN_HOST, &record);
    }
    for (int asleep = 1; asleep <= 2; asleep++) {
        hall.asleep[asleep] = true;
        hall.health[asleep] = HOST_UNREACHABLE;
        hall_decide(&hall, "anna", "rathaus", "neustadt/desk1", &decision);
        cr_assert_eq(decision.refusal, REFUSAL_NONE, "%s", decision.trace.lines);
        hall.asleep[asleep] = false;
        hall.health[asleep] = HOST_OK;
    }
}

Test(place, a_sleeping_desktop_is_woken_when_no_other_is_free)
{
    make_desktops(false);
    hall.health[1] = HOST_UNREACHABLE;
    hall.asleep[1] = true;
    log_on("anna", &decision);
    cr_assert(text_equal(decision.host.id, "neustadt/ts2"));
    log_on("bert", &second);
    cr_assert_eq(second.refusal, REFUSAL_HOST_WAKING);
    cr_assert(text_equal(second.host.id, "neustadt/ts1"));
    cr_assert_eq(second.event_count, 0);
    hall.health[1] = HOST_OK;
    hall.asleep[1] = false;
    log_on("bert", &second);
    cr_assert_eq(second.refusal, REFUSAL_NONE);
}

Test(place, ones_own_desktop_is_woken_rather_than_another_taken)
{
    make_desktops(true);
    log_on("anna", &decision);
    end(&decision);
    hall.health[number_of(&decision)] = HOST_UNREACHABLE;
    hall.asleep[number_of(&decision)] = true;
    log_on("anna", &second);
    cr_assert_eq(second.refusal, REFUSAL_HOST_WAKING, "%s", second.trace.lines);
    cr_assert(text_equal(second.host.id, decision.host.id));
}

Test(place, a_running_session_on_a_sleeping_desktop_is_woken_not_lost)
{
    make_desktops(false);
    log_on("anna", &decision);
    hall.health[number_of(&decision)] = HOST_UNREACHABLE;
    hall.asleep[number_of(&decision)] = true;
    log_on("anna", &second);
    cr_assert_eq(second.refusal, REFUSAL_HOST_WAKING);
    cr_assert_eq(state_count(hall.state, NOUN_SESSION), 1);
}
