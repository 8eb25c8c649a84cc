// SPDX-License-Identifier: EUPL-1.2
// Where sessions go: by what hosts report, and on desktops, of which each is one person's.
#include "broker/core/placement.h"
#include "broker/base/text.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct core_fixture core;
static struct logon_decision decision, second;

static void open_hall(void)
{
    core_open(&core);
}

static void close_hall(void)
{
    core_close(&core);
}

TestSuite(placement, .init = open_hall, .fini = close_hall);

static void log_on(const char *user_name, struct logon_decision *into)
{
    core_log_on(&core, user_name, "rathaus", "neustadt/desk1", into);
}

static void end(const struct logon_decision *which)
{
    core_change(&core, which->session.id, SESSION_DESK_ENDS);
}

// The pool "office" becomes one of desktops.
static void make_desktops(bool persistent)
{
    union record record = {
        .pool = {.id = "neustadt/office", .name = "desktops", .kind = POOL_DESKTOP, .persistent = persistent}};
    core_set(&core, NOUN_POOL, &record);
}

Test(placement, a_strained_host_gets_fewer)
{
    core.load_penalty[1] = 3000;
    int on_strained = 0;
    for (int i = 0; i < 3; i++) {
        char user_name[16];
        snprintf(user_name, sizeof user_name, "p%d", i);
        log_on(user_name, &decision);
        on_strained += text_equal(decision.host.id, "neustadt/ts1");
    }
    cr_assert_leq(on_strained, 2);
    cr_assert(strstr(decision.trace.lines, "load"), "%s", decision.trace.lines);
}

Test(placement, an_unfit_or_silent_host_gets_nobody_new_but_keeps_its_people)
{
    static const enum host_health kinds[] = {HOST_UNHEALTHY, HOST_SILENT};
    for (size_t i = 0; i < 2; i++) {
        core.health[1] = core.health[2] = HOST_OK;
        log_on("anna", &decision);
        core.health[1] = core.health[2] = kinds[i];
        log_on("anna", &second);
        cr_assert(second.reconnected);
        log_on("bert", &second);
        cr_assert_eq(second.refusal, REFUSAL_NO_HOST);
        end(&decision);
    }
}

static bool everybody_is_shut_out(void *arg, const char *session_id)
{
    (void)arg;
    (void)session_id;
    return true;
}

// Silence is not enough; who was not let in either is not kept away from every other host for ever.
Test(placement, who_cannot_get_to_a_silent_host_begins_anew_elsewhere)
{
    log_on("anna", &decision);
    core.health[decision.host.id[strlen(decision.host.id) - 1] - '0'] = HOST_SILENT;
    core.source.shut_out = everybody_is_shut_out;
    log_on("anna", &second);
    cr_assert_eq(second.refusal, REFUSAL_NONE);
    cr_assert(text_equal(second.abandoned_host, decision.host.id));
}

// Its port answers before its agent does, and lets nobody in until then.
Test(placement, a_machine_that_wakes_is_waited_for)
{
    log_on("anna", &decision);
    int number = decision.host.id[strlen(decision.host.id) - 1] - '0';
    core.health[number] = HOST_SILENT;
    core.asleep[number] = true;
    log_on("anna", &second);
    cr_assert_eq(second.refusal, REFUSAL_HOST_WAKING);
}

Test(placement, a_failing_host_gets_people_only_when_there_is_no_other)
{
    core.health[1] = HOST_FAILING;
    for (int i = 0; i < 4; i++) {
        log_on("anna", &decision);
        cr_assert_str_eq(decision.host.id, "neustadt/ts2");
        end(&decision);
    }
    core.health[2] = HOST_UNHEALTHY;
    log_on("anna", &decision);
    cr_assert_str_eq(decision.host.id, "neustadt/ts1");
    core.health[2] = HOST_OK;
    log_on("anna", &second);
    cr_assert(second.reconnected, "what runs there is still found");
}

static bool failed_at_first(void *arg, const char *host_id, const char *person_id)
{
    (void)arg;
    return text_equal(host_id, "neustadt/ts1") && strstr(person_id, "anna");
}

Test(placement, whoever_got_no_desktop_gets_another_host_and_others_do_not)
{
    bool at_first = false;
    core.source.failed = failed_at_first;
    for (int i = 0; i < 20; i++) {
        log_on("anna", &decision);
        cr_assert_str_eq(decision.host.id, "neustadt/ts2");
        end(&decision);
        log_on("bert", &decision);
        at_first = at_first || text_equal(decision.host.id, "neustadt/ts1");
        end(&decision);
    }
    cr_assert(at_first);
}

Test(placement, a_lost_hosts_people_begin_anew_elsewhere_and_are_told)
{
    log_on("anna", &decision);
    int number = decision.host.id[strlen(decision.host.id) - 1] - '0';
    core.health[number] = HOST_UNREACHABLE;
    log_on("anna", &second);
    cr_assert_eq(second.refusal, REFUSAL_NONE);
    cr_assert_not(second.reconnected);
    cr_assert(text_equal(second.abandoned_host, decision.host.id));
    cr_assert_eq(state_count(core.state, NOUN_SESSION), 1);
}

