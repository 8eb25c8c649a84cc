// SPDX-License-Identifier: EUPL-1.2
// What people show from outside: enrolled, seen by administrators, gone.
#include "broker/base/log.h"
#include "broker/calls/factor_enrolment.h"
#include "broker/calls/outside_logon.h"
#include "broker/calls/portal.h"
#include "broker/calls/sweep.h"
#include "broker/core/factor.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define GATEWAY "neustadt/gw"
#define ANNA "neustadt/p-anna"
#define BERT "altdorf/p-bert"

static int answered;
static enum fault_kind answer;

static void see_person(const char *id, const char *user_name)
{
    union record person = {.person = {.first_seen_ms = 1}};
    struct store_person row = {.name = "Somebody"};
    TEXT_PUT(person.person.id, id);
    TEXT_PUT(row.id, id);
    TEXT_PUT(row.key, id);
    TEXT_PUT(row.user_name, user_name);
    people_put(&calls.services.people, &row);
    core_set(&calls.core, NOUN_PERSON, &person);
}

static void open_factors(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    see_person(ANNA, "anna");
    see_person(BERT, "bert");
    answered = 0;
}

TestSuite(factors, .init = open_factors, .fini = calls_close);

static void enrolled(void *arg, const struct fault *why)
{
    (void)arg;
    answered++;
    answer = why ? why->kind : FAULT_NONE;
    loop_stop(calls.services.loop);
}

static enum fault_kind await_answer(void)
{
    int before = answered;
    calls_settle();
    while (answered == before)
        loop_run(calls.services.loop);
    return answer;
}

static enum fault_kind enrol_telephone(const char *person, const char *sealed, const char *code)
{
    int before = answered;
    factor_enrol_totp(&calls.services, person, "Telefon", sealed, code, enrolled, NULL);
    cr_assert_eq(answered, before, "never from within");
    return await_answer();
}

static enum fault_kind enrol_key(const char *challenge, const char *credential)
{
    const struct passkey_offer offer = {GATEWAY, "aa", challenge, credential, "made"};
    factor_enrol_passkey(&calls.services, ANNA, "Schlüssel", &offer, enrolled, NULL);
    return await_answer();
}

static size_t count_of(const char *person)
{
    size_t count = 0;
    for (const struct factor *factor = NULL; (factor = factor_next(calls.services.state, person, factor));)
        count++;
    return count;
}

Test(factors, a_telephone_is_enrolled_by_its_first_code)
{
    struct factor_offer offer;
    cr_assert(factor_is_missing(calls.services.state, ANNA));
    cr_assert(factor_offer_totp(&calls.services, ANNA, &offer));
    cr_expect(strstr(offer.uri, ":anna"), "%s", offer.uri);
    cr_expect_eq(enrol_telephone(ANNA, offer.sealed, "t0"), FAULT_DENIED);
    cr_expect_eq(enrol_telephone(BERT, offer.sealed, "t1"), FAULT_DENIED, "made for Anna");
    cr_expect_eq(enrol_telephone("neustadt/p-gone", offer.sealed, "t1"), FAULT_ABSENT);
    cr_expect_eq(count_of(ANNA) + count_of(BERT), 0);
    cr_expect_eq(enrol_telephone(ANNA, offer.sealed, "t1"), FAULT_NONE);
    cr_expect_not(factor_is_missing(calls.services.state, ANNA));
    cr_expect(strstr(calls.events, "factor.enrolled") && strstr(calls.events, "\"by\":\"person " ANNA "\""), "%s",
              calls.events);
}

