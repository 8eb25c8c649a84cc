// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/state.h"
#include "broker/base/mem.h"
#include "broker/core/record_check.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct core_fixture core;

static void open_hall(void)
{
    core_open(&core);
}

static void close_hall(void)
{
    core_close(&core);
}

TestSuite(state, .init = open_hall, .fini = close_hall);

static void log_on_three(void)
{
    struct logon_decision decision;
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    core_log_on(&core, "bert", "bauamt", "neustadt/desk2", &decision);
    core_log_on(&core, "dora", "rathaus", "altdorf/desk1", &decision);
}

Test(state, is_the_same_after_print_and_read)
{
    struct text before = {0}, after = {0};
    struct fault why;
    log_on_three();
    state_print(core.state, &before);
    struct state *again = state_new();
    cr_assert(state_read(again, before.bytes, before.length, &why), "%s", why.text);
    state_print(again, &after);
    cr_assert_str_eq(before.bytes, after.bytes);
    cr_assert_eq(state_uses(again, NOUN_POOL, "neustadt/office"), state_uses(core.state, NOUN_POOL, "neustadt/office"));
    state_free(again);
    text_drop(&before);
    text_drop(&after);
}

Test(state, a_copy_stands_on_its_own)
{
    struct state *copy = state_copy(core.state);
    log_on_three();
    cr_assert_eq(state_count(copy, NOUN_SESSION), 0);
    cr_assert_eq(state_count(copy, NOUN_HOST), state_count(core.state, NOUN_HOST));
    state_free(copy);
}

Test(state, a_cut_snapshot_is_refused)
{
    struct text printed = {0};
    struct fault why;
    state_print(core.state, &printed);
    struct state *again = state_new();
    cr_assert_not(state_read(again, printed.bytes, printed.length - 1, &why));
    cr_assert_eq(why.kind, FAULT_BROKEN);
    state_free(again);
    text_drop(&printed);
}

Test(state, events_read_as_they_were_printed)
{
    struct logon_decision decision;
    struct text printed = {0};
    struct fault why;
    core_decide(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    event_print(&decision.events[0], &printed);
    struct event again;
    memset(&again, 0x5a, sizeof again);
    cr_assert(event_read(&again, printed.bytes, printed.length, &why), "%s", why.text);
    cr_assert_eq(again.type, EVENT_SESSION_STARTED);
    cr_assert_str_eq(again.why, decision.events[0].why);
    cr_assert_eq(memcmp(&again.record.session, &decision.events[0].record.session, sizeof(struct session)), 0);
    text_drop(&printed);
}

Test(state, an_event_of_a_later_version_is_refused)
{
    static const char later[] = "{\"v\":2,\"type\":\"host.removed\",\"id\":\"a/b\",\"by\":\"x\"}";
    static const char unknown[] = "{\"v\":1,\"type\":\"host.exploded\",\"id\":\"a/b\",\"by\":\"x\"}";
    struct event event;
    struct fault why;
    cr_assert_not(event_read(&event, later, strlen(later), &why));
    cr_assert_not(event_read(&event, unknown, strlen(unknown), &why));
}

Test(state, counts_who_refers_to_whom)
{
    struct logon_decision decision;
    cr_assert_eq(state_uses(core.state, NOUN_POOL, "neustadt/office"), 3); // two hosts and a profile
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(state_uses(core.state, NOUN_POOL, "neustadt/office"), 4);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk2", &decision);
    cr_assert_eq(state_uses(core.state, NOUN_DEVICE, "neustadt/desk1"), 0);
    cr_assert_eq(state_uses(core.state, NOUN_DEVICE, "neustadt/desk2"), 1);
    cr_assert_eq(state_uses(core.state, NOUN_HOST, decision.host.id), 1);
}

static size_t count_of(enum state_order owner, const char *id)
{
    size_t count = 0;
    struct session_walk walk = state_sessions_of(core.state, owner, id);
    while (state_next_session(&walk))
        count++;
    return count;
}

Test(state, finds_the_sessions_of_a_host_a_device_and_a_person)
{
    struct logon_decision anna, other;
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &anna);
    core_log_on(&core, "anna", "bauamt", "neustadt/desk2", &other);
    cr_assert_eq(count_of(SESSIONS_OF_PERSON, "neustadt/p-anna"), 2, "one a pool");
    cr_assert_eq(count_of(SESSIONS_OF_HOST, anna.host.id), 1);
    cr_assert_eq(count_of(SESSIONS_OF_DEVICE, "neustadt/desk1"), 1);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk2", &anna);
    cr_assert_eq(count_of(SESSIONS_OF_DEVICE, "neustadt/desk1"), 0);
    cr_assert_eq(count_of(SESSIONS_OF_DEVICE, "neustadt/desk2"), 2);
    core_change(&core, anna.session.id, SESSION_HOST_ENDS);
    cr_assert_eq(count_of(SESSIONS_OF_PERSON, "neustadt/p-anna"), 1);
    cr_assert_eq(count_of(SESSIONS_OF_HOST, anna.host.id), 0);
    cr_assert_eq(count_of(SESSIONS_OF_PERSON, "neustadt/p-ann"), 0, "a part of an id is none");
    cr_assert(state_is_sound(core.state));
}

