// SPDX-License-Identifier: EUPL-1.2
// Between the broker and its print servers: jobs, printers and accounts.
#include "broker/calls/print_messages.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/print_orders.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SERVER "neustadt/print"
#define JOB "j-0123456789abcdef0123456789abcdef"
#define PERSON "neustadt/p-anna"

static struct logon_decision anna;

static void set_prices(int64_t mono, int64_t colour)
{
    union record printer = {.printer =
                                *(const struct printer *)state_find(calls.core.state, NOUN_PRINTER, "neustadt/room1")};
    printer.printer.price_mono = mono;
    printer.printer.price_colour = colour;
    core_set(&calls.core, NOUN_PRINTER, &printer);
}

static void open_calls(void)
{
    struct store_person person = {.id = PERSON, .key = "1", .user_name = "anna", .name = "Anna"};
    union record record = {.person = {.id = PERSON, .first_seen_ms = 1}};
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    people_put(&calls.services.people, &person);
    core_set(&calls.core, NOUN_PERSON, &record);
    union record profile = {.profile =
                                *(const struct profile *)state_find(calls.core.state, NOUN_PROFILE, "neustadt/clerk")};
    profile.profile.printers = true;
    core_set(&calls.core, NOUN_PROFILE, &profile);
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &anna);
    core_set_agent(&calls.core, anna.host.id, true);
    core_change(&calls.core, anna.session.id, SESSION_HOST_CONNECTS);
    set_prices(2, 11);
    print_linked(&calls.services, SERVER);
}

TestSuite(print_messages, .init = open_calls, .fini = calls_close);

static const struct print_message *last_told(void)
{
    cr_assert(calls.told_count);
    return &calls.told[calls.told_count - 1].message;
}

static void says(struct print_message message)
{
    calls.told_count = 0;
    print_message(&calls.services, SERVER, &message);
}

static struct print_message route(const char *sealed)
{
    struct print_message message = {
        .type = PRINT_ROUTE, .request_id = 7, .job = JOB, .user_name = "anna", .created_ms = 5};
    TEXT_PUT(message.host, anna.host.id);
    TEXT_PUT(message.certificate, state_host(calls.core.state, anna.host.id)->certificate);
    TEXT_PUT(message.sealed, sealed);
    return message;
}

static struct print_message job(enum job_state state, enum job_reason reason)
{
    struct print_message message = {.type = PRINT_JOB,
                                    .job = JOB,
                                    .user_name = "anna",
                                    .person = PERSON,
                                    .state = state,
                                    .reason = reason,
                                    .created_ms = 5,
                                    .pages = 3,
                                    .size = 77};
    TEXT_PUT(message.host, anna.host.id);
    return message;
}

static struct print_message printed(int64_t number)
{
    return (struct print_message){.type = PRINT_PRINTED,
                                  .number = number,
                                  .job = JOB,
                                  .person = PERSON,
                                  .printer = "neustadt/room1",
                                  .at_ms = 9,
                                  .impressions = 3,
                                  .sheets = 2};
}

static size_t jobs_listed(void)
{
    owned(json) json_object *list = calls_call(METHOD_LIST, NOUN_JOB, "", "{}");
    return json_object_array_length(codec_member(list, "items"));
}

static int64_t accounts(void)
{
    return ((const struct print_server *)state_find(calls.core.state, NOUN_PRINT_SERVER, SERVER))->accounts;
}

// ---- the beginning

Test(print_messages, tell_who_comes_whom_to_trust_and_what_there_is)
{
    cr_assert_eq(calls.told_count, 2); // there are no accounts yet
    cr_assert_eq(calls.told[0].message.type, PRINT_WELCOME);
    cr_assert_str_eq(calls.told[0].message.seal, "c2VhbA==");
    cr_assert(calls.told[0].message.authority[0] && calls.told[0].message.now_ms);
    cr_assert_eq(calls.told[1].message.type, PRINT_PRINTERS);
    cr_assert_eq(calls.told[1].message.printers.count, 1); // its tenant's
    cr_assert_str_eq(calls.told[1].to, SERVER);
}

