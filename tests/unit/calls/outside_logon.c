// SPDX-License-Identifier: EUPL-1.2
// Anna logs on from outside, and so would others as Anna.
#include "broker/calls/outside_logon.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/portal.h"
#include "broker/core/factor.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

#define GATEWAY "neustadt/gw"
#define ANNA "neustadt/p-anna"

static struct logon_result {
    int count, waiting, wrong;
    enum refusal refusal;
    int64_t retry_after_ms, taken_ms;
    char person[ID_SIZE];
} result;
static int64_t started_ms;

static void add_factor(const char *id, enum factor_kind kind, const char *key, const char *codes)
{
    union record record = {.factor = {.person = ANNA, .kind = kind, .enrolled_ms = 1}};
    TEXT_PUT(record.factor.id, id);
    TEXT_PUT(record.factor.key, kind == FACTOR_TOTP ? key : "");
    TEXT_PUT(record.factor.credential, kind == FACTOR_PASSKEY ? key : "");
    TEXT_PUT(record.factor.codes, codes);
    core_set(&calls.core, NOUN_FACTOR, &record);
}

static void open_outside(void)
{
    union record person = {.person = {.id = ANNA, .first_seen_ms = 1}};
    struct store_person row = {.id = ANNA, .key = "1", .user_name = "anna", .name = "Anna"};
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    people_put(&calls.services.people, &row);
    core_set(&calls.core, NOUN_PERSON, &person);
    add_factor("neustadt/f-1", FACTOR_TOTP, "sealed", "");
    add_factor("neustadt/f-2", FACTOR_PASSKEY, "key-of-anna", "");
    add_factor("neustadt/f-3", FACTOR_RECOVERY, "", "paper1 paper2");
    result = (struct logon_result){.count = 0};
}

TestSuite(outside_logon, .init = open_outside, .fini = calls_close, .timeout = 120);

static void logged_on(void *arg, enum refusal refusal, int64_t retry_after_ms, const struct store_person *person)
{
    (void)arg;
    result.count++;
    result.refusal = refusal;
    result.waiting += refusal == REFUSAL_TOO_MANY_ATTEMPTS && retry_after_ms > 0;
    result.wrong += refusal == REFUSAL_WRONG_PASSWORD;
    result.retry_after_ms = retry_after_ms;
    result.taken_ms = clock_steady_ms() - started_ms;
    TEXT_PUT(result.person, person ? person->id : "");
    loop_stop(calls.services.loop);
}

static struct outside_logon_input input_of(const char *name, const char *password, const char *code)
{
    struct outside_logon_input input = {GATEWAY,         "192.0.2.1",     "Firefox, Linux",  name,
                                        .code = code,    .passkey = "",   .client_data = "", .authenticator_data = "",
                                        .signature = "", .challenge = "", .holder = "aa"};
    cr_assert(secret_set(&input.password, password, strlen(password)));
    return input;
}

static enum refusal log_on_with(struct outside_logon_input *input)
{
    int before = result.count;
    started_ms = clock_steady_ms();
    outside_logon_start(&calls.services, input, logged_on, NULL);
    cr_assert_eq(result.count, before, "never from within");
    for (int i = 0; i < 4; i++) // what is kept is kept before the directory is asked, and groups before that
        calls_settle();
    while (result.count == before)
        loop_run(calls.services.loop);
    cr_assert_eq(result.count, before + 1);
    return result.refusal;
}

static enum refusal log_on(const char *name, const char *password, const char *code)
{
    struct outside_logon_input input = input_of(name, password, code);
    return log_on_with(&input);
}

static enum refusal use_passkey(const char *challenge, const char *holder, const char *password)
{
    struct outside_logon_input input = input_of("anna", password, "");
    input.passkey = "key-of-anna";
    input.signature = "signed";
    input.challenge = challenge;
    input.holder = holder;
    return log_on_with(&input);
}

static const struct factor *factor_now(const char *id)
{
    return state_find(calls.services.state, NOUN_FACTOR, id);
}

