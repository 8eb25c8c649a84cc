// SPDX-License-Identifier: EUPL-1.2
// What crosses the border between tenants by a grant: what it names, while it is in force, and nothing else.
#include "broker/core/grant.h"
#include "broker/base/text.h"
#include "broker/core/approval.h"
#include "broker/core/record_check.h"
#include "broker/core/session.h"
#include "broker/core/wall.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct core_fixture core;
static const int64_t hour_ms = 60 * 60 * 1000;
static const struct peer admin = {.role = ROLE_ADMIN, .tenant = "altdorf", .id = "altdorf/anton"};

static void open_town(void)
{
    core_open(&core);
}

static void close_town(void)
{
    core_close(&core);
}

TestSuite(grant, .init = open_town, .fini = close_town);

static struct grant in_force(const char *id, const char *to, enum noun noun, const char *thing)
{
    struct grant grant = {.reason = "why", .until_ms = core.now_ms + hour_ms, .since_ms = core.now_ms};
    TEXT_PUT(grant.id, id);
    TEXT_PUT(grant.to, to);
    text_put((char *)(uintptr_t)grant_thing(&grant, noun), ID_SIZE, thing);
    for (size_t side = 0; side < GRANT_SIDE_COUNT; side++)
        grant.approvals[side] = (struct grant_approval){"x/y", core.now_ms};
    return grant;
}

static void set_grant(const struct grant *grant)
{
    union record record = {.grant = *grant};
    core_set(&core, NOUN_GRANT, &record);
}

static void give(const char *id, const char *to, enum noun noun, const char *thing)
{
    struct grant grant = in_force(id, to, noun, thing);
    set_grant(&grant);
}

static void remove_grant(const char *id)
{
    struct event event = {.type = EVENT_GRANT_REVOKED, .noun = NOUN_GRANT};
    event.record.grant = *(const struct grant *)state_find(core.state, NOUN_GRANT, id);
    state_apply(core.state, &event);
}

// ---- the life of one

static void expect_fault(const struct grant *wanted, const char *sentence)
{
    struct fault why = {0};
    cr_assert_not(approval_check(wanted, core.now_ms, &why), "%s", sentence);
    cr_assert(strstr(why.text, sentence), "%s", why.text);
}

Test(grant, is_asked_for_with_all_that_belongs_to_it)
{
    struct fault why;
    const struct grant good = {
        .to = "altdorf", .pool = "neustadt/office", .reason = "why", .until_ms = core.now_ms + hour_ms};
    struct grant wanted = good;
    cr_assert(approval_check(&wanted, core.now_ms, &why));
    TEXT_PUT(wanted.id, "neustadt/g-1");
    expect_fault(&wanted, "id: ");
    wanted = good;
    TEXT_PUT(wanted.to, "neustadt");
    expect_fault(&wanted, "to: a tenant needs no grant");
    TEXT_PUT(wanted.to, "a/b");
    expect_fault(&wanted, "to: not a valid id");
    wanted = good;
    TEXT_PUT(wanted.printer, "neustadt/room1");
    expect_fault(&wanted, "one printer, one pool or one site");
    wanted.printer[0] = wanted.pool[0] = 0;
    expect_fault(&wanted, "one printer, one pool or one site");
    TEXT_PUT(wanted.pool, "office");
    expect_fault(&wanted, "pool: not a valid id");
    wanted = good;
    wanted.reason[0] = 0;
    expect_fault(&wanted, "reason: ");
    wanted = good;
    wanted.review_ms = wanted.until_ms;
    expect_fault(&wanted, "either until or review");
    wanted.until_ms = 0;
    cr_assert(approval_check(&wanted, core.now_ms, &why));
    wanted.review_ms = core.now_ms;
    expect_fault(&wanted, "review: this time is in the past");
    wanted.review_ms = core.now_ms + (APPROVAL_DAYS_MAX * 24 + 1) * hour_ms;
    expect_fault(&wanted, "review: at most 366 days ahead");
}