Test(print_messages, tell_of_printers_again_when_they_change)
{
    calls.told_count = 0;
    print_tell_printers(&calls.services);
    cr_assert_eq(calls.told_count, 0);
    CALLS_EXPECT(200, METHOD_DRAIN, NOUN_PRINTER, "neustadt/room1", "{}");
    cr_assert_eq(calls.told_count, 1);
    cr_assert_eq(last_told()->type, PRINT_PRINTERS);
    CALLS_EXPECT(200, METHOD_DRAIN, NOUN_PRINTER, "neustadt/room1", "{}"); // it is already
    cr_assert_eq(calls.told_count, 1);
    CALLS_EXPECT(200, METHOD_UNDRAIN, NOUN_PRINTER, "neustadt/room1", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PRINTER, "neustadt/room1", "{}");
    cr_assert_eq(calls.told_count, 3);
    cr_assert_eq(last_told()->printers.count, 0);
    CALLS_EXPECT(200, METHOD_DRAIN, NOUN_PRINTER, "altdorf/room1", "{}"); // another tenant's
    cr_assert_eq(calls.told_count, 3);
}

// ---- where a job is to go

Test(print_messages, give_a_key_only_for_what_is_sent_now)
{
    says(route("sealed:geheim"));
    cr_assert_eq(last_told()->type, PRINT_ROUTED);
    cr_assert_eq(last_told()->request_id, 7);
    cr_assert_eq(last_told()->outcome, PRINT_SEND);
    cr_assert_str_eq(last_told()->printer, "neustadt/room1");
    cr_assert_str_eq(last_told()->uri, "ipp://printer.example/ipp/print");
    cr_assert_str_eq(last_told()->person, PERSON);
    cr_assert_str_eq(last_told()->key, "geheim");
    cr_assert_eq(last_told()->delete_at_ms, 5 + 72ll * 60 * 60 * 1000);
    says(route("")); // its document is not whole yet
    cr_assert_eq(last_told()->outcome, PRINT_SEND);
    cr_assert_str_eq(last_told()->key, "");
    core_change(&calls.core, anna.session.id, SESSION_HOST_DISCONNECTS);
    says(route("sealed:geheim"));
    cr_assert_eq(last_told()->outcome, PRINT_HOLD);
    cr_assert_eq(last_told()->reason, JOB_NOT_AT_A_DESK);
    cr_assert_str_eq(last_told()->key, "");
    struct print_message forged = route("sealed:geheim");
    TEXT_PUT(forged.user_name, "ben");
    says(forged);
    cr_assert_eq(last_told()->reason, JOB_OWNER_UNKNOWN);
    cr_assert_str_eq(last_told()->key, "");
}

Test(print_messages, hold_what_was_sealed_for_another_broker)
{
    says(route("for another"));
    cr_assert_eq(last_told()->outcome, PRINT_HOLD);
    cr_assert_eq(last_told()->reason, JOB_SEALED_FOR_ANOTHER_BROKER);
    cr_assert_str_eq(last_told()->key, "");
}

Test(print_messages, count_the_hours_of_the_tenant)
{
    union record tenant = {.tenant = *state_tenant(calls.core.state, "neustadt")};
    tenant.tenant.job_hours = 2;
    core_set(&calls.core, NOUN_TENANT, &tenant);
    says(route(""));
    cr_assert_eq(last_told()->delete_at_ms, 5 + 2ll * 60 * 60 * 1000);
    struct print_message ahead = route("");
    ahead.created_ms = INT64_MAX; // nobody lives longer by a lie
    says(ahead);
    cr_assert_eq(last_told()->delete_at_ms, calls.core.now_ms + 2ll * 60 * 60 * 1000);
}

// ---- jobs

