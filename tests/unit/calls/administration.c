// SPDX-License-Identifier: EUPL-1.2
// What an administrator sees and does over the years: things in trouble, things that go, things others stand on.
#include "broker/base/clock.h"
#include "broker/calls/admin_sessions.h"
#include "broker/calls/host_messages.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(administration, .init = office_open, .fini = office_close);

static json_object *status_of(void)
{
    return office_call(METHOD_STATUS, NOUN_NONE, "", "{}");
}

// A pool whose hosts run on but take nobody new is no pool in order: the next who logs on is turned away.
Test(administration, a_host_that_takes_nobody_new_is_in_trouble)
{
    static const enum host_health kinds[] = {HOST_UNHEALTHY, HOST_SILENT, HOST_LOST, HOST_UNREACHABLE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        office.hall.health[1] = kinds[i];
        owned(json) json_object *status = status_of();
        json_object *trouble = codec_member(status, "trouble");
        cr_assert_eq(json_object_array_length(trouble), 1, "%s", host_health_names[kinds[i]]);
        cr_assert_str_eq(codec_string(json_object_array_get_idx(trouble, 0), "host"), "neustadt/ts1");
        cr_assert_eq(codec_number(status, "hosts"), 4);
        cr_assert_eq(codec_number(status, "hosts_ok"), 3);
    }
    office.hall.health[1] = HOST_UNKNOWN;
    office.hall.health[2] = HOST_UNREACHABLE;
    office.hall.asleep[2] = true;
    owned(json) json_object *status = status_of();
    cr_assert_eq(codec_number(status, "hosts_ok"), 4, "one not looked at yet, one asleep");
}

// ---- who is logged on

#define TENANT(more)                                                                                                   \
    "{\"name\":\"Neustadt\",\"servers\":[\"ldaps://"                                                                   \
    "dir.example\"],\"base\":\"dc=example\",\"bind_dn\":\"cn=pult\"" more "}"

static enum role role_of(const char *token)
{
    struct peer peer = {.role = ROLE_UNAUTHENTICATED};
    admin_sessions_prove(office.services.admin_sessions, office.services.state, token, 2, &peer);
    return peer.role;
}

Test(administration, a_log_on_allows_what_the_tenant_is_now)
{
    char token[ADMIN_TOKEN_SIZE], first[ADMIN_TOKEN_SIZE];
    struct peer peer = {.role = ROLE_DISTRICT, .id = "neustadt/anna", .tenant = "neustadt"};
    struct peer nobody = {.role = ROLE_DISTRICT, .id = "first"};
    OFFICE_EXPECT(200, METHOD_SET, NOUN_TENANT, "kreis", TENANT(",\"district\":true"));
    OFFICE_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", TENANT(",\"district\":true,\"admin_group\":\"admins\""));
    cr_assert(admin_sessions_add(office.services.admin_sessions, &peer, "admins", 1, token));
    cr_assert(admin_sessions_add(office.services.admin_sessions, &nobody, "", 1, first));
    cr_assert_eq(role_of(token), ROLE_DISTRICT);
    OFFICE_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", TENANT(",\"admin_group\":\"admins\""));
    cr_assert_eq(role_of(token), ROLE_ADMIN, "no longer the district");
    OFFICE_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", TENANT(",\"admin_group\":\"others\""));
    cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED, "others administer it");
    OFFICE_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", TENANT(",\"admin_group\":\"admins\""));
    cr_assert_eq(role_of(token), ROLE_ADMIN);
    struct event gone = {.type = EVENT_REMOVED, .noun = NOUN_TENANT, .record = {.id = "neustadt"}};
    state_apply(office.services.state, &gone);
    cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED, "the tenant is gone");
    cr_assert_eq(role_of(first), ROLE_DISTRICT);
}