Test(grant, is_in_force_once_somebody_of_each_side_has_approved_it_and_until_its_time)
{
    struct fault why;
    struct grant grant = {.id = "neustadt/g-1", .to = "altdorf", .pool = "neustadt/office"};
    grant.until_ms = core.now_ms + hour_ms;
    cr_assert(approval_give(core.state, &grant, GRANT_GIVER, "landkreis/kim", core.now_ms, &why));
    cr_assert_not(grant_is_in_force(&grant, core.now_ms));
    cr_assert_not(approval_give(core.state, &grant, GRANT_GIVER, "neustadt/nora", core.now_ms, &why));
    cr_assert_not(approval_give(core.state, &grant, GRANT_RECEIVER, "landkreis/kim", core.now_ms, &why));
    cr_assert(strstr(why.text, "somebody else"), "%s", why.text);
    cr_assert_not(grant_is_in_force(&grant, core.now_ms));
    cr_assert(approval_give(core.state, &grant, GRANT_RECEIVER, "altdorf/anton", core.now_ms, &why));
    cr_assert(grant_is_in_force(&grant, core.now_ms));
    cr_assert(grant_is_in_force(&grant, grant.until_ms - 1));
    cr_assert_not(grant_is_in_force(&grant, grant.until_ms));
    cr_assert_not(approval_give(core.state, &grant, GRANT_RECEIVER, "altdorf/anton", grant.until_ms, &why));
}

Test(grant, of_what_is_not_there_is_noticed_by_its_giver_alone)
{
    struct fault why;
    struct grant grant = {.to = "altdorf", .pool = "neustadt/nothing", .until_ms = core.now_ms + hour_ms};
    cr_assert(approval_give(core.state, &grant, GRANT_RECEIVER, "altdorf/anton", core.now_ms, &why));
    cr_assert_not(approval_give(core.state, &grant, GRANT_GIVER, "neustadt/nora", core.now_ms, &why));
    cr_assert(strstr(why.text, "there is no pool"), "%s", why.text);
}

Test(grant, with_a_review_goes_on_only_when_both_sides_confirm_it)
{
    struct fault why;
    struct grant grant = {.to = "altdorf", .pool = "neustadt/office", .review_ms = core.now_ms + 10 * hour_ms};
    cr_assert(approval_give(core.state, &grant, GRANT_RECEIVER, "altdorf/anton", core.now_ms, &why));
    cr_assert(approval_give(core.state, &grant, GRANT_GIVER, "neustadt/nora", core.now_ms, &why));
    int64_t first = grant.review_ms;
    cr_assert(approval_give(core.state, &grant, GRANT_GIVER, "neustadt/nora", core.now_ms + hour_ms, &why));
    cr_assert_eq(grant.review_ms, first);
    cr_assert(approval_give(core.state, &grant, GRANT_RECEIVER, "altdorf/anton", core.now_ms + 2 * hour_ms, &why));
    cr_assert_eq(grant.review_ms, first + 2 * hour_ms);
    cr_assert_not(grant_is_in_force(&grant, grant.review_ms));
}

Test(grant, waits_in_bounded_numbers_and_is_there_once)
{
    struct fault why;
    struct grant wanted = {.to = "altdorf", .pool = "neustadt/office", .until_ms = core.now_ms + hour_ms};
    for (int i = 0; i < APPROVAL_WAITING_MAX; i++) {
        struct grant grant = {.to = "altdorf", .until_ms = core.now_ms + hour_ms};
        cr_assert(approval_fits(core.state, &wanted, GRANT_RECEIVER, &why));
        snprintf(grant.id, sizeof grant.id, "neustadt/g-%d", i);
        snprintf(grant.pool, sizeof grant.pool, "neustadt/pool%d", i);
        grant.approvals[GRANT_RECEIVER].at_ms = core.now_ms;
        set_grant(&grant);
    }
    cr_assert_not(approval_fits(core.state, &wanted, GRANT_RECEIVER, &why));
    cr_assert(approval_fits(core.state, &wanted, GRANT_GIVER, &why));
    TEXT_PUT(wanted.pool, "neustadt/pool7");
    cr_assert_not(approval_fits(core.state, &wanted, GRANT_GIVER, &why));
    cr_assert(strstr(why.text, "neustadt/g-7 is there already"), "%s", why.text);
}