Test(print_messages, show_jobs_to_their_tenant_only)
{
    says(job(JOB_HELD, JOB_NOT_AT_A_DESK));
    owned(json) json_object *shown = calls_call(METHOD_SHOW, NOUN_JOB, "neustadt/" JOB, "{}");
    cr_assert_str_eq(codec_string(shown, "state"), "held");
    cr_assert_str_eq(codec_string(shown, "reason"), "not-at-a-desk");
    cr_assert_str_eq(codec_string(shown, "user_name"), "anna");
    cr_assert_eq(codec_number(shown, "pages"), 3);
    cr_assert_eq(jobs_listed(), 1);
    calls.caller = (struct peer){.role = ROLE_ADMIN, .id = "altdorf/admin", .tenant = "altdorf"};
    cr_assert_eq(jobs_listed(), 0);
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_JOB, "neustadt/" JOB, "{}");
    CALLS_EXPECT(404, METHOD_CANCEL, NOUN_JOB, "neustadt/" JOB, "{}");
    CALLS_EXPECT(404, METHOD_RELEASE, NOUN_JOB, "neustadt/" JOB, "{}");
    CALLS_EXPECT(404, METHOD_MOVE, NOUN_JOB, "neustadt/" JOB, "{\"printer\":\"altdorf/room1\"}");
}

Test(print_messages, page_the_list_of_jobs)
{
    for (int i = 0; i < 5; i++) {
        struct print_message one = job(JOB_WAITING, JOB_REASON_NONE);
        snprintf(one.job, sizeof one.job, "j-%d", i);
        says(one);
    }
    calls.page_limit = 2;
    for (int pages = 0, seen = 0;; pages++) {
        owned(json) json_object *list = calls_call(METHOD_LIST, NOUN_JOB, "", "{}");
        seen += (int)json_object_array_length(codec_member(list, "items"));
        TEXT_PUT(calls.page_after, codec_string(list, "next"));
        if (calls.page_after[0])
            continue;
        cr_assert_eq(seen, 5);
        cr_assert_eq(pages, 2);
        return;
    }
}

Test(print_messages, order_what_an_administrator_wants)
{
    says(job(JOB_HELD, JOB_NOT_AT_A_DESK));
    CALLS_EXPECT(200, METHOD_RELEASE, NOUN_JOB, "neustadt/" JOB, "{}");
    cr_assert_eq(last_told()->type, PRINT_ORDER);
    cr_assert_eq(last_told()->order, PRINT_RELEASE);
    cr_assert_str_eq(last_told()->job, JOB);
    cr_assert_str_eq(last_told()->by, "admin neustadt/admin");
    CALLS_EXPECT(200, METHOD_RELEASE, NOUN_JOB, "neustadt/" JOB, "{\"printer\":\"neustadt/room1\"}");
    cr_assert_str_eq(last_told()->printer, "neustadt/room1");
    CALLS_EXPECT(200, METHOD_MOVE, NOUN_JOB, "neustadt/" JOB, "{\"printer\":\"neustadt/room1\"}");
    cr_assert_eq(last_told()->order, PRINT_MOVE);
    CALLS_EXPECT(400, METHOD_MOVE, NOUN_JOB, "neustadt/" JOB, "{\"printer\":\"altdorf/room1\"}");
    CALLS_EXPECT(400, METHOD_MOVE, NOUN_JOB, "neustadt/" JOB, "{}");
    CALLS_EXPECT(200, METHOD_CANCEL, NOUN_JOB, "neustadt/" JOB, "{}");
    cr_assert_eq(last_told()->order, PRINT_CANCEL);
    CALLS_EXPECT(404, METHOD_CANCEL, NOUN_JOB, "neustadt/j-none", "{}");
    says(job(JOB_WAITING, JOB_PRINTER_AWAY));
    CALLS_EXPECT(409, METHOD_RELEASE, NOUN_JOB, "neustadt/" JOB, "{}");
    says(job(JOB_DONE, JOB_REASON_NONE));
    CALLS_EXPECT(409, METHOD_CANCEL, NOUN_JOB, "neustadt/" JOB, "{}");
    CALLS_EXPECT(409, METHOD_MOVE, NOUN_JOB, "neustadt/" JOB, "{\"printer\":\"neustadt/room1\"}");
    says(job(JOB_UNCERTAIN, JOB_HALF_PRINTED));
    calls.away = true;
    CALLS_EXPECT(503, METHOD_RELEASE, NOUN_JOB, "neustadt/" JOB, "{}");
}

