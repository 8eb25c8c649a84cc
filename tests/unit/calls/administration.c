// SPDX-License-Identifier: EUPL-1.2
// What an administrator sees and does over the years: things in trouble, things that go, things others stand on.
#include "broker/api/link_rows.h"
#include "broker/base/clock.h"
#include "broker/calls/admin_sessions.h"
#include "broker/calls/certificates.h"
#include "broker/calls/disk_alarm.h"
#include "broker/calls/host_messages.h"
#include "broker/calls/link_handlers.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(administration, .init = calls_open, .fini = calls_close);

static json_object *status_of(void)
{
    return calls_call(METHOD_STATUS, NOUN_NONE, "", "{}");
}

// A pool whose hosts run on but take nobody new is no pool in order: the next who logs on is turned away.
Test(administration, a_host_that_takes_nobody_new_is_in_trouble)
{
    static const enum host_health kinds[] = {HOST_UNHEALTHY, HOST_SILENT, HOST_UNREACHABLE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        calls.core.health[1] = kinds[i];
        owned(json) json_object *status = status_of();
        json_object *problems = codec_member(status, "problems");
        cr_assert_eq(json_object_array_length(problems), 1, "%s", host_health_names[kinds[i]]);
        cr_assert_str_eq(codec_string(json_object_array_get_idx(problems, 0), "host"), "neustadt/ts1");
        cr_assert_eq(codec_number(status, "hosts"), 4);
        cr_assert_eq(codec_number(status, "hosts_ok"), 3);
    }
    calls.core.health[1] = HOST_UNKNOWN;
    calls.core.health[2] = HOST_UNREACHABLE;
    calls.core.asleep[2] = true;
    owned(json) json_object *status = status_of();
    cr_assert_eq(codec_number(status, "hosts_ok"), 4, "one not looked at yet, one asleep");
}

Test(administration, a_flood_is_shown_while_it_lasts_and_from_where_to_the_district)
{
    struct listener_figures flood = {
        .unproven = 7, .dropped_full = 99, .flood_since_ms = clock_steady_ms(), .flood_dropped = 12};
    TEXT_PUT(flood.network, "2001:db8::/64");
    owned(json) json_object *before = status_of();
    cr_assert_eq(json_object_array_length(codec_member(before, "floods")), 0);
    calls.listeners[LISTENER_DEVICE] = flood;
    for (int district = 0; district < 2; district++) {
        calls.caller.role = district ? ROLE_DISTRICT : ROLE_ADMIN;
        owned(json) json_object *status = status_of();
        json_object *floods = codec_member(status, "floods"), *first = json_object_array_get_idx(floods, 0);
        cr_assert_eq(json_object_array_length(floods), 1);
        cr_assert_str_eq(codec_string(first, "port"), "device");
        cr_assert_eq(codec_number(first, "dropped"), 12);
        cr_assert_eq(codec_number(first, "connections"), 7);
        cr_assert_str_eq(codec_string(first, "network"), district ? "2001:db8::/64" : "");
    }
}

// ---- the disk

Test(administration, a_disk_that_gets_full_is_said_once_and_shown)
{
    uint64_t before = commit_last_seq(calls.services.commit);
    disk_alarm_look(&calls.services, -1);
    disk_alarm_look(&calls.services, 101);
    cr_assert_eq(commit_last_seq(calls.services.commit), before);
    disk_alarm_look(&calls.services, 100);
    cr_assert(strstr(calls.events, "\"journal.disk_low\"") && strstr(calls.events, "10.0 %"), "%s", calls.events);
    disk_alarm_look(&calls.services, 47);
    disk_alarm_look(&calls.services, 110);
    disk_alarm_look(&calls.services, 99);
    cr_assert_eq(commit_last_seq(calls.services.commit), before + 1, "once, also when it wavers");
    owned(json) json_object *status = status_of();
    cr_assert_eq(codec_number(status, "disk_free"), 99);
    disk_alarm_look(&calls.services, 500);
    disk_alarm_look(&calls.services, 80);
    cr_assert_eq(commit_last_seq(calls.services.commit), before + 2);
}

// ---- who is logged on