static void remove_and_set(enum noun noun, const char *id)
{
    struct event event = {.type = EVENT_REMOVED, .noun = noun};
    union record record;
    memcpy(&record, state_find(core.state, noun, id), noun_rows[noun].size);
    TEXT_PUT(event.record.id, id);
    state_apply(core.state, &event);
    core_set(&core, noun, &record);
}

// It was replaced while a session that nobody saw had been opened there last.
Test(state, counts_on_when_a_device_comes_back)
{
    struct logon_decision anna;
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &anna);
    core_change(&core, anna.session.id, SESSION_DESK_DISCONNECTS);
    remove_and_set(NOUN_DEVICE, "neustadt/desk1");
    cr_assert_eq(state_uses(core.state, NOUN_DEVICE, "neustadt/desk1"), 1);
    cr_assert(state_is_sound(core.state));
    core_log_on(&core, "anna", "rathaus", "neustadt/desk2", &anna);
    cr_assert_eq(state_uses(core.state, NOUN_DEVICE, "neustadt/desk1"), 0);
    cr_assert(state_is_sound(core.state));
}

static void set_substitute(const char *id, const char *substitute)
{
    union record printer = {.printer = {.name = "printer", .uri = "ipp://p/", .site = "neustadt/rathaus"}};
    TEXT_PUT(printer.printer.id, id);
    TEXT_PUT(printer.printer.substitute, substitute);
    core_set(&core, NOUN_PRINTER, &printer);
}

// Also when one is named before it is there, as a snapshot has them in the order of their ids.
Test(state, counts_printers_that_are_each_others_substitutes)
{
    struct text text = {0};
    struct fault why;
    set_substitute("neustadt/a", "");
    set_substitute("neustadt/b", "neustadt/a");
    set_substitute("neustadt/a", "neustadt/b");
    cr_assert_eq(state_uses(core.state, NOUN_PRINTER, "neustadt/a"), 1);
    cr_assert_eq(state_uses(core.state, NOUN_PRINTER, "neustadt/b"), 1);
    cr_assert(state_is_sound(core.state));
    state_print(core.state, &text);
    struct state *again = state_new();
    cr_assert(state_read(again, text.bytes, text.length, &why), "%s", why.text);
    cr_assert_eq(state_uses(again, NOUN_PRINTER, "neustadt/b"), 1);
    cr_assert(state_is_sound(again));
    state_free(again);
    text_drop(&text);
}

Test(state, remembers_the_sessions_that_ended_last)
{
    struct logon_decision anna;
    cr_assert_null(state_ended(core.state, 0));
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &anna);
    core_change(&core, anna.session.id, SESSION_ADMIN_ENDS);
    cr_assert_str_eq(state_ended(core.state, 0)->id, anna.session.id);
    cr_assert_null(state_ended(core.state, 1));
    struct event event = {
        .type = EVENT_SESSION_ENDED, .noun = NOUN_SESSION, .record.session = *state_ended(core.state, 0)};
    for (int i = 1; i <= STATE_ENDED_MAX + 2; i++) {
        event.record.session.changed_ms = i;
        state_apply(core.state, &event);
    }
    cr_assert_eq(state_ended(core.state, 0)->changed_ms, STATE_ENDED_MAX + 2);
    cr_assert_eq(state_ended(core.state, STATE_ENDED_MAX - 1)->changed_ms, 3);
    cr_assert_null(state_ended(core.state, STATE_ENDED_MAX));
}