Test(print_messages, lose_no_job_by_a_silence_and_forget_those_that_are_gone)
{
    says(job(JOB_HELD, JOB_NOT_AT_A_DESK));
    struct print_message other = job(JOB_WAITING, JOB_PRINTER_AWAY);
    TEXT_PUT(other.job, "j-other");
    says(other);
    print_unlinked(&calls.services, SERVER);
    cr_assert_eq(jobs_listed(), 2);
    print_linked(&calls.services, SERVER);
    cr_assert_eq(jobs_listed(), 2);
    says(other);
    says((struct print_message){.type = PRINT_JOBS_END});
    cr_assert_eq(jobs_listed(), 1);
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_JOB, "neustadt/" JOB, "{}");
}

Test(print_messages, find_a_job_again_when_its_owner_is_known)
{
    struct print_message early = job(JOB_WAITING, JOB_PRINTER_DRAINING);
    early.person[0] = 0;
    says(early);
    struct print_jobs_walk none = print_jobs_of(&calls.services.print_jobs, PERSON);
    cr_assert_null(print_jobs_next(&none));
    says(job(JOB_WAITING, JOB_PRINTER_DRAINING));
    struct print_jobs_walk walk = print_jobs_of(&calls.services.print_jobs, PERSON);
    struct known_job *known = print_jobs_next(&walk);
    cr_assert(known);
    cr_assert_null(print_jobs_next(&walk));
    known->told = 4;
    says(job(JOB_HELD, JOB_NO_PRINTER_NEAR));
    walk = print_jobs_of(&calls.services.print_jobs, PERSON);
    cr_assert_eq(print_jobs_next(&walk)->told, 4);
    cr_assert_eq(jobs_listed(), 1);
}

Test(print_messages, believe_no_word_about_what_a_print_server_does_not_serve)
{
    struct print_message foreign = job(JOB_HELD, JOB_NOT_AT_A_DESK);
    TEXT_PUT(foreign.person, "altdorf/p-dora");
    TEXT_PUT(foreign.host, "altdorf/ts4");
    says(foreign);
    owned(json) json_object *shown = calls_call(METHOD_SHOW, NOUN_JOB, "neustadt/" JOB, "{}"); // its own tenant's
    cr_assert_str_eq(codec_string(shown, "person"), "");
    cr_assert_str_eq(codec_string(shown, "host"), "");
    TEXT_PUT(foreign.job, "../x");
    says(foreign);
    cr_assert_eq(jobs_listed(), 1);
    says((struct print_message){.type = PRINT_PRINTER, .printer = "altdorf/room1", .printer_state = PRINTER_STOPPED});
    cr_assert_eq(print_jobs_printer_state(&calls.services.print_jobs, "altdorf/room1"), PRINTER_UNKNOWN);
    // Nor of another print server's job.
    print_message(&calls.services, "altdorf/print", &foreign);
    struct known_job stolen = {.id = "neustadt/" JOB, .server = "altdorf/print", .state = JOB_DONE};
    cr_assert_null(print_jobs_take(&calls.services.print_jobs, &stolen));
}