#define TENANT(more)                                                                                                   \
    "{\"name\":\"Neustadt\",\"servers\":[\"ldaps://"                                                                   \
    "dir.example\"],\"user_base\":\"dc=example\",\"bind_dn\":\"cn=pult\"" more "}"

static enum role role_of(const char *token)
{
    struct peer peer = {.role = ROLE_UNAUTHENTICATED};
    admin_sessions_prove(calls.services.admin_sessions, calls.services.state, token, 2, &peer);
    return peer.role;
}

Test(administration, a_log_on_allows_what_the_tenant_is_now)
{
    char token[ADMIN_TOKEN_SIZE], first[ADMIN_TOKEN_SIZE];
    struct peer peer = {.role = ROLE_DISTRICT, .id = "neustadt/anna", .tenant = "neustadt"};
    struct peer nobody = {.role = ROLE_DISTRICT, .id = "first"};
    calls.caller = nobody;
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "kreis", TENANT(",\"district\":true"));
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", TENANT(",\"district\":true,\"admin_group\":\"admins\""));
    cr_assert(admin_sessions_add(calls.services.admin_sessions, &peer, &(struct admin_proof){"admins", "anna", "1"}, 1,
                                 token));
    cr_assert(admin_sessions_add(calls.services.admin_sessions, &nobody, NULL, 1, first));
    cr_assert_eq(role_of(token), ROLE_DISTRICT);
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", TENANT(",\"admin_group\":\"admins\""));
    cr_assert_eq(role_of(token), ROLE_ADMIN, "no longer the district");
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", TENANT(",\"admin_group\":\"others\""));
    cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED, "others administer it");
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", TENANT(",\"admin_group\":\"admins\""));
    cr_assert_eq(role_of(token), ROLE_ADMIN);
    struct event gone = {.type = EVENT_REMOVED, .noun = NOUN_TENANT, .record = {.id = "neustadt"}};
    state_apply(calls.services.state, &gone);
    cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED, "the tenant is gone");
    cr_assert_eq(role_of(first), ROLE_DISTRICT);
}

// A program that logs on for each question and never off.
Test(administration, one_who_logs_on_again_and_again_keeps_nobody_out)
{
    char token[ADMIN_TOKEN_SIZE], other[ADMIN_TOKEN_SIZE], second[ADMIN_TOKEN_SIZE];
    struct peer anna = {.role = ROLE_ADMIN, .id = "neustadt/anna", .tenant = "neustadt"};
    struct peer program = {.role = ROLE_ADMIN, .id = "neustadt/program", .tenant = "neustadt"};
    cr_assert(admin_sessions_add(calls.services.admin_sessions, &anna, NULL, 1, other));
    for (int i = 0; i < ADMINS_MAX + 10; i++) {
        cr_assert(admin_sessions_add(calls.services.admin_sessions, &program, NULL, 2 + i, token), "the %dth time", i);
        if (i == 1)
            TEXT_PUT(second, token);
    }
    cr_assert_eq(role_of(token), ROLE_ADMIN);
    cr_assert_eq(role_of(other), ROLE_ADMIN);
    cr_assert_eq(role_of(second), ROLE_UNAUTHENTICATED);
}

// ---- what goes

static void see_person(const char *id)
{
    struct event seen = {.type = EVENT_PERSON_FIRST_LOGON, .noun = NOUN_PERSON};
    TEXT_PUT(seen.record.person.id, id);
    state_apply(calls.services.state, &seen);
    struct store_person row = {0};
    TEXT_PUT(row.id, id);
    TEXT_PUT(row.key, id);
    TEXT_PUT(row.user_name, strchr(id, '/') + 1);
    people_put(&calls.services.people, &row);
}