// Jobs of theirs may wait when the broker is started again.
Test(state, sessions_that_ended_lately_are_in_a_snapshot_for_as_long_as_a_job_may_wait)
{
    struct text snapshot = {0};
    struct fault why;
    struct logon_decision anna, bert;
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &anna);
    core_log_on(&core, "bert", "bauamt", "neustadt/desk2", &bert);
    core_change(&core, anna.session.id, SESSION_ADMIN_ENDS);
    core.now_ms += 1000;
    core_change(&core, bert.session.id, SESSION_ADMIN_ENDS);
    core.now_ms += STATE_ENDED_KEPT_MS - 1000;
    for (size_t left = 2; left > 0; left--, core.now_ms += 1) {
        struct state *again = state_new();
        snapshot.length = 0;
        state_print(core.state, &snapshot);
        cr_assert(state_read(again, snapshot.bytes, snapshot.length, &why), "%s", why.text);
        cr_assert_str_eq(state_ended(again, 0)->id, bert.session.id);
        cr_assert_eq(state_ended(again, 0)->changed_ms, state_ended(core.state, 0)->changed_ms);
        cr_assert_eq(state_ended(again, 1) != NULL, left == 2);
        cr_assert_null(state_session(again, bert.session.id));
        state_free(again);
    }
    text_drop(&snapshot);
}

Test(state, knows_how_far_the_accounts_of_a_print_server_are)
{
    struct text text = {0};
    struct fault why;
    struct event event = {.type = EVENT_JOB_PRINTED, .noun = NOUN_JOB}, again = {0};
    event.record.job = (struct print_job){.id = "neustadt/j-1",
                                          .person = "neustadt/p-1",
                                          .printer = "neustadt/room1",
                                          .server = "neustadt/print",
                                          .number = 7,
                                          .impressions = 3};
    event_print(&event, &text);
    cr_assert(event_read(&again, text.bytes, text.length, &why), "%s", why.text);
    cr_assert_eq(event_keep(text.bytes, text.length), EVENT_KEEP_SESSIONS); // as accounts of sessions
    state_apply(core.state, &again);
    state_apply(core.state, &again);
    const struct print_server *server = state_find(core.state, NOUN_PRINT_SERVER, "neustadt/print");
    cr_assert_eq(server->accounts, 7);
    cr_assert_eq(state_count(core.state, NOUN_JOB), 0);
    again.record.job.number = 6; // they never go back
    state_apply(core.state, &again);
    cr_assert_eq(server->accounts, 7);
    TEXT_PUT(again.record.job.server, "neustadt/gone");
    state_apply(core.state, &again);
    cr_assert(state_is_sound(core.state));
    text_drop(&text);
}

Test(state, knows_how_far_the_accounts_of_a_gateway_are)
{
    struct event event = {.type = EVENT_CHANNEL_CLOSED, .noun = NOUN_CHANNEL};
    event.record.channel = (struct channel){.id = "neustadt/c-1", .gateway = "neustadt/gw", .run = 9, .number = 7};
    struct channel *channel = &event.record.channel;
    const struct gateway *gateway = state_find(core.state, NOUN_GATEWAY, "neustadt/gw");
    state_apply(core.state, &event);
    cr_assert(gateway->run == 9 && gateway->ends == 7);
    channel->number = 6; // they never go back
    state_apply(core.state, &event);
    cr_assert(gateway->run == 9 && gateway->ends == 7);
    channel->run = 4; // but for one that was started again
    channel->number = 1;
    state_apply(core.state, &event);
    cr_assert(gateway->run == 4 && gateway->ends == 1);
    channel->number = 0; // that the gateway has not told of
    channel->run = 0;
    state_apply(core.state, &event);
    cr_assert(gateway->run == 4 && gateway->ends == 1);
    cr_assert_eq(state_count(core.state, NOUN_CHANNEL), 0);
    TEXT_PUT(channel->gateway, "neustadt/gone");
    state_apply(core.state, &event);
    cr_assert(state_is_sound(core.state));
}

Test(state, accepts_no_reference_across_tenants)
{
    struct fault why;
    union record record = {.host = {.port = 3389, .weight = 100, .max_sessions = 1}};
    TEXT_PUT(record.host.id, "altdorf/ts9");
    TEXT_PUT(record.host.pool, "neustadt/office");
    cr_assert_not(record_check(core.state, NOUN_HOST, &record, &why));
    cr_assert_str_eq(why.text, "pool: there is no pool \"neustadt/office\"");
    TEXT_PUT(record.host.pool, "altdorf/office");
    cr_assert(record_check(core.state, NOUN_HOST, &record, &why), "%s", why.text);
}