Test(print_messages, remember_no_more_than_so_many_jobs_of_one_person)
{
    for (int i = 0; i < PRINT_JOBS_OF_PERSON_MAX + 3; i++) {
        struct print_message one = job(JOB_WAITING, JOB_REASON_NONE);
        snprintf(one.job, sizeof one.job, "j-%d", i);
        says(one);
    }
    cr_assert_eq(calls.services.print_jobs.jobs.count, PRINT_JOBS_OF_PERSON_MAX);
    struct print_message one = job(JOB_DONE, JOB_REASON_NONE);
    TEXT_PUT(one.job, "j-0");
    says(one);
    print_jobs_sweep(&calls.services.print_jobs, clock_steady_ms() + PRINT_JOB_OVER_MS + 1000);
    cr_assert_eq(calls.services.print_jobs.jobs.count, PRINT_JOBS_OF_PERSON_MAX - 1);
}

// ---- printers

Test(print_messages, show_how_printers_are_while_their_print_server_is_there)
{
    says((struct print_message){
        .type = PRINT_PRINTER, .printer = "neustadt/room1", .printer_state = PRINTER_STOPPED, .detail = "media-empty"});
    struct print_message waiting = job(JOB_WAITING, JOB_PRINTER_STOPPED);
    TEXT_PUT(waiting.printer, "neustadt/room1");
    says(waiting);
    owned(json) json_object *shown = calls_call(METHOD_SHOW, NOUN_PRINTER, "neustadt/room1", "{}");
    cr_assert_str_eq(codec_string(shown, "state"), "stopped");
    cr_assert_str_eq(codec_string(shown, "state_detail"), "media-empty");
    cr_assert_eq(codec_number(shown, "waiting"), 1);
    says(route("sealed:x"));
    cr_assert_eq(last_told()->outcome, PRINT_WAIT);
    print_unlinked(&calls.services, SERVER);
    owned(json) json_object *silent = calls_call(METHOD_SHOW, NOUN_PRINTER, "neustadt/room1", "{}");
    cr_assert_str_eq(codec_string(silent, "state"), "unknown");
    cr_assert_eq(codec_number(silent, "waiting"), 1);
}

Test(print_messages, keep_what_a_printer_says_of_itself)
{
    static const struct print_message found = {.make = "Copia 500",
                                               .formats = "application/pdf image/urf",
                                               .media = "iso_a4_210x297mm",
                                               .colour = true,
                                               .duplex = true,
                                               .name = "Kopierer",
                                               .location = "Flur",
                                               .fingerprint =
                                                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                               .printer_state = PRINTER_IDLE};
    calls.printer = &found;
    owned(json) json_object *read = calls_call(METHOD_READ, NOUN_PRINTER, "neustadt/room1", "{}");
    cr_assert_eq(calls.status, 200, "%s", json_object_to_json_string(read));
    cr_assert_str_eq(codec_string(read, "make"), "Copia 500");
    cr_assert_str_eq(codec_string(read, "found_name"), "Kopierer");
    cr_assert_str_eq(codec_string(read, "state"), "idle");
    const struct printer *printer = state_find(calls.core.state, NOUN_PRINTER, "neustadt/room1");
    cr_assert(printer->colour && printer->duplex && printer->read_ms);
    cr_assert_str_eq(printer->fingerprint, found.fingerprint);
    cr_assert(strstr(calls.events, "printer.read"), "%s", calls.events);
    // Another certificate than the first one is nobody's to accept but an administrator's.
    struct print_message other = found;
    memset(other.fingerprint, 'b', DIGEST_SIZE - 1);
    calls.printer = &other;
    CALLS_EXPECT(503, METHOD_READ, NOUN_PRINTER, "neustadt/room1", "{}");
    printer = state_find(calls.core.state, NOUN_PRINTER, "neustadt/room1");
    cr_assert_str_eq(printer->fingerprint, found.fingerprint);
}