// A program that logs on for each question and never off.
Test(administration, one_who_logs_on_again_and_again_keeps_nobody_out)
{
    char token[ADMIN_TOKEN_SIZE], other[ADMIN_TOKEN_SIZE], second[ADMIN_TOKEN_SIZE];
    struct peer anna = {.role = ROLE_ADMIN, .id = "neustadt/anna", .tenant = "neustadt"};
    struct peer program = {.role = ROLE_ADMIN, .id = "neustadt/program", .tenant = "neustadt"};
    cr_assert(admin_sessions_add(office.services.admin_sessions, &anna, "", 1, other));
    for (int i = 0; i < ADMINS_MAX + 10; i++) {
        cr_assert(admin_sessions_add(office.services.admin_sessions, &program, "", 2 + i, token), "the %dth time", i);
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
    state_apply(office.services.state, &seen);
    struct store_person row = {0};
    TEXT_PUT(row.id, id);
    TEXT_PUT(row.key, id);
    TEXT_PUT(row.login, strchr(id, '/') + 1);
    people_put(&office.services.people, &row);
}

// A municipality joins its neighbour. Its people go with it, and their names.
Test(administration, a_tenant_goes_with_the_people_who_ever_logged_on_there)
{
    see_person("altdorf/p-dora");
    see_person("altdorf/p-egon");
    see_person("neustadt/p-anna");
    OFFICE_EXPECT(409, METHOD_REMOVE, NOUN_TENANT, "altdorf", "{}");
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_DEVICE, "altdorf/desk1", "{}");
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_SITE, "altdorf/rathaus", "{}");
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_ASSIGNMENT, "altdorf/clerk", "{}");
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_PROFILE, "altdorf/clerk", "{}");
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_HOST, "altdorf/ts4", "{}");
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_POOL, "altdorf/office", "{}");
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_TENANT, "altdorf", "{}");
    cr_assert_eq(state_count(office.services.state, NOUN_PERSON), 1);
    cr_assert(strstr(office.events, "person.erased") < strstr(office.events, "tenant.removed"), "%s", office.events);
    cr_assert_str_eq(office.erased, "altdorf/p-egon");
    cr_assert_null(people_find(&office.services.people, "altdorf/p-dora"));
    cr_assert_not_null(people_find(&office.services.people, "neustadt/p-anna"));
}

// ---- people are forgotten

static const char *id_of_anna(struct logon_decision *decision)
{
    static char id[ID_SIZE];
    hall_log_on(&office.hall, "anna", "rathaus", "neustadt/desk1", decision);
    TEXT_PUT(id, decision->session.person);
    see_person(id);
    return id;
}

static void session_is_over(const struct logon_decision *decision)
{
    struct event event = {.type = EVENT_SESSION_ENDED, .noun = NOUN_SESSION};
    TEXT_PUT(event.record.id, decision->session.id);
    state_apply(office.services.state, &event);
}

Test(administration, who_is_erased_is_in_no_list_any_more)
{
    struct logon_decision anna;
    struct membership who;
    const char *id = id_of_anna(&anna);
    struct identity identity = {.login = "anna", .key = "key", .name = "Anna"};
    group_cache_put(office.services.group_cache, id, &identity, 1);
    session_is_over(&anna);
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_PERSON, id, "{}");
    cr_assert(strstr(office.events, "\"person.erased\"") && strstr(office.events, "\"by\":\"admin neustadt/admin\""),
              "%s", office.events);
    cr_assert_str_eq(office.erased, id);
    cr_assert_null(people_find(&office.services.people, id));
    cr_assert_null(people_by_key(&office.services.people, "neustadt", id));
    cr_assert_not(group_cache_get(office.services.group_cache, id, 0, &who));
    OFFICE_EXPECT(404, METHOD_SHOW, NOUN_PERSON, id, "{}");
    OFFICE_EXPECT(404, METHOD_REMOVE, NOUN_PERSON, id, "{}");
}

Test(administration, nobody_is_erased_while_something_is_theirs)
{
    struct logon_decision anna;
    const char *id = id_of_anna(&anna);
    owned(json) json_object *of_session = office_call(METHOD_REMOVE, NOUN_PERSON, id, "{}");
    cr_assert_eq(office.status, 409);
    cr_assert(strstr(codec_string(of_session, "detail"), anna.session.id), "%s", codec_string(of_session, "detail"));
    session_is_over(&anna);
    struct event event = {.type = EVENT_SET, .noun = NOUN_ASSIGNMENT};
    event.record.assignment = (struct assignment){.id = "neustadt/one", .profile = "neustadt/clerk"};
    snprintf(event.record.assignment.person, LOGIN_SIZE, "%s", strchr(id, '/') + 1);
    state_apply(office.services.state, &event);
    owned(json) json_object *of_assignment = office_call(METHOD_REMOVE, NOUN_PERSON, id, "{}");
    cr_assert_eq(office.status, 409);
    cr_assert(strstr(codec_string(of_assignment, "detail"), "neustadt/one"), "%s",
              codec_string(of_assignment, "detail"));
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_ASSIGNMENT, "neustadt/one", "{}");
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_PERSON, id, "{}");
}