// A municipality joins its neighbour. Its people go with it, and their names.
Test(administration, a_tenant_goes_with_the_people_who_ever_logged_on_there)
{
    see_person("altdorf/p-dora");
    see_person("altdorf/p-egon");
    see_person("neustadt/p-anna");
    CALLS_EXPECT(409, METHOD_REMOVE, NOUN_TENANT, "altdorf", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_DEVICE, "altdorf/desk1", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PRINTER, "altdorf/room1", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PRINT_SERVER, "altdorf/print", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_GATEWAY, "altdorf/gw", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_SITE, "altdorf/rathaus", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_ASSIGNMENT, "altdorf/clerk", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PROFILE, "altdorf/clerk", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_HOST, "altdorf/ts4", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_POOL, "altdorf/office", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_TENANT, "altdorf", "{}");
    cr_assert_eq(state_count(calls.services.state, NOUN_PERSON), 1);
    cr_assert(strstr(calls.events, "person.erased") < strstr(calls.events, "tenant.removed"), "%s", calls.events);
    cr_assert_str_eq(calls.erased, "altdorf/p-egon");
    cr_assert_null(people_find(&calls.services.people, "altdorf/p-dora"));
    cr_assert_not_null(people_find(&calls.services.people, "neustadt/p-anna"));
}

// ---- people are forgotten

static const char *id_of_anna(struct logon_decision *decision)
{
    static const char id[] = "neustadt/p-anna";
    see_person(id);
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", decision);
    cr_assert_str_eq(decision->session.person, id);
    return id;
}

static void session_is_over(const struct logon_decision *decision)
{
    core_change(&calls.core, decision->session.id, SESSION_DESK_ENDS);
}

Test(administration, who_is_erased_is_in_no_list_any_more)
{
    struct logon_decision anna;
    struct membership who;
    const char *id = id_of_anna(&anna);
    struct identity identity = {.user_name = "anna", .key = "key", .name = "Anna"};
    group_cache_put(calls.services.group_cache, id, &identity, 1);
    session_is_over(&anna);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PERSON, id, "{}");
    cr_assert(strstr(calls.events, "\"person.erased\"") && strstr(calls.events, "\"by\":\"admin neustadt/admin\""),
              "%s", calls.events);
    cr_assert_str_eq(calls.erased, id);
    cr_assert_null(people_find(&calls.services.people, id));
    cr_assert_null(people_by_key(&calls.services.people, "neustadt", id));
    cr_assert_not(group_cache_get(calls.services.group_cache, id, 0, &who));
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_PERSON, id, "{}");
    CALLS_EXPECT(404, METHOD_REMOVE, NOUN_PERSON, id, "{}");
}

Test(administration, nobody_is_erased_while_something_is_theirs)
{
    struct logon_decision anna;
    const char *id = id_of_anna(&anna);
    owned(json) json_object *of_session = calls_call(METHOD_REMOVE, NOUN_PERSON, id, "{}");
    cr_assert_eq(calls.status, 409);
    cr_assert(strstr(codec_string(of_session, "detail"), anna.session.id), "%s", codec_string(of_session, "detail"));
    session_is_over(&anna);
    struct event event = {.type = EVENT_SET, .noun = NOUN_ASSIGNMENT};
    event.record.assignment = (struct assignment){.id = "neustadt/one", .profile = "neustadt/clerk"};
    snprintf(event.record.assignment.person, USER_NAME_SIZE, "%s", strchr(id, '/') + 1);
    state_apply(calls.services.state, &event);
    owned(json) json_object *of_assignment = calls_call(METHOD_REMOVE, NOUN_PERSON, id, "{}");
    cr_assert_eq(calls.status, 409);
    cr_assert(strstr(codec_string(of_assignment, "detail"), "neustadt/one"), "%s",
              codec_string(of_assignment, "detail"));
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_ASSIGNMENT, "neustadt/one", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PERSON, id, "{}");
}

Test(administration, a_name_that_a_full_disk_kept_goes_later)
{
    see_person("neustadt/p-anna");
    calls.disk_is_full = true;
    CALLS_EXPECT(503, METHOD_REMOVE, NOUN_PERSON, "neustadt/p-anna", "{}");
    cr_assert_null(people_find(&calls.services.people, "neustadt/p-anna"), "in no list");
    calls.disk_is_full = false;
    calls.erased[0] = 0;
    erasure_go_on(calls.services.erasure);
    cr_assert_str_eq(calls.erased, "neustadt/p-anna");
}