Test(print_messages, say_why_a_printer_could_not_be_asked)
{
    static const struct print_message off = {.fault = "no route to the printer"};
    calls.printer = &off;
    owned(json) json_object *read = calls_call(METHOD_READ, NOUN_PRINTER, "neustadt/room1", "{}");
    cr_assert_eq(calls.status, 503);
    cr_assert_str_eq(codec_string(read, "detail"), "no route to the printer");
    cr_assert_str_eq(codec_string(read, "type"), "urn:pult:printer-unreachable");
    calls.printer = &off;
    CALLS_EXPECT(503, METHOD_TEST, NOUN_PRINTER, "neustadt/room1", "{}");
    static const struct print_message fine = {0};
    calls.printer = &fine;
    CALLS_EXPECT(200, METHOD_TEST, NOUN_PRINTER, "neustadt/room1", "{}");
    calls.away = true;
    owned(json) json_object *alone = calls_call(METHOD_TEST, NOUN_PRINTER, "neustadt/room1", "{}");
    cr_assert_str_eq(codec_string(alone, "type"), "urn:pult:no-print-server");
    CALLS_EXPECT(404, METHOD_READ, NOUN_PRINTER, "neustadt/none", "{}");
}

// ---- accounts

Test(print_messages, account_for_a_job_once_and_only_when_it_is_durable)
{
    says(printed(1));
    cr_assert_eq(calls.told_count, 0); // not on the disk yet
    says(printed(1));
    cr_assert_eq(calls.told_count, 0);
    calls_settle();
    cr_assert_eq(last_told()->type, PRINT_COUNTED);
    cr_assert_eq(last_told()->number, 1);
    cr_assert(strstr(calls.events, "\"job.printed\""), "%s", calls.events);
    cr_assert(strstr(calls.events, "\"person\":\"" PERSON "\""), "%s", calls.events);
    cr_assert(strstr(calls.events, "\"price\":6"), "%s", calls.events);
    cr_assert_eq(accounts(), 1);
    calls.events[0] = 0;
    says(printed(1)); // its answer was lost
    calls_settle();
    cr_assert_eq(last_told()->number, 1);
    cr_assert_str_eq(calls.events, "");
    struct print_message colour = printed(2);
    colour.colour = true;
    colour.counted = COUNTED_BY_DOCUMENT;
    set_prices(2, 20); // as they are now
    says(colour);
    calls_settle();
    cr_assert(strstr(calls.events, "\"price\":60") && strstr(calls.events, "\"counted\":\"document\""), "%s",
              calls.events);
    cr_assert_eq(accounts(), 2);
    cr_assert_eq(last_told()->number, 2);
}

Test(print_messages, account_for_what_another_tenants_printer_printed_with_the_grant)
{
    union record grant = {.grant = {.id = "altdorf/g-1", .to = "neustadt", .printer = "altdorf/room1", .reason = "x"}};
    grant.grant.until_ms = INT64_MAX;
    grant.grant.since_ms = grant.grant.approvals[GRANT_GIVER].at_ms = grant.grant.approvals[GRANT_RECEIVER].at_ms = 1;
    core_set(&calls.core, NOUN_GRANT, &grant);
    says(printed(1));
    calls_settle();
    cr_assert_null(strstr(calls.events, "grant"), "%s", calls.events);
    struct print_message abroad = printed(2);
    TEXT_PUT(abroad.printer, "altdorf/room1");
    says(abroad);
    calls_settle();
    cr_assert(strstr(calls.events, "by grant altdorf/g-1"), "%s", calls.events);
    grant.grant.until_ms = 2;
    core_set(&calls.core, NOUN_GRANT, &grant);
    abroad.number = 3;
    says(abroad);
    calls_settle();
    cr_assert(strstr(calls.events, "by a grant that is over"), "%s", calls.events);
}