Test(administration, a_name_that_a_full_disk_kept_goes_later)
{
    see_person("neustadt/p-anna");
    office.disk_is_full = true;
    OFFICE_EXPECT(503, METHOD_REMOVE, NOUN_PERSON, "neustadt/p-anna", "{}");
    cr_assert_null(people_find(&office.services.people, "neustadt/p-anna"), "in no list");
    office.disk_is_full = false;
    office.erased[0] = 0;
    erasure_go_on(office.services.erasure);
    cr_assert_str_eq(office.erased, "neustadt/p-anna");
}

// The program ended between the event and the erasing: the row is back, but the state knows nobody of that id.
Test(administration, a_name_that_was_left_over_goes_at_the_next_start)
{
    see_person("neustadt/p-anna");
    struct store_person left = {.id = "neustadt/p-bert", .key = "bert", .login = "bert"};
    people_put(&office.services.people, &left);
    erasure_add_orphans(office.services.erasure, &office.services.people, office.services.state);
    cr_assert_str_eq(office.erased, "neustadt/p-bert");
    cr_assert_null(people_find(&office.services.people, "neustadt/p-bert"));
    cr_assert_not_null(people_find(&office.services.people, "neustadt/p-anna"));
}

Test(administration, a_disabled_device_shows_nobody_s_desktop_any_more)
{
    struct logon_decision anna, bert;
    hall_log_on(&office.hall, "anna", "rathaus", "neustadt/desk1", &anna);
    hall_log_on(&office.hall, "bert", "rathaus", "neustadt/desk2", &bert);
    owned(json) json_object *device = office_call(METHOD_SHOW, NOUN_DEVICE, "neustadt/desk1", "{}");
    cr_assert_str_eq(codec_string(device, "session"), anna.session.id);
    OFFICE_EXPECT(200, METHOD_SET, NOUN_DEVICE, "neustadt/desk1", "{\"site\":\"neustadt/rathaus\",\"disabled\":true}");
    cr_assert_eq(office.sent_count, 1);
    cr_assert_eq(office.sent[0].message.type, HOST_DISCONNECT);
    cr_assert_str_eq(office.sent[0].to, anna.host.id);
    cr_assert_str_eq(office.sent[0].message.session, anna.session.id);
}

// A box that broke is replaced while its person's desktop waits for them.
Test(administration, a_desk_can_go_when_nothing_is_shown_there)
{
    struct logon_decision anna;
    hall_log_on(&office.hall, "anna", "rathaus", "neustadt/desk1", &anna);
    OFFICE_EXPECT(409, METHOD_REMOVE, NOUN_DEVICE, "neustadt/desk1", "{}");
    struct event event = {.type = EVENT_SESSION_DISCONNECTED, .noun = NOUN_SESSION};
    event.record.session = *state_session(office.services.state, anna.session.id);
    event.record.session.state = SESSION_DISCONNECTED;
    state_apply(office.services.state, &event);
    OFFICE_EXPECT(200, METHOD_REMOVE, NOUN_DEVICE, "neustadt/desk1", "{}");
    OFFICE_EXPECT(200, METHOD_SHOW, NOUN_SESSION, anna.session.id, "{}");
    hall_log_on(&office.hall, "anna", "rathaus", "neustadt/desk2", &anna);
    cr_assert(anna.reconnected);
    cr_assert_str_eq(anna.moved_from, "");
}

Test(administration, who_locks_a_session_stands_in_the_journal)
{
    struct logon_decision anna;
    hall_log_on(&office.hall, "anna", "rathaus", "neustadt/desk1", &anna);
    struct session before = *state_session(office.services.state, anna.session.id);
    OFFICE_EXPECT(200, METHOD_LOCK, NOUN_SESSION, anna.session.id, "{}");
    cr_assert(strstr(office.events, "\"session.locked\"") && strstr(office.events, "admin neustadt/admin"), "%s",
              office.events);
    struct event event;
    struct fault why;
    cr_assert(event_read(&event, office.events, strcspn(office.events, "\n"), &why), "%s", why.text);
    cr_assert_eq(event.type, EVENT_SESSION_LOCKED);
    cr_assert_eq(memcmp(&before, state_session(office.services.state, anna.session.id), sizeof before), 0);
    office.away = true;
    OFFICE_EXPECT(409, METHOD_LOCK, NOUN_SESSION, anna.session.id, "{}");
}