Test(factors, a_passkey_is_enrolled_once_by_the_page_that_asked)
{
    char challenge[DIGEST_SIZE];
    outside_logon_challenge(&calls.services, "bb", challenge);
    cr_expect_eq(enrol_key(challenge, "key1"), FAULT_DENIED);
    outside_logon_challenge(&calls.services, "aa", challenge);
    cr_expect_eq(enrol_key(challenge, "key1"), FAULT_NONE);
    cr_expect_eq(enrol_key(challenge, "key2"), FAULT_DENIED, "the same question");
    outside_logon_challenge(&calls.services, "aa", challenge);
    cr_expect_eq(enrol_key(challenge, "key1"), FAULT_CONFLICT, "the same key");
    cr_expect_eq(count_of(ANNA), 1);
}

Test(factors, are_bounded)
{
    char sealed[FACTOR_KEY_SIZE] = "for " ANNA;
    for (int i = 0; i < FACTORS_OF_PERSON_MAX; i++)
        cr_assert_eq(enrol_telephone(ANNA, sealed, "t1"), FAULT_NONE);
    cr_expect_eq(enrol_telephone(ANNA, sealed, "t1"), FAULT_CONFLICT);
    cr_expect_eq(enrol_telephone(BERT, "for " BERT, "t1"), FAULT_NONE);
}

Test(factors, new_codes_on_paper_replace_the_old)
{
    char codes[FACTOR_CODES_MAX][FACTOR_CODE_SIZE], old[FACTOR_CODE_SIZE];
    factor_renew_recovery(&calls.services, ANNA, codes, enrolled, NULL);
    cr_assert_eq(await_answer(), FAULT_NONE);
    TEXT_PUT(old, codes[0]);
    factor_renew_recovery(&calls.services, ANNA, codes, enrolled, NULL);
    cr_assert_eq(await_answer(), FAULT_NONE);
    cr_assert_eq(count_of(ANNA), 1);
    const struct factor *factor = factor_next(calls.services.state, ANNA, NULL);
    cr_expect_eq(factor_codes_left(factor), FACTOR_CODES_MAX);
    cr_expect_null(strstr(factor->codes, old));
    cr_expect(factor_is_missing(calls.services.state, ANNA), "which are for who has lost something else");
}

Test(factors, are_removed_by_their_person_alone)
{
    cr_assert_eq(enrol_telephone(ANNA, "for " ANNA, "t1"), FAULT_NONE);
    char id[ID_SIZE];
    TEXT_PUT(id, factor_next(calls.services.state, ANNA, NULL)->id);
    factor_remove_own(&calls.services, BERT, id, enrolled, NULL);
    cr_expect_eq(await_answer(), FAULT_ABSENT);
    cr_expect_eq(count_of(ANNA), 1);
    factor_remove_own(&calls.services, ANNA, id, enrolled, NULL);
    cr_expect_eq(await_answer(), FAULT_NONE);
    cr_expect_eq(count_of(ANNA), 0);
}

// ---- administrators

static void call_as_admin_of(const char *tenant)
{
    calls.caller = (struct peer){.role = ROLE_ADMIN};
    snprintf(calls.caller.id, sizeof calls.caller.id, "%s/admin", tenant);
    TEXT_PUT(calls.caller.tenant, tenant);
}

Test(factors, are_shown_without_what_is_secret)
{
    cr_assert_eq(enrol_telephone(ANNA, "for " ANNA, "t1"), FAULT_NONE);
    const char *id = factor_next(calls.services.state, ANNA, NULL)->id;
    owned(json) json_object *shown = calls_call(METHOD_SHOW, NOUN_FACTOR, id, "{}");
    cr_assert_eq(calls.status, 200);
    cr_expect_str_eq(codec_string(shown, "user_name"), "anna");
    cr_expect_str_eq(codec_string(shown, "kind"), "totp");
    static const char *const hidden[] = {"key", "credential", "algorithm", "count", "codes"};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        cr_expect_null(codec_member(shown, hidden[i]), "%s", hidden[i]);
    cr_expect_null(strstr(json_object_to_json_string(shown), "sealed"));
}