Test(outside_logon, takes_name_code_and_password)
{
    struct membership who;
    cr_assert_eq(log_on("anna", "anna-geheim", "t1"), REFUSAL_NONE);
    cr_expect_str_eq(result.person, ANNA);
    cr_expect_eq(calls.binds, 1);
    cr_expect(group_cache_get(calls.services.group_cache, ANNA, clock_steady_ms(), &who), "for what is decided next");
    cr_expect(strstr(calls.events, "factor.used") && strstr(calls.events, "from 192.0.2.1 through " GATEWAY) &&
                  strstr(calls.events, "\"by\":\"person " ANNA "\""),
              "%s", calls.events);
    cr_expect_eq(log_on("NEUSTADT\\Anna", "anna-geheim", "t2"), REFUSAL_NONE, "as in the hall");
}

// So that Anna sees what somebody tried with her name.
Test(outside_logon, is_told_to_whom_the_name_belongs_when_it_is_refused)
{
    struct portal portal = {.pages = NULL};
    calls.services.portal = &portal;
    cr_expect_eq(log_on("nobody", "anna-geheim", "t1"), REFUSAL_WRONG_PASSWORD);
    cr_expect_eq(calls.services.past_logons.people.count, 0);
    cr_expect_eq(log_on("NEUSTADT\\Anna", "anna-geheim", "t0"), REFUSAL_WRONG_PASSWORD);
    cr_expect_eq(log_on("anna", "wrong", "t7"), REFUSAL_WRONG_PASSWORD);
    const struct past_logons_of *theirs = past_logons_find(&calls.services.past_logons, ANNA);
    cr_assert(theirs);
    cr_expect_eq(theirs->count, 1);
    cr_expect_eq(theirs->last[0].count, 2);
    cr_expect_str_eq(theirs->last[0].network, "192.0.2.1");
    cr_expect_str_eq(theirs->last[0].browser, "Firefox, Linux");
    past_logons_fini(&calls.services.past_logons);
    calls.services.portal = NULL;
}