Test(administration, it_is_said_when_nobody_could_be_told_of_a_drain)
{
    for (int away = 0; away < 2; away++) {
        office.away = away;
        owned(json) json_object *host =
            office_call(METHOD_DRAIN, NOUN_HOST, "neustadt/ts1", "{\"text\":\"Wartung ab 17 Uhr\"}");
        cr_assert_eq(office.status, 200);
        cr_assert_eq(codec_flag(host, "told"), !away);
        cr_assert(codec_member(host, "told"));
    }
    owned(json) json_object *host = office_call(METHOD_DRAIN, NOUN_HOST, "neustadt/ts1", "{}");
    cr_assert_null(codec_member(host, "told"));
}

// Whoever takes the district's rights from the last who has them locks everybody out of half of the table for good.
Test(administration, the_last_district_stays_one)
{
    OFFICE_EXPECT(200, METHOD_SET, NOUN_TENANT, "altdorf", TENANT(",\"district\":true"));
    OFFICE_EXPECT(409, METHOD_SET, NOUN_TENANT, "altdorf", TENANT(""));
    OFFICE_EXPECT(200, METHOD_SET, NOUN_TENANT, "kreis", TENANT(",\"district\":true"));
    OFFICE_EXPECT(200, METHOD_SET, NOUN_TENANT, "altdorf", TENANT(""));
    OFFICE_EXPECT(409, METHOD_REMOVE, NOUN_TENANT, "kreis", "{}");
}

Test(administration, every_answer_about_a_host_says_which_version_it_is)
{
    static const enum method_id ways[] = {METHOD_DRAIN, METHOD_UNDRAIN, METHOD_RELEASE};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        OFFICE_EXPECT(200, ways[i], NOUN_HOST, "neustadt/ts1", "{}");
        char etag[ETAG_SIZE];
        TEXT_PUT(etag, office.etag);
        OFFICE_EXPECT(200, METHOD_SHOW, NOUN_HOST, "neustadt/ts1", "{}");
        cr_assert(etag[0]);
        cr_assert_str_eq(office.etag, etag);
    }
}

// ---- why

Test(administration, each_step_of_a_why_says_what_it_was_made_from)
{
    for (int round = 0; round < 2; round++) {
        owned(json) json_object *answer =
            office_call(METHOD_EXPLAIN, NOUN_NONE, "", "{\"person\":\"anna\",\"device\":\"neustadt/desk1\"}");
        json_object *why = codec_member(answer, "why"), *formats = codec_member(answer, "why_formats");
        cr_assert_str_eq(codec_string(answer, "refusal"), "none");
        cr_assert_gt(json_object_array_length(why), 3);
        cr_assert_eq(json_object_array_length(why), json_object_array_length(formats));
        for (size_t i = 0; i < json_object_array_length(why); i++) {
            const char *line = json_object_get_string(json_object_array_get_idx(why, i));
            const char *format = json_object_get_string(json_object_array_get_idx(formats, i));
            cr_expect_eq(strncmp(line, format, strcspn(format, "%")), 0, "%s: %s", format, line);
        }
    }
}

static const char *why_not(json_object **answer)
{
    json_drop(answer);
    *answer = office_call(METHOD_EXPLAIN, NOUN_NONE, "", "{\"person\":\"anna\",\"device\":\"neustadt/desk1\"}");
    json_object *why = codec_member(*answer, "why");
    return json_object_get_string(json_object_array_get_idx(why, json_object_array_length(why) - 1));
}

Test(administration, a_why_says_what_the_directory_has_against_an_account)
{
    owned(json) json_object *answer = NULL;
    office.verdict = AUTH_WRONG;
    cr_assert(strstr(why_not(&answer), "knows nobody"));
    office.verdict = AUTH_DISABLED;
    cr_assert(strstr(why_not(&answer), "has disabled this account"));
    cr_assert_str_eq(codec_string(answer, "refusal"), "account-disabled");
    office.verdict = AUTH_RIGHT;
    cr_assert_not(strstr(why_not(&answer), "locked"));
    office.locked = true;
    cr_assert(strstr(why_not(&answer), "has locked this account"));
    cr_assert_str_eq(codec_string(answer, "refusal"), "none");
}