Test(factors, are_their_own_tenants)
{
    cr_assert_eq(enrol_telephone(ANNA, "for " ANNA, "t1"), FAULT_NONE);
    char id[ID_SIZE];
    TEXT_PUT(id, factor_next(calls.services.state, ANNA, NULL)->id);
    call_as_admin_of("altdorf");
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_FACTOR, id, "{}");
    CALLS_EXPECT(404, METHOD_REMOVE, NOUN_FACTOR, id, "{}");
    CALLS_EXPECT(404, METHOD_FACTOR_CODE, NOUN_PERSON, ANNA, "{}");
    owned(json) json_object *list = calls_call(METHOD_LIST, NOUN_FACTOR, "", "{}");
    cr_expect_eq(json_object_array_length(codec_member(list, "items")), 0);
    call_as_admin_of("neustadt");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_FACTOR, id, "{}");
    cr_expect(strstr(calls.events, "factor.ended"), "%s", calls.events);
    CALLS_EXPECT(404, METHOD_REMOVE, NOUN_FACTOR, id, "{}");
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_FACTOR, id, "{}");
}

// A telephone was stolen, and the thief is logged on by it.
Test(factors, that_are_removed_leave_nobody_logged_on)
{
    struct portal portal = {.pages = NULL};
    char annas[DIGEST_SIZE], berts[DIGEST_SIZE];
    services_digest(annas, "a", 1);
    services_digest(berts, "b", 1);
    calls.services.portal = &portal;
    cr_assert(portal_sessions_add(&portal.sessions, annas, ANNA, 1));
    cr_assert(portal_sessions_add(&portal.sessions, berts, BERT, 1));
    cr_assert_eq(enrol_telephone(ANNA, "for " ANNA, "t1"), FAULT_NONE);
    char id[ID_SIZE];
    TEXT_PUT(id, factor_next(calls.services.state, ANNA, NULL)->id);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_FACTOR, id, "{}");
    cr_expect_null(portal_sessions_use(&portal.sessions, annas, 1));
    cr_expect_not_null(portal_sessions_use(&portal.sessions, berts, 1));
    portal_sessions_fini(&portal.sessions);
    calls.services.portal = NULL;
}

Test(factors, of_the_help_desk_are_one_and_for_a_day)
{
    call_as_admin_of("neustadt");
    owned(json) json_object *first = calls_call(METHOD_FACTOR_CODE, NOUN_PERSON, ANNA, "{}");
    cr_assert_eq(calls.status, 200);
    owned(json) json_object *second = calls_call(METHOD_FACTOR_CODE, NOUN_PERSON, ANNA, "{}");
    cr_assert_eq(count_of(ANNA), 1, "the new one replaces it");
    const struct factor *factor = factor_next(calls.services.state, ANNA, NULL);
    cr_expect_str_eq(factor->codes, codec_string(second, "code"));
    cr_expect_str_neq(codec_string(first, "code"), codec_string(second, "code"));
    cr_expect(strstr(calls.events, "\"by\":\"admin neustadt/admin\""), "%s", calls.events);
    cr_expect_eq(factor->until_ms, calls.core.now_ms + FACTOR_HELP_DESK_MS);
    calls.core.now_ms += FACTOR_HELP_DESK_MS;
    factor_sweep(&calls.services);
    calls_settle();
    cr_expect_eq(count_of(ANNA), 0);
    CALLS_EXPECT(404, METHOD_FACTOR_CODE, NOUN_PERSON, "neustadt/p-gone", "{}");
}

Test(factors, go_with_their_person)
{
    cr_assert_eq(enrol_telephone(ANNA, "for " ANNA, "t1"), FAULT_NONE);
    cr_assert_eq(enrol_telephone(BERT, "for " BERT, "t1"), FAULT_NONE);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PERSON, ANNA, "{}");
    cr_expect_eq(count_of(ANNA), 0);
    cr_expect(strstr(calls.events, "factor.ended") < strstr(calls.events, "person.erased"), "%s", calls.events);
    cr_expect_eq(count_of(BERT), 1);
    cr_expect(state_is_sound(calls.services.state));
}