// Whoever measures learns nothing: not whether there is such a name, nor what was wrong of it.
Test(outside_logon, fails_alike_whatever_was_wrong)
{
    static const struct {
        const char *name, *password, *code;
        int binds;
    } rows[] = {
        {"anna", "anna-geheim", "t0", 0},
        {"anna", "wrong", "t7", 1}, // the code alone was right
        {"nobody", "anna-geheim", "t1", 0},
        {"anna", "anna-geheim", "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        calls.binds = 0;
        cr_expect_eq(log_on(rows[i].name, rows[i].password, rows[i].code), REFUSAL_WRONG_PASSWORD, "%zu", i);
        cr_expect_eq(result.retry_after_ms, 0);
        cr_expect_geq(result.taken_ms, 990, "%zu: %lld", i, (long long)result.taken_ms);
        cr_expect_eq(calls.binds, rows[i].binds, "%zu: guesses do not come to the directory", i);
    }
}

Test(outside_logon, takes_no_code_twice)
{
    cr_assert_eq(log_on("anna", "wrong", "t5"), REFUSAL_WRONG_PASSWORD);
    cr_expect_eq(factor_now("neustadt/f-1")->count, 5, "kept before the password was looked at");
    cr_expect_eq(log_on("anna", "anna-geheim", "t5"), REFUSAL_WRONG_PASSWORD);
    cr_expect_eq(calls.binds, 1);
}

Test(outside_logon, takes_codes_on_paper_until_the_last)
{
    cr_assert_eq(log_on("anna", "anna-geheim", "paper1"), REFUSAL_NONE);
    cr_expect_eq(factor_codes_left(factor_now("neustadt/f-3")), 1);
    cr_assert_eq(log_on("anna", "anna-geheim", "paper2"), REFUSAL_NONE);
    cr_expect_null(factor_now("neustadt/f-3"));
    cr_expect(strstr(calls.events, "factor.ended"), "%s", calls.events);
}

Test(outside_logon, takes_a_help_desks_code_for_a_day)
{
    union record record = {.factor = {.id = "neustadt/f-4",
                                      .person = ANNA,
                                      .kind = FACTOR_HELP_DESK,
                                      .codes = "desk",
                                      .until_ms = calls.core.now_ms + FACTOR_HELP_DESK_MS}};
    core_set(&calls.core, NOUN_FACTOR, &record);
    calls.core.now_ms += FACTOR_HELP_DESK_MS;
    cr_expect_eq(log_on("anna", "anna-geheim", "desk"), REFUSAL_WRONG_PASSWORD);
    calls.core.now_ms -= 1;
    cr_expect_eq(log_on("anna", "anna-geheim", "desk"), REFUSAL_NONE);
    cr_expect_null(factor_now("neustadt/f-4"));
}

Test(outside_logon, asks_a_passkey_once_and_one_page)
{
    char challenge[DIGEST_SIZE];
    outside_logon_challenge(&calls.services, "aa", challenge);
    cr_expect_eq(use_passkey(challenge, "bb", "anna-geheim"), REFUSAL_WRONG_PASSWORD, "the answer of another browser");
    cr_expect_eq(use_passkey("", "aa", "anna-geheim"), REFUSAL_WRONG_PASSWORD);
    cr_expect_eq(use_passkey(challenge, "aa", "anna-geheim"), REFUSAL_NONE);
    cr_expect_eq(factor_now("neustadt/f-2")->count, 1);
    cr_expect_eq(use_passkey(challenge, "aa", "anna-geheim"), REFUSAL_WRONG_PASSWORD, "said again");
    cr_expect_eq(calls.binds, 1);
}

// Somebody has her telephone and guesses at the password: the directory does not come to lock her account, and she gets
// in by her key.
Test(outside_logon, spares_the_directory_and_keeps_a_try_for_the_key)
{
    char challenge[DIGEST_SIZE];
    static const char *const codes[] = {"t1", "t2", "t3"};
    for (int i = 0; i < GUESSES_TRIES_USUAL; i++)
        cr_expect_eq(log_on("anna", "guess", codes[i]), REFUSAL_WRONG_PASSWORD);
    cr_expect_eq(calls.binds, GUESSES_TRIES_USUAL - 1);
    outside_logon_challenge(&calls.services, "aa", challenge);
    struct outside_logon_input input = input_of("anna", "anna-geheim", "");
    input.address = "198.51.100.7";
    input.passkey = "key-of-anna";
    input.signature = "signed";
    input.challenge = challenge;
    cr_expect_eq(log_on_with(&input), REFUSAL_NONE);
}

Test(outside_logon, makes_who_guesses_wait_and_nobody_elsewhere)
{
    enum { GUESSES = 20 };
    for (int i = 0; i < GUESSES; i++) {
        struct outside_logon_input input = input_of("anna", "guess", "t0");
        outside_logon_start(&calls.services, &input, logged_on, NULL);
    }
    while (result.count < GUESSES)
        loop_run(calls.services.loop);
    cr_expect_gt(result.waiting, 0);
    cr_expect_eq(result.waiting + result.wrong, GUESSES);
    struct outside_logon_input input = input_of("anna", "anna-geheim", "t1");
    input.address = "198.51.100.7";
    cr_expect_eq(log_on_with(&input), REFUSAL_NONE, "on holiday, and not locked out");
    cr_expect_eq(calls.binds, 1);
}

// Her user name is somebody else's by now: what was hers lets nobody in as them, nor them as her.
Test(outside_logon, knows_a_name_that_changed_hands)
{
    calls.key = "2";
    cr_expect_eq(log_on("anna", "anna-geheim", "t1"), REFUSAL_WRONG_PASSWORD);
    struct store_person other = {.id = "neustadt/p-new", .key = "2", .user_name = "anna", .name = "Anna the younger"};
    people_put(&calls.services.people, &other);
    cr_expect_eq(log_on("anna", "anna-geheim", "t2"), REFUSAL_WRONG_PASSWORD);
}

Test(outside_logon, comes_through_gateways_that_serve_the_tenant)
{
    struct outside_logon_input input = input_of("anna", "anna-geheim", "t1");
    input.gateway = "neustadt/none";
    cr_expect_eq(log_on_with(&input), REFUSAL_WRONG_PASSWORD);
    input = input_of("anna", "anna-geheim", "t1");
    input.gateway = "altdorf/gw";
    cr_expect_eq(log_on_with(&input), REFUSAL_WRONG_PASSWORD);
    input = input_of("anna@neustadt", "anna-geheim", "t1");
    cr_expect_eq(log_on_with(&input), REFUSAL_NONE);
}

Test(outside_logon, asks_nobody_while_nothing_can_be_kept)
{
    commit_set_role(calls.services.commit, STORE_FOLLOWS);
    cr_expect_eq(log_on("anna", "anna-geheim", "t1"), REFUSAL_STORE_DOWN);
    cr_expect_eq(calls.binds, 0);
    commit_set_role(calls.services.commit, STORE_WRITES);
    cr_expect_eq(log_on("anna", "anna-geheim", "t1"), REFUSAL_NONE);
}