// ---- what hosts say

static void host_says(const char *host_id, const char *message)
{
    struct fault why;
    owned(json) json_object *object = NULL;
    cr_assert(codec_parse(&object, message, strlen(message), &why), "%s", why.text);
    host_message(&office.services, host_id, object);
}

// What hosts were told of the broker's clock is what one-time passwords end by.
Test(administration, the_hosts_are_told_when_the_clock_is_set)
{
    host_sweep(&office.services);
    host_sweep(&office.services);
    cr_assert_eq(office.sent_count, 0);
    for (int way = -1; way <= 1; way += 2) {
        office.sent_count = 0;
        office.hall.now_ms += way * 3600 * 1000;
        host_sweep(&office.services);
        cr_assert_eq(office.sent_count, 4, "%zu hosts were told", office.sent_count);
        cr_assert_eq(office.sent[0].message.type, HOST_WELCOME);
        cr_assert_eq(office.sent[0].message.now_ms, office.hall.now_ms);
        host_sweep(&office.services);
        cr_assert_eq(office.sent_count, 4, "once");
    }
}

Test(administration, a_drain_ends_by_the_clock_that_was_set_back)
{
    char body[64], until[CLOCK_TEXT_SIZE];
    OFFICE_EXPECT(200, METHOD_UNDRAIN, NOUN_HOST, "neustadt/ts1", "{}");
    office.hall.now_ms -= 3600 * 1000;
    clock_text(until, office.hall.now_ms + 60 * 1000);
    snprintf(body, sizeof body, "{\"until\":\"%s\"}", until);
    OFFICE_EXPECT(200, METHOD_DRAIN, NOUN_HOST, "neustadt/ts1", body);
    host_sweep(&office.services);
    cr_assert(state_host(office.services.state, "neustadt/ts1")->draining);
    office.hall.now_ms += 60 * 1000;
    host_sweep(&office.services);
    cr_assert_not(state_host(office.services.state, "neustadt/ts1")->draining);
}

Test(administration, what_is_wrong_with_a_host_is_one_line)
{
    host_says("neustadt/ts1", "{\"type\":\"report\",\"sessions\":[],\"faults\":[\"xrdp: silent\",\"disk: full\"]}");
    const struct report *report = reports_find(&office.services.reports, "neustadt/ts1");
    cr_assert(report);
    cr_assert_str_eq(report->as.faults, "xrdp: silent; disk: full");
}

static void device_lasts(const char *id, int64_t until_ms)
{
    union record record = {0};
    record.device = *state_device(office.services.state, id);
    record.device.until_ms = until_ms;
    hall_set(&office.hall, NOUN_DEVICE, &record);
}

Test(administration, a_certificate_that_was_not_renewed_in_time_is_named)
{
    static const int64_t day_ms = 24ll * 60 * 60 * 1000;
    const struct sorted_table *devices = state_table(office.services.state, NOUN_DEVICE);
    for (size_t i = 0; i < devices->count; i++)
        device_lasts(devices->records[i], office.hall.now_ms + 31 * day_ms);
    owned(json) json_object *quiet = status_of();
    cr_assert_eq(json_object_array_length(codec_member(quiet, "certificates_ending")), 0);
    device_lasts("altdorf/desk1", office.hall.now_ms + 30 * day_ms);
    owned(json) json_object *status = status_of();
    json_object *ending = codec_member(status, "certificates_ending");
    cr_assert_eq(json_object_array_length(ending), 1);
    cr_assert_str_eq(codec_string(json_object_array_get_idx(ending, 0), "id"), "altdorf/desk1");
    cr_assert_str_eq(codec_string(json_object_array_get_idx(ending, 0), "kind"), "device");
    owned(json) json_object *shown = office_call(METHOD_SHOW, NOUN_DEVICE, "altdorf/desk1", "{}");
    cr_assert_str_eq(codec_string(shown, "certificate_until"),
                     codec_string(json_object_array_get_idx(ending, 0), "until"));
}