Test(print_messages, account_for_whom_a_grant_lets_onto_a_host_that_the_print_server_serves)
{
    const struct host *host = state_host(calls.core.state, anna.host.id);
    union record grant = {.grant = {.id = "neustadt/g-1", .to = "altdorf", .reason = "x", .until_ms = INT64_MAX}};
    TEXT_PUT(grant.grant.pool, host->pool);
    grant.grant.since_ms = grant.grant.approvals[GRANT_GIVER].at_ms = grant.grant.approvals[GRANT_RECEIVER].at_ms = 1;
    core_set(&calls.core, NOUN_GRANT, &grant);
    struct print_message guest = printed(1);
    TEXT_PUT(guest.host, host->id);
    TEXT_PUT(guest.person, "altdorf/p-dora");
    says(guest);
    calls_settle();
    cr_assert(strstr(calls.events, "altdorf/p-dora"), "%s", calls.events);
}

Test(print_messages, tell_who_comes_again_how_far_its_accounts_are)
{
    says(printed(1));
    calls_settle();
    calls.told_count = 0;
    print_linked(&calls.services, SERVER);
    cr_assert_eq(last_told()->type, PRINT_COUNTED);
    cr_assert_eq(last_told()->number, 1);
    says(printed(5)); // the journal is from a back-up
    calls_settle();
    cr_assert_eq(last_told()->number, 5);
}

Test(print_messages, an_administrator_does_not_set_accounts_back)
{
    says(printed(1));
    calls_settle();
    CALLS_EXPECT(200, METHOD_SET, NOUN_PRINT_SERVER, SERVER, "{\"address\":\"print2.example\",\"port\":8631}");
    cr_assert_eq(accounts(), 1);
    CALLS_EXPECT(400, METHOD_SET, NOUN_PRINT_SERVER, SERVER, "{\"address\":\"p\",\"port\":8631,\"accounts\":0}");
}

Test(print_messages, accounts_name_nobody_whom_the_print_server_does_not_serve)
{
    struct print_message foreign = printed(1);
    TEXT_PUT(foreign.person, "altdorf/p-dora");
    says(foreign);
    calls_settle();
    cr_assert_null(strstr(calls.events, "p-dora"), "%s", calls.events);
    cr_assert_eq(accounts(), 1);
    struct print_message nameless = printed(2);
    TEXT_PUT(nameless.job, "/");
    says(nameless);
    calls_settle();
    cr_assert_eq(accounts(), 1);
}

// ---- what an administrator sees at a glance

static json_object *troubles(void)
{
    json_object *status = calls_call(METHOD_STATUS, NOUN_NONE, "", "{}");
    json_object *printing = json_object_get(codec_member(status, "printing"));
    json_object_put(status);
    return printing;
}

Test(print_messages, the_status_tells_of_silent_servers_and_stopped_printers)
{
    owned(json) json_object *none = troubles();
    cr_assert_eq(json_object_array_length(none), 0);
    says((struct print_message){
        .type = PRINT_PRINTER, .printer = "neustadt/room1", .printer_state = PRINTER_STOPPED, .detail = "media-empty"});
    struct print_message waiting = job(JOB_WAITING, JOB_PRINTER_STOPPED);
    TEXT_PUT(waiting.printer, "neustadt/room1");
    says(waiting);
    owned(json) json_object *stopped = troubles();
    cr_assert_eq(json_object_array_length(stopped), 1);
    json_object *first = json_object_array_get_idx(stopped, 0);
    cr_assert_str_eq(codec_string(first, "id"), "neustadt/room1");
    cr_assert_str_eq(codec_string(first, "state"), "stopped");
    cr_assert_str_eq(codec_string(first, "detail"), "media-empty");
    cr_assert_eq(codec_number(first, "jobs"), 1);
    union record server = {.print_server =
                               *(const struct print_server *)state_find(calls.core.state, NOUN_PRINT_SERVER, SERVER)};
    memset(server.print_server.certificate, 'b', DIGEST_SIZE - 1);
    core_set(&calls.core, NOUN_PRINT_SERVER, &server);
    calls.offline = SERVER;
    owned(json) json_object *silent = troubles();
    cr_assert_eq(json_object_array_length(silent), 2);
    cr_assert_str_eq(codec_string(json_object_array_get_idx(silent, 0), "state"), "silent");
    cr_assert_eq(codec_number(json_object_array_get_idx(silent, 0), "jobs"), 1);
    calls.caller = (struct peer){.role = ROLE_ADMIN, .id = "altdorf/admin", .tenant = "altdorf"};
    owned(json) json_object *foreign = troubles();
    cr_assert_eq(json_object_array_length(foreign), 0);
}