Test(state, accepts_no_nonsense)
{
    static const char *const hours[] = {"6-20",         "06:00-06:00", "06:00-25:00", "24:00-06:00",
                                        "06:00-20:00x", "-1:00-20:00", "06:60-20:00"};
    struct fault why;
    union record record = {.profile = {.name = "x"}};
    TEXT_PUT(record.profile.id, "neustadt/x");
    TEXT_PUT(record.profile.pool, "neustadt/office");
    for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
        TEXT_PUT(record.profile.hours, hours[i]);
        cr_assert_not(record_check(core.state, NOUN_PROFILE, &record, &why), "%s", hours[i]);
    }
    TEXT_PUT(record.profile.hours, "06:00-24:00");
    TEXT_PUT(record.profile.days, "mon someday");
    cr_assert_not(record_check(core.state, NOUN_PROFILE, &record, &why));
    TEXT_PUT(record.profile.days, "mon fri");
    cr_assert(record_check(core.state, NOUN_PROFILE, &record, &why), "%s", why.text);
}

static void expect_host(const char *address, const char *wake, const char *complaint)
{
    struct fault why = {0};
    union record record = {.host = {.port = 3389, .weight = 100, .max_sessions = 1}};
    TEXT_PUT(record.host.id, "neustadt/pc1");
    TEXT_PUT(record.host.pool, "neustadt/office");
    TEXT_PUT(record.host.address, address);
    TEXT_PUT(record.host.wake, wake);
    bool accepted = record_check(core.state, NOUN_HOST, &record, &why);
    cr_assert_eq(accepted, !*complaint, "%s %s: %s", address, wake, why.text);
    cr_assert(text_starts(why.text, complaint), "%s", why.text);
}

Test(state, an_address_is_a_name_or_in_figures_and_never_an_option)
{
    expect_host("pc1.neustadt.example", "", "");
    expect_host("10.77.3.1", "", "");
    expect_host("fe80::1%eth0", "", "address: ");
    expect_host("--help", "", "address: ");
    expect_host("pc1=x", "", "address: ");
    expect_host("pc1 pc2", "", "address: ");
    expect_host("pc1;reboot", "", "address: ");
    expect_host("pc1/../x", "", "address: ");
}

static void allow_networks(const char *networks)
{
    struct event event = {.type = EVENT_SET, .noun = NOUN_TENANT};
    event.record.tenant = *state_tenant(core.state, "neustadt");
    TEXT_PUT(event.record.tenant.host_networks, networks);
    state_apply(core.state, &event);
}

Test(state, a_host_is_where_the_district_allows_the_tenant_to_have_some)
{
    static const char *const never[] = {"127.0.0.1",   "::1",     "::ffff:127.0.0.1", "0.0.0.0", "::",
                                        "169.254.0.1", "fe80::1", "224.0.0.1",        "ff02::1", "255.255.255.255"};
    expect_host("192.168.1.1", "", "");
    expect_host("fd00::1", "", "");
    expect_host("8.8.8.8", "", "address: ");
    expect_host("2001:db8::1", "", "address: ");
    allow_networks("10.1.0.0/16 2001:db8::/32");
    expect_host("10.1.2.3", "", "");
    expect_host("::ffff:10.1.2.3", "", "");
    expect_host("2001:db8::1", "", "");
    expect_host("10.2.0.1", "", "address: ");
    expect_host("192.168.1.1", "", "address: ");
    allow_networks("0.0.0.0/0 ::/0");
    expect_host("8.8.8.8", "", "");
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        expect_host(never[i], "", "address: ");
}

Test(state, networks_of_hosts_are_networks)
{
    struct fault why = {0};
    union record record = {.tenant = *state_tenant(core.state, "neustadt")};
    TEXT_PUT(record.tenant.host_networks, "10.1.0.0/16 fd00::/8 192.0.2.7");
    cr_expect(record_check(core.state, NOUN_TENANT, &record, &why), "%s", why.text);
    TEXT_PUT(record.tenant.host_networks, "10.1.0.0/16 10.1.2.3/16");
    cr_expect_not(record_check(core.state, NOUN_TENANT, &record, &why));
    cr_expect(text_starts(why.text, "host_networks: "), "%s", why.text);
}

Test(state, a_host_is_woken_by_hardware_addresses_or_the_command)
{
    expect_host("pc1", "00:1b:21:aa:bb:cc", "");
    expect_host("pc1", "00-1B-21-AA-BB-CC 00:1b:21:aa:bb:dd command", "");
    expect_host("pc1", "00:1b:21:aa:bb", "wake: ");
    expect_host("pc1", "00:1b:21:aa:bb:cc commands", "wake: ");
    expect_host("pc1", "reboot", "wake: ");
}