Test(grant, that_is_over_is_found_behind_the_last_one)
{
    struct event event;
    give("neustadt/g-1", "altdorf", NOUN_POOL, "neustadt/office");
    give("neustadt/g-2", "altdorf", NOUN_POOL, "neustadt/building");
    cr_assert_not(grant_overdue(core.state, "", core.now_ms, &event));
    core.now_ms += hour_ms;
    cr_assert(grant_overdue(core.state, "", core.now_ms, &event));
    cr_assert_str_eq(event.record.id, "neustadt/g-1");
    cr_assert_eq(event.type, EVENT_GRANT_ENDED);
    cr_assert(grant_overdue(core.state, "neustadt/g-1", core.now_ms, &event));
    cr_assert_str_eq(event.record.id, "neustadt/g-2");
    cr_assert_not(grant_overdue(core.state, "neustadt/g-2", core.now_ms, &event));
}

// ---- the wall

Test(grant, opens_what_it_names_to_whom_it_names_while_it_is_in_force)
{
    const struct grant *(*by)(const struct state *, const char *, enum noun, const char *) = wall_grant;
    give("neustadt/g-1", "altdorf", NOUN_POOL, "neustadt/office");
    cr_assert_str_eq(by(core.state, "altdorf", NOUN_POOL, "neustadt/office")->id, "neustadt/g-1");
    cr_assert_str_eq(by(core.state, "altdorf", NOUN_HOST, "neustadt/ts1")->id, "neustadt/g-1");
    cr_assert_null(by(core.state, "altdorf", NOUN_POOL, "neustadt/building"));
    cr_assert_null(by(core.state, "altdorf", NOUN_HOST, "neustadt/ts3"));
    cr_assert_null(by(core.state, "altdorf", NOUN_SITE, "neustadt/office"));
    give("neustadt/g-2", "altdorf", NOUN_SITE, "neustadt/rathaus");
    cr_assert_str_eq(by(core.state, "altdorf", NOUN_DEVICE, "neustadt/desk1")->id, "neustadt/g-2");
    cr_assert_null(by(core.state, "fern", NOUN_DEVICE, "neustadt/desk1"));
    cr_assert_null(by(core.state, "altdorf", NOUN_DEVICE, "neustadt/desk99"));
    remove_grant("neustadt/g-2");
    cr_assert_null(by(core.state, "altdorf", NOUN_DEVICE, "neustadt/desk1"));
    cr_assert_null(by(core.state, "fern", NOUN_POOL, "neustadt/office"));
    cr_assert_null(by(core.state, "neustadt", NOUN_POOL, "neustadt/office"));
    core.now_ms += hour_ms;
    cr_assert_null(by(core.state, "altdorf", NOUN_POOL, "neustadt/office"));
    core.now_ms -= hour_ms;
    struct grant half = in_force("neustadt/g-1", "altdorf", NOUN_POOL, "neustadt/office");
    half.since_ms = 0;
    set_grant(&half);
    cr_assert_null(by(core.state, "altdorf", NOUN_POOL, "neustadt/office"));
    struct state *without_clock = state_new();
    struct event event = {.type = EVENT_SET, .noun = NOUN_GRANT};
    event.record.grant = in_force("neustadt/g-1", "altdorf", NOUN_POOL, "neustadt/office");
    state_apply(without_clock, &event);
    cr_assert_null(by(without_clock, "altdorf", NOUN_POOL, "neustadt/office"));
    state_free(without_clock);
}