// The program ended between the event and the erasing: the row is back, but the state knows nobody of that id.
Test(administration, a_name_that_was_left_over_goes_at_the_next_start)
{
    see_person("neustadt/p-anna");
    struct store_person left = {.id = "neustadt/p-bert", .key = "bert", .user_name = "bert"};
    people_put(&calls.services.people, &left);
    erasure_add_orphans(calls.services.erasure, &calls.services.people, calls.services.state);
    cr_assert_str_eq(calls.erased, "neustadt/p-bert");
    cr_assert_null(people_find(&calls.services.people, "neustadt/p-bert"));
    cr_assert_not_null(people_find(&calls.services.people, "neustadt/p-anna"));
}

Test(administration, a_disabled_device_shows_nobody_s_desktop_any_more)
{
    struct logon_decision anna, bert;
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    core_log_on(&calls.core, "bert", "rathaus", "neustadt/desk2", &bert);
    owned(json) json_object *device = calls_call(METHOD_SHOW, NOUN_DEVICE, "neustadt/desk1", "{}");
    cr_assert_str_eq(codec_string(device, "session"), anna.session.id);
    CALLS_EXPECT(200, METHOD_SET, NOUN_DEVICE, "neustadt/desk1", "{\"site\":\"neustadt/rathaus\",\"disabled\":true}");
    cr_assert_eq(calls.sent_count, 1);
    cr_assert_eq(calls.sent[0].message.type, HOST_DISCONNECT);
    cr_assert_str_eq(calls.sent[0].to, anna.host.id);
    cr_assert_str_eq(calls.sent[0].message.session, anna.session.id);
}

// A box that broke is replaced while its person's desktop waits for them.
Test(administration, a_desk_can_go_when_nothing_is_shown_there)
{
    struct logon_decision anna;
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    CALLS_EXPECT(409, METHOD_REMOVE, NOUN_DEVICE, "neustadt/desk1", "{}");
    core_change(&calls.core, anna.session.id, SESSION_DESK_DISCONNECTS);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_DEVICE, "neustadt/desk1", "{}");
    CALLS_EXPECT(200, METHOD_SHOW, NOUN_SESSION, anna.session.id, "{}");
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk2", &anna);
    cr_assert(anna.reconnected);
    cr_assert_str_eq(anna.moved_from, "");
}

Test(administration, who_locks_a_session_stands_in_the_journal)
{
    struct logon_decision anna;
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    struct session before = *state_session(calls.services.state, anna.session.id);
    CALLS_EXPECT(200, METHOD_LOCK, NOUN_SESSION, anna.session.id, "{}");
    cr_assert(strstr(calls.events, "\"session.locked\"") && strstr(calls.events, "admin neustadt/admin"), "%s",
              calls.events);
    struct event event;
    struct fault why;
    cr_assert(event_read(&event, calls.events, strcspn(calls.events, "\n"), &why), "%s", why.text);
    cr_assert_eq(event.type, EVENT_SESSION_LOCKED);
    cr_assert_eq(memcmp(&before, state_session(calls.services.state, anna.session.id), sizeof before), 0);
    calls.away = true;
    CALLS_EXPECT(409, METHOD_LOCK, NOUN_SESSION, anna.session.id, "{}");
}

Test(administration, a_host_is_no_session)
{
    CALLS_EXPECT(404, METHOD_LOCK, NOUN_SESSION, "neustadt/ts1", "{}");
    CALLS_EXPECT(404, METHOD_MESSAGE, NOUN_SESSION, "neustadt/ts1", "{\"text\":\"Pause\"}");
    CALLS_EXPECT(200, METHOD_MESSAGE, NOUN_HOST, "neustadt/ts1", "{\"text\":\"Pause\"}");
}

Test(administration, it_is_said_when_nobody_could_be_told_of_a_drain)
{
    for (int away = 0; away < 2; away++) {
        calls.away = away;
        owned(json) json_object *host =
            calls_call(METHOD_DRAIN, NOUN_HOST, "neustadt/ts1", "{\"text\":\"Wartung ab 17 Uhr\"}");
        cr_assert_eq(calls.status, 200);
        cr_assert_eq(codec_flag(host, "delivered"), !away);
        cr_assert(codec_member(host, "delivered"));
    }
    owned(json) json_object *host = calls_call(METHOD_DRAIN, NOUN_HOST, "neustadt/ts1", "{}");
    cr_assert_not(codec_flag(host, "delivered"), "there was nothing to be told");
    cr_assert(codec_member(host, "delivered"));
}