// ---- what is set of people

Test(print_messages, a_person_has_a_printer_of_their_tenant)
{
    CALLS_EXPECT(200, METHOD_SET, NOUN_PERSON, PERSON, "{\"printer\":\"neustadt/room1\"}");
    const struct person *person = state_find(calls.core.state, NOUN_PERSON, PERSON);
    cr_assert_str_eq(person->printer, "neustadt/room1");
    cr_assert_eq(person->first_seen_ms, 1);
    CALLS_EXPECT(400, METHOD_SET, NOUN_PERSON, PERSON, "{\"printer\":\"altdorf/room1\"}");
    CALLS_EXPECT(404, METHOD_SET, NOUN_PERSON, "neustadt/p-nobody", "{\"printer\":\"neustadt/room1\"}");
    CALLS_EXPECT(409, METHOD_REMOVE, NOUN_PRINTER, "neustadt/room1", "{}"); // it is in use
    CALLS_EXPECT(200, METHOD_SET, NOUN_PERSON, PERSON, "{\"printer\":\"\"}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PRINTER, "neustadt/room1", "{}");
}

Test(print_messages, nobody_is_erased_whose_jobs_wait)
{
    core_change(&calls.core, anna.session.id, SESSION_ADMIN_ENDS);
    says(job(JOB_HELD, JOB_NOT_AT_A_DESK));
    owned(json) json_object *refused = calls_call(METHOD_REMOVE, NOUN_PERSON, PERSON, "{}");
    cr_assert_eq(calls.status, 409);
    cr_assert(strstr(codec_string(refused, "detail"), "pultctl job cancel neustadt/" JOB), "%s",
              codec_string(refused, "detail"));
    says(job(JOB_CANCELLED, JOB_BY_AN_ADMINISTRATOR));
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PERSON, PERSON, "{}");
}

Test(print_messages, a_printer_is_at_an_address_that_its_tenant_may_use)
{
    static const struct {
        int status;
        const char *uri;
    } tries[] = {
        {200, "ipp://printer.example/ipp/print"},
        {200, "ipps://10.1.2.3:631/ipp/print"},
        {200, "ipp://[fd00::1]:631/"},
        {400, "http://printer.example/"},
        {400, "ipp://"},
        {400, "ipp://192.0.2.1/ipp/print"},
        {400, "ipp://127.0.0.1/ipp/print"},
        {400, "ipp://name@printer/"},
        {400, "ipp://printer:0/"},
        {400, "ipp://printer:99999/"},
        {400, "ipp:printer"},
        {400, "ipp://-x/"},
        {400, "ipp://[::1]/"},
        {400, "ipp://printer/a b"},
        {400, "ipp://printer:63x/"},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        char body[400];
        snprintf(body, sizeof body, "{\"name\":\"P\",\"site\":\"neustadt/rathaus\",\"uri\":\"%s\"}", tries[i].uri);
        owned(json) json_object *answer = calls_call(METHOD_SET, NOUN_PRINTER, "neustadt/room9", body);
        cr_assert_eq(calls.status, tries[i].status, "%s: %s", tries[i].uri, json_object_to_json_string(answer));
    }
    CALLS_EXPECT(
        400, METHOD_SET, NOUN_PRINTER, "neustadt/room9",
        "{\"name\":\"P\",\"site\":\"neustadt/rathaus\",\"uri\":\"ipp://p/\",\"substitute\":\"neustadt/room9\"}");
}