// Which methods a grant opens to the receiver's administrators, by noun: to look at what they may use. A grant itself
// is both sides'.
static bool is_opened(const struct method *method, enum noun granted)
{
    bool reads = text_equal(method->verb, "GET");
    return method->noun == NOUN_GRANT || (reads && method->noun == granted);
}

Test(grant, opens_of_every_method_only_looking_at_what_it_names)
{
    static const struct {
        enum noun noun;
        const char *thing;
    } things[] = {{NOUN_POOL, "neustadt/office"}, {NOUN_PRINTER, "neustadt/room1"}, {NOUN_SITE, "neustadt/rathaus"}};
    static const char *const tenants[] = {"altdorf", "neustadt-2", "neu", "fern"};
    for (size_t t = 0; t < sizeof things / sizeof *things; t++) {
        give("neustadt/g-1", "altdorf", things[t].noun, things[t].thing);
        for (size_t i = 0; i < method_count; i++) {
            const struct method *method = &method_rows[i];
            if (!strstr(method->path, "{id}") || (method->who != ROLE_ADMIN && method->who != ROLE_DISTRICT))
                continue;
            const char *id = method->noun == things[t].noun ? things[t].thing
                             : method->noun == NOUN_GRANT   ? "neustadt/g-1"
                             : method->noun == NOUN_HOST    ? "neustadt/ts1"
                             : method->noun == NOUN_DEVICE  ? "neustadt/desk1"
                             : method->noun == NOUN_TENANT  ? "neustadt"
                                                            : "neustadt/x";
            for (size_t k = 0; k < sizeof tenants / sizeof *tenants; k++) {
                struct peer peer = {.role = ROLE_ADMIN};
                TEXT_PUT(peer.tenant, tenants[k]);
                bool opened = k == 0 && is_opened(method, things[t].noun);
                enum refusal refusal = wall_authorize(core.state, method, &peer, id);
                cr_assert_eq(refusal == REFUSAL_NONE, opened, "%s %s by %s", method->verb, method->path, tenants[k]);
            }
            core.now_ms += hour_ms;
            cr_assert_eq(wall_authorize(core.state, method, &admin, id) == REFUSAL_NONE, method->noun == NOUN_GRANT,
                         "%s %s afterwards", method->verb, method->path);
            core.now_ms -= hour_ms;
        }
        remove_grant("neustadt/g-1");
    }
}

static void expect_walk(struct wall_walk walk, const char *expected)
{
    char ids[1000] = "";
    for (const char *id; (id = wall_next(&walk));)
        snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%s ", id);
    cr_assert_str_eq(ids, expected);
}