Test(administration, every_answer_about_a_host_says_which_version_it_is)
{
    static const enum method_id ways[] = {METHOD_DRAIN, METHOD_UNDRAIN, METHOD_RELEASE};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        CALLS_EXPECT(200, ways[i], NOUN_HOST, "neustadt/ts1", "{}");
        char etag[ETAG_SIZE];
        TEXT_PUT(etag, calls.etag);
        CALLS_EXPECT(200, METHOD_SHOW, NOUN_HOST, "neustadt/ts1", "{}");
        cr_assert(etag[0]);
        cr_assert_str_eq(calls.etag, etag);
    }
}

// ---- what hosts say

static void host_says(const char *host_id, const char *message)
{
    struct link_input input;
    link_read(&input, link_of(NOUN_HOST), LINK_AGENT, message, strlen(message));
    cr_assert_eq(input.kind, LINK_MESSAGE, "%s", input.why.text);
    link_handlers[NOUN_HOST].message(&calls.services, host_id, input.message);
    link_input_fini(&input);
}

Test(administration, every_link_has_somebody_who_hears_it)
{
    for (size_t i = 0; i < link_count; i++)
        cr_expect(link_handlers[link_rows[i].noun].message, "%s", link_rows[i].path);
}

// What hosts were told of the broker's clock is what one-time passwords end by.
Test(administration, the_hosts_are_told_when_the_clock_is_set)
{
    host_sweep(&calls.services);
    host_sweep(&calls.services);
    cr_assert_eq(calls.sent_count, 0);
    for (int way = -1; way <= 1; way += 2) {
        calls.sent_count = 0;
        calls.core.now_ms += way * 3600 * 1000;
        host_sweep(&calls.services);
        cr_assert_eq(calls.sent_count, 4, "%zu hosts were told", calls.sent_count);
        cr_assert_eq(calls.sent[0].message.type, HOST_WELCOME);
        cr_assert_eq(calls.sent[0].message.now_ms, calls.core.now_ms);
        host_sweep(&calls.services);
        cr_assert_eq(calls.sent_count, 4, "once");
    }
}

Test(administration, a_drain_ends_by_the_clock_that_was_set_back)
{
    char body[64], until[CLOCK_TEXT_SIZE];
    CALLS_EXPECT(200, METHOD_UNDRAIN, NOUN_HOST, "neustadt/ts1", "{}");
    calls.core.now_ms -= 3600 * 1000;
    clock_text(until, calls.core.now_ms + 60 * 1000);
    snprintf(body, sizeof body, "{\"until\":\"%s\"}", until);
    CALLS_EXPECT(200, METHOD_DRAIN, NOUN_HOST, "neustadt/ts1", body);
    host_sweep(&calls.services);
    cr_assert(state_host(calls.services.state, "neustadt/ts1")->draining);
    calls.core.now_ms += 60 * 1000;
    host_sweep(&calls.services);
    cr_assert_not(state_host(calls.services.state, "neustadt/ts1")->draining);
}

Test(administration, what_is_wrong_with_a_host_is_one_line)
{
    host_says("neustadt/ts1", "{\"type\":\"report\",\"sessions\":[],\"faults\":[\"xrdp: silent\",\"disk: full\"]}");
    const struct report *report = reports_find(&calls.services.reports, "neustadt/ts1");
    cr_assert(report);
    cr_assert_str_eq(report->as.faults, "xrdp: silent; disk: full");
}