Test(placement, a_desktop_is_for_one_person)
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

Test(placement, a_kept_desktop_waits_for_its_person)
{
    make_desktops(true);
    log_on("anna", &decision);
    log_on("bert", &second);
    end(&decision);
    end(&second);
    core_decide(&core, "clara", "rathaus", "neustadt/desk1", &second);
    cr_assert_eq(second.refusal, REFUSAL_HOSTS_FULL, "%s", second.trace.lines);
    log_on("anna", &second);
    cr_assert(text_equal(second.host.id, decision.host.id));
    cr_assert(text_equal(state_host(core.state, decision.host.id)->owner, "neustadt/p-anna"));
}

static int number_of(const struct logon_decision *which)
{
    return which->host.id[strlen(which->host.id) - 1] - '0';
}

static int owned_by(const char *person_id)
{
    const struct sorted_table *hosts = state_table(core.state, NOUN_HOST);
    int count = 0;
    for (size_t i = 0; i < hosts->count; i++)
        count += text_equal(((const struct host *)hosts->records[i])->owner, person_id);
    return count;
}

Test(placement, while_ones_own_desktop_cannot_be_had_another_is_lent)
{
    make_desktops(true);
    for (int way = 0; way < 2; way++) {
        log_on("anna", &decision);
        end(&decision);
        if (way == 0)
            core_drain(&core, decision.host.id, true);
        else
            core.health[number_of(&decision)] = HOST_UNREACHABLE;
        log_on("anna", &second);
        cr_assert_eq(second.refusal, REFUSAL_NONE, "%s", second.trace.lines);
        cr_assert_not(text_equal(second.host.id, decision.host.id));
        cr_assert_eq(owned_by("neustadt/p-anna"), 1, "lent, not hers");
        end(&second);
        core_drain(&core, decision.host.id, false);
        core.health[number_of(&decision)] = HOST_OK;
    }
    log_on("anna", &second);
    cr_assert(text_equal(second.host.id, decision.host.id));
    log_on("bert", &second);
    cr_assert_eq(second.refusal, REFUSAL_NONE, "what was lent is free again");
    cr_assert_eq(owned_by("neustadt/p-bert"), 1);
}

Test(placement, of_two_of_ones_own_the_one_that_is_awake)
{
    make_desktops(true);
    for (int number = 1; number <= 2; number++) {
        union record record = {.host = *state_host(core.state, number == 1 ? "neustadt/ts1" : "neustadt/ts2")};
        TEXT_PUT(record.host.owner, "neustadt/p-anna");
        core_set(&core, NOUN_HOST, &record);
    }
    for (int asleep = 1; asleep <= 2; asleep++) {
        core.asleep[asleep] = true;
        core.health[asleep] = HOST_UNREACHABLE;
        core_decide(&core, "anna", "rathaus", "neustadt/desk1", &decision);
        cr_assert_eq(decision.refusal, REFUSAL_NONE, "%s", decision.trace.lines);
        core.asleep[asleep] = false;
        core.health[asleep] = HOST_OK;
    }
}

Test(placement, a_sleeping_desktop_is_woken_when_no_other_is_free)
{
    make_desktops(false);
    core.health[1] = HOST_UNREACHABLE;
    core.asleep[1] = true;
    log_on("anna", &decision);
    cr_assert(text_equal(decision.host.id, "neustadt/ts2"));
    log_on("bert", &second);
    cr_assert_eq(second.refusal, REFUSAL_HOST_WAKING);
    cr_assert(text_equal(second.host.id, "neustadt/ts1"));
    cr_assert_eq(second.event_count, 0);
    core.health[1] = HOST_OK;
    core.asleep[1] = false;
    log_on("bert", &second);
    cr_assert_eq(second.refusal, REFUSAL_NONE);
}

Test(placement, ones_own_desktop_is_woken_rather_than_another_taken)
{
    make_desktops(true);
    log_on("anna", &decision);
    end(&decision);
    core.health[number_of(&decision)] = HOST_UNREACHABLE;
    core.asleep[number_of(&decision)] = true;
    log_on("anna", &second);
    cr_assert_eq(second.refusal, REFUSAL_HOST_WAKING, "%s", second.trace.lines);
    cr_assert(text_equal(second.host.id, decision.host.id));
}

Test(placement, a_running_session_on_a_sleeping_desktop_is_woken_not_lost)
{
    make_desktops(false);
    log_on("anna", &decision);
    core.health[number_of(&decision)] = HOST_UNREACHABLE;
    core.asleep[number_of(&decision)] = true;
    log_on("anna", &second);
    cr_assert_eq(second.refusal, REFUSAL_HOST_WAKING);
    cr_assert_eq(state_count(core.state, NOUN_SESSION), 1);
}