Test(grant, makes_a_walk_yield_what_is_given_in_the_order_of_ids)
{
    give("neustadt/g-1", "altdorf", NOUN_POOL, "neustadt/office");
    give("neustadt/g-2", "altdorf", NOUN_POOL, "neustadt/building");
    give("neustadt/g-3", "altdorf", NOUN_POOL, "neustadt/nothing");
    give("altdorf/g-4", "neustadt", NOUN_POOL, "altdorf/office");
    expect_walk(wall_walk(core.state, "altdorf", NOUN_POOL), "altdorf/office neustadt/building neustadt/office ");
    expect_walk(wall_walk(core.state, "neustadt", NOUN_POOL), "altdorf/office neustadt/building neustadt/office ");
    expect_walk(wall_walk(core.state, "altdorf", NOUN_HOST), "altdorf/ts4 neustadt/ts1 neustadt/ts2 neustadt/ts3 ");
    expect_walk(wall_walk(core.state, "altdorf", NOUN_GRANT), "altdorf/g-4 neustadt/g-1 neustadt/g-2 neustadt/g-3 ");
    expect_walk(wall_walk(core.state, "altdorf", NOUN_SITE), "altdorf/rathaus ");
    give("neustadt/g-5", "altdorf", NOUN_SITE, "neustadt/rathaus");
    expect_walk(wall_walk(core.state, "altdorf", NOUN_SITE), "altdorf/rathaus neustadt/rathaus ");
    expect_walk(wall_walk(core.state, "altdorf", NOUN_DEVICE),
                "altdorf/desk1 neustadt/desk1 neustadt/desk2 neustadt/desk3 ");
    expect_walk(wall_walk_seen(core.state, &admin, NOUN_DEVICE, ""), "altdorf/desk1 ");
    remove_grant("neustadt/g-5");
    expect_walk(wall_walk_seen(core.state, &admin, NOUN_HOST, ""), "altdorf/ts4 ");
    expect_walk(wall_walk_seen(core.state, &admin, NOUN_POOL, "altdorf/office"), "neustadt/building neustadt/office ");
    expect_walk(wall_walk_seen(core.state, &admin, NOUN_POOL, "neustadt/building"), "neustadt/office ");
    expect_walk(wall_walk_seen(core.state, &admin, NOUN_GRANT, "neustadt/g-1"), "neustadt/g-2 neustadt/g-3 ");
    remove_grant("neustadt/g-2");
    expect_walk(wall_walk(core.state, "altdorf", NOUN_HOST), "altdorf/ts4 neustadt/ts1 neustadt/ts2 ");
    core.now_ms += hour_ms;
    expect_walk(wall_walk(core.state, "altdorf", NOUN_HOST), "altdorf/ts4 ");
    expect_walk(wall_walk(core.state, "altdorf", NOUN_GRANT), "altdorf/g-4 neustadt/g-1 neustadt/g-3 ");
}

// A tenant that puts a host of its own into another's pool gives nobody anything, and gets nothing by it.
Test(grant, of_a_pool_gives_no_host_that_is_not_the_givers)
{
    union record record = {.host = *state_host(core.state, "altdorf/ts4")};
    give("neustadt/g-1", "fern", NOUN_POOL, "neustadt/office");
    TEXT_PUT(record.host.pool, "neustadt/office");
    core_set(&core, NOUN_HOST, &record);
    cr_assert_null(wall_grant(core.state, "fern", NOUN_HOST, "altdorf/ts4"));
    expect_walk(wall_walk(core.state, "fern", NOUN_HOST), "neustadt/ts1 neustadt/ts2 ");
}

Test(grant, lets_a_record_name_what_is_given_where_that_is_only_used)
{
    struct fault why;
    union record profile = {.profile = *(const struct profile *)state_find(core.state, NOUN_PROFILE, "altdorf/clerk")};
    union record host = {.host = *state_host(core.state, "altdorf/ts4")};
    union record device = {.device = *state_device(core.state, "altdorf/desk1")};
    union record printer = {.printer = {.id = "neustadt/room1", .site = "neustadt/rathaus"}};
    core_set(&core, NOUN_PRINTER, &printer);
    TEXT_PUT(profile.profile.pool, "neustadt/office");
    TEXT_PUT(host.host.pool, "neustadt/office");
    TEXT_PUT(device.device.printer, "neustadt/room1");
    cr_assert_not(record_check(core.state, NOUN_PROFILE, &profile, &why));
    cr_assert_not(record_check(core.state, NOUN_DEVICE, &device, &why));
    give("neustadt/g-1", "altdorf", NOUN_POOL, "neustadt/office");
    give("neustadt/g-2", "altdorf", NOUN_PRINTER, "neustadt/room1");
    cr_assert(record_check(core.state, NOUN_PROFILE, &profile, &why), "%s", why.text);
    cr_assert(record_check(core.state, NOUN_DEVICE, &device, &why), "%s", why.text);
    cr_assert_not(record_check(core.state, NOUN_HOST, &host, &why));
    cr_assert_str_eq(why.text, "pool: there is no pool \"neustadt/office\"");
    core.now_ms += hour_ms;
    cr_assert_not(record_check(core.state, NOUN_PROFILE, &profile, &why));
}

// ---- a session on a pool that was given