Test(administration, the_versions_of_the_agents_are_counted)
{
    owned(json) json_object *none = status_of();
    cr_assert_eq(json_object_array_length(codec_member(none, "agents")), 0);
    calls.agent = (struct link_agent){
        .program = "pult-agent", .version = "0.2.0", .protocol = 2, .refusal = REFUSAL_AGENT_TOO_NEW};
    owned(json) json_object *status = status_of();
    json_object *agents = codec_member(status, "agents");
    cr_assert_eq(json_object_array_length(agents), 4, "of devices, of hosts, of print servers and of gateways");
    json_object *devices = json_object_array_get_idx(agents, 0);
    cr_assert_str_eq(codec_string(devices, "kind"), "device");
    cr_assert_str_eq(codec_string(devices, "version"), "0.2.0");
    cr_assert_str_eq(codec_string(devices, "refusal"), "agent-too-new");
    cr_assert_eq(codec_number(devices, "protocol"), 2);
    cr_assert_eq(codec_number(devices, "count"), codec_number(status, "devices"));
    owned(json) json_object *host = calls_call(METHOD_SHOW, NOUN_HOST, "neustadt/ts1", "{}");
    cr_assert_str_eq(codec_string(host, "agent_version"), "0.2.0");
    cr_assert_str_eq(codec_string(host, "agent_refusal"), "agent-too-new");
}

static void device_lasts(const char *id, int64_t until_ms)
{
    union record record = {0};
    record.device = *state_device(calls.services.state, id);
    record.device.until_ms = until_ms;
    core_set(&calls.core, NOUN_DEVICE, &record);
}

Test(administration, an_identity_at_two_places_is_told_until_it_is_enrolled_anew)
{
    owned(json) json_object *quiet = status_of();
    cr_assert_eq(json_object_array_length(codec_member(quiet, "identities_shared")), 0);
    certificates_shared(&calls.services, NOUN_DEVICE, "altdorf/desk1", "10.0.0.1", "10.0.0.2");
    cr_assert(strstr(calls.events, "device.identity_shared") && strstr(calls.events, "from 10.0.0.1 and from 10.0.0.2"),
              "%s", calls.events);
    calls.events[0] = 0;
    certificates_shared(&calls.services, NOUN_DEVICE, "altdorf/desk1", "10.0.0.1", "10.0.0.3");
    cr_assert_str_eq(calls.events, "", "once is enough");
    owned(json) json_object *status = status_of();
    json_object *shared = codec_member(status, "identities_shared");
    cr_assert_eq(json_object_array_length(shared), 1);
    cr_assert_str_eq(codec_string(json_object_array_get_idx(shared, 0), "id"), "altdorf/desk1");
    owned(json) json_object *shown = calls_call(METHOD_SHOW, NOUN_DEVICE, "altdorf/desk1", "{}");
    cr_assert_str_eq(codec_string(shown, "identity_shared"),
                     codec_string(json_object_array_get_idx(shared, 0), "since"));
    union record record = {.device = *state_device(calls.services.state, "altdorf/desk1")};
    static const struct enrolment_proof anew = {.certificate = "0123", .renews = "", .until_ms = 9000};
    enrolment_enrol(NOUN_DEVICE, &record, &anew, calls.core.now_ms);
    core_set(&calls.core, NOUN_DEVICE, &record);
    owned(json) json_object *again = status_of();
    cr_assert_eq(json_object_array_length(codec_member(again, "identities_shared")), 0);
}

static void person_comes(const char *id, const char *user_name, int64_t first_seen_ms)
{
    union record record = {.person = {.first_seen_ms = first_seen_ms}};
    struct store_person person = {.id = ""};
    TEXT_PUT(record.person.id, id);
    TEXT_PUT(person.id, id);
    TEXT_PUT(person.key, id);
    TEXT_PUT(person.user_name, user_name);
    core_set(&calls.core, NOUN_PERSON, &record);
    people_put(&calls.services.people, &person);
}

static size_t names_reused(void)
{
    owned(json) json_object *status = status_of();
    return json_object_array_length(codec_member(status, "names_reused"));
}

Test(administration, an_assignment_whose_user_name_is_somebody_elses_is_told)
{
    static const char put[] = "{\"profile\":\"neustadt/clerk\",\"person\":\"%s\",\"priority\":5}";
    char body[200];
    union record record = {.assignment = {.id = "neustadt/egon", .profile = "neustadt/clerk", .person = "egon"}};
    TEXT_PUT(record.assignment.holder, "neustadt/p-old");
    core_set(&calls.core, NOUN_ASSIGNMENT, &record);
    person_comes("neustadt/p-old", "Egon", 1000);
    person_comes("neustadt/p-else", "berta", 2000);
    cr_assert_eq(names_reused(), 0);
    person_comes("neustadt/p-new", "egon", 3000);
    cr_assert_eq(names_reused(), 1);
    // Of several the last: the earliest id is no sign of it. Another tenant's is somebody else.
    person_comes("neustadt/p-mid", "EGON", 2500);
    person_comes("neustadt-2/p-other", "egon", 4000);
    person_comes("altdorf/p-other", "egon", 4000);
    owned(json) json_object *status = status_of();
    json_object *reused = codec_member(status, "names_reused");
    cr_assert_eq(json_object_array_length(reused), 1);
    cr_assert_str_eq(codec_string(json_object_array_get_idx(reused, 0), "person"), "neustadt/p-new");
    // Whatever else is set in it, it stays whose it is.
    snprintf(body, sizeof body, put, "egon");
    CALLS_EXPECT(200, METHOD_SET, NOUN_ASSIGNMENT, "neustadt/egon", body);
    cr_assert_eq(names_reused(), 1);
    snprintf(body, sizeof body, put, "berta");
    CALLS_EXPECT(200, METHOD_SET, NOUN_ASSIGNMENT, "neustadt/egon", body);
    const struct assignment *set = state_find(calls.services.state, NOUN_ASSIGNMENT, "neustadt/egon");
    cr_assert_str_eq(set->holder, "");
    cr_assert_eq(names_reused(), 0);
    // The new one's own: that somebody had the name before is no news.
    TEXT_PUT(record.assignment.holder, "neustadt/p-new");
    core_set(&calls.core, NOUN_ASSIGNMENT, &record);
    cr_assert_eq(names_reused(), 0);
    CALLS_EXPECT(409, METHOD_REMOVE, NOUN_PERSON, "neustadt/p-new", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PERSON, "neustadt/p-old", "{}");
}

Test(administration, no_certificate_is_renewed_in_the_first_half_of_its_life)
{
    union record record = {.device = *state_device(calls.services.state, "altdorf/desk1")};
    TEXT_PUT(record.device.certificate, "0123");
    core_set(&calls.core, NOUN_DEVICE, &record);
    calls.caller =
        (struct peer){.role = ROLE_DEVICE, .tenant = "altdorf", .id = "altdorf/desk1", .certificate = "0123"};
    calls.caller.half_life_ms = clock_wall_ms() + 60 * 1000;
    CALLS_EXPECT(409, METHOD_RENEW, NOUN_NONE, "", "{\"request\":\"AAAA\"}");
    calls.caller.half_life_ms = clock_wall_ms() - 1;
    CALLS_EXPECT(400, METHOD_RENEW, NOUN_NONE, "", "{\"request\":\"AAA\"}");
}

Test(administration, a_certificate_that_was_not_renewed_in_time_is_named)
{
    static const int64_t day_ms = 24ll * 60 * 60 * 1000;
    const struct sorted_table *devices = state_table(calls.services.state, NOUN_DEVICE);
    for (size_t i = 0; i < devices->count; i++)
        device_lasts(devices->records[i], calls.core.now_ms + 31 * day_ms);
    owned(json) json_object *quiet = status_of();
    cr_assert_eq(json_object_array_length(codec_member(quiet, "certificates_ending")), 0);
    device_lasts("altdorf/desk1", calls.core.now_ms + 30 * day_ms);
    owned(json) json_object *status = status_of();
    json_object *ending = codec_member(status, "certificates_ending");
    cr_assert_eq(json_object_array_length(ending), 1);
    cr_assert_str_eq(codec_string(json_object_array_get_idx(ending, 0), "id"), "altdorf/desk1");
    cr_assert_str_eq(codec_string(json_object_array_get_idx(ending, 0), "kind"), "device");
    owned(json) json_object *shown = calls_call(METHOD_SHOW, NOUN_DEVICE, "altdorf/desk1", "{}");
    cr_assert_str_eq(codec_string(shown, "certificate_until"),
                     codec_string(json_object_array_get_idx(ending, 0), "until"));
}