static void move_altdorf_to_the_office(void)
{
    union record profile = {.profile = *(const struct profile *)state_find(core.state, NOUN_PROFILE, "altdorf/clerk")};
    TEXT_PUT(profile.profile.pool, "neustadt/office");
    core_set(&core, NOUN_PROFILE, &profile);
}

Test(grant, gives_people_sessions_on_its_hosts_until_its_time_is_over)
{
    struct logon_decision decision;
    char user_name[USER_NAME_SIZE] = "anna", own_name[USER_NAME_SIZE] = "anna";
    move_altdorf_to_the_office();
    core_decide(&core, "anna", "rathaus", "altdorf/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NO_GRANT);
    give("neustadt/g-1", "altdorf", NOUN_POOL, "neustadt/office");
    core_log_on(&core, "anna", "rathaus", "altdorf/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NONE, "%s", decision.trace.lines);
    cr_assert(wall_owns("neustadt", decision.session.host));
    cr_assert(wall_owns("altdorf", decision.session.id));
    cr_assert(strstr(decision.trace.lines, "by grant neustadt/g-1"), "%s", decision.trace.lines);
    cr_assert(session_user_name(core.state, &decision.session, user_name));
    cr_assert_str_eq(user_name, "anna@altdorf");
    char id[ID_SIZE];
    TEXT_PUT(id, decision.session.id);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    cr_assert(session_user_name(core.state, &decision.session, own_name));
    cr_assert_str_eq(own_name, "anna");
    core_log_on(&core, "anna", "rathaus", "altdorf/desk1", &decision);
    cr_assert(decision.reconnected);
    core.now_ms += hour_ms;
    core_decide(&core, "anna", "rathaus", "altdorf/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NO_GRANT);
    cr_assert_eq(decision.event_count, 0);
    cr_assert_not_null(state_session(core.state, id));
}

// ---- at a desk of a site that was given

Test(grant, lets_people_log_on_at_its_desks_by_their_whole_name_until_its_time_is_over)
{
    struct logon_decision decision;
    give("neustadt/g-1", "fern", NOUN_SITE, "neustadt/rathaus");
    cr_assert_str_eq(wall_directory(core.state, "neustadt/desk1", "anna@altdorf")->id, "neustadt");
    give("neustadt/g-2", "altdorf", NOUN_SITE, "neustadt/rathaus");
    cr_assert_str_eq(wall_directory(core.state, "neustadt/desk1", "anna@altdorf")->id, "altdorf");
    cr_assert_str_eq(wall_directory(core.state, "neustadt/desk1", "anna@Altdorf")->id, "altdorf");
    static const char *const others[] = {"anna",
                                         "anna@",
                                         "@",
                                         "",
                                         "altdorf",
                                         "anna@neustadt",
                                         "anna@altdorf@neustadt",
                                         "anna@nirgends",
                                         "anna@altdorf.example",
                                         "altdorf\\anna"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert_str_eq(wall_directory(core.state, "neustadt/desk1", others[i])->id, "neustadt", "%s", others[i]);
    cr_assert_str_eq(wall_directory(core.state, "altdorf/desk1", "anna@neustadt")->id, "altdorf");

    core_log_on(&core, "anna@altdorf", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NONE, "%s", decision.trace.lines);
    cr_assert(wall_owns("altdorf", decision.session.host));
    cr_assert_str_eq(decision.session.device, "neustadt/desk1");
    cr_assert(strstr(decision.trace.lines, "device neustadt/desk1 of another tenant may be used by grant neustadt/g-2"),
              "%s", decision.trace.lines);
    // The same session follows them home, and back.
    core_log_on(&core, "anna", "rathaus", "altdorf/desk1", &decision);
    cr_assert(decision.reconnected);
    cr_assert_null(strstr(decision.trace.lines, "grant"), "%s", decision.trace.lines);
    core_log_on(&core, "anna@altdorf", "rathaus", "neustadt/desk1", &decision);
    cr_assert(decision.reconnected);
    core.now_ms += hour_ms;
    cr_assert_str_eq(wall_directory(core.state, "neustadt/desk1", "anna@altdorf")->id, "neustadt");
}

Test(grant, of_a_site_gives_no_desk_that_is_not_the_givers)
{
    union record record = {.device = *state_device(core.state, "altdorf/desk1")};
    give("neustadt/g-1", "fern", NOUN_SITE, "neustadt/rathaus");
    TEXT_PUT(record.device.site, "neustadt/rathaus");
    core_set(&core, NOUN_DEVICE, &record);
    cr_assert_null(wall_grant(core.state, "fern", NOUN_DEVICE, "altdorf/desk1"));
    expect_walk(wall_walk(core.state, "fern", NOUN_DEVICE), "neustadt/desk1 neustadt/desk2 neustadt/desk3 ");
}

Test(grant, names_no_account_that_does_not_fit)
{
    struct session session = {.person = "altdorf/p-1", .host = "neustadt/ts1"};
    char user_name[USER_NAME_SIZE];
    memset(user_name, 'a', sizeof user_name - 1);
    user_name[sizeof user_name - 1] = 0;
    cr_assert_not(session_user_name(core.state, &session, user_name));
}

// ---- the state

Test(grant, that_is_gone_may_leave_names_behind_which_count_again)
{
    struct event removed = {.type = EVENT_REMOVED, .noun = NOUN_POOL, .record.id = "neustadt/empty"};
    union record pool = {.pool = {.id = "neustadt/empty", .name = "empty"}};
    union record profile = {.profile = *(const struct profile *)state_find(core.state, NOUN_PROFILE, "altdorf/clerk")};
    core_set(&core, NOUN_POOL, &pool);
    TEXT_PUT(profile.profile.pool, "neustadt/empty");
    core_set(&core, NOUN_PROFILE, &profile);
    cr_assert_eq(state_uses(core.state, NOUN_POOL, "neustadt/empty"), 1);
    state_apply(core.state, &removed);
    cr_assert(state_is_sound(core.state));
    core_set(&core, NOUN_POOL, &pool);
    cr_assert_eq(state_uses(core.state, NOUN_POOL, "neustadt/empty"), 1);
    cr_assert(state_is_sound(core.state));
    TEXT_PUT(profile.profile.pool, "altdorf/office");
    core_set(&core, NOUN_PROFILE, &profile);
    cr_assert_eq(state_uses(core.state, NOUN_POOL, "neustadt/empty"), 0);
    cr_assert(state_is_sound(core.state));
}

Test(grant, comes_out_of_the_journal_and_a_snapshot_as_it_was)
{
    struct fault why;
    owned(text) struct text snapshot = {0}, payload = {0};
    struct event again = {0};
    struct event event = {.type = EVENT_GRANT_ENDED, .noun = NOUN_GRANT, .by = "broker", .why = "its time was over"};
    event.record.grant = in_force("neustadt/g-1", "altdorf", NOUN_POOL, "neustadt/office");
    event_print(&event, &payload);
    cr_assert(event_read(&again, payload.bytes, payload.length, &why), "%s", why.text);
    cr_assert_eq(memcmp(&again.record.grant, &event.record.grant, sizeof event.record.grant), 0);
    give("neustadt/g-1", "altdorf", NOUN_POOL, "neustadt/office");
    state_print(core.state, &snapshot);
    struct state *replayed = state_new();
    cr_assert(state_read(replayed, snapshot.bytes, snapshot.length, &why), "%s", why.text);
    cr_assert_not_null(state_behind(replayed, GRANTS_TO_TENANT, "altdorf", ""));
    cr_assert(state_is_sound(replayed));
    state_apply(replayed, &again);
    cr_assert_null(state_behind(replayed, GRANTS_TO_TENANT, "altdorf", ""));
    cr_assert(state_is_sound(replayed));
    state_free(replayed);
}
