// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/outside_logon.h"
#include "broker/base/address.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/logon_attempt.h"
#include "broker/calls/logon_history.h"
#include "broker/calls/proof.h"
#include "broker/calls/services.h"
#include "broker/core/factor.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVEN_STEP_MS = 1000 };

struct outside_logon {
    struct services *services;
    char tenant_id[SLUG_SIZE];
    char name_key[ID_SIZE + USER_NAME_SIZE]; // "neustadt/anna"
    char gateway[ID_SIZE], network[ADDRESS_NETWORK_TEXT_SIZE], browser[PAST_LOGONS_BROWSER_SIZE];
    char *name;
    struct secret password;
    struct store_person person; // whose factor was right
    struct guess guess;
    int64_t started_ms; // steady
    enum refusal refusal;
    int64_t retry_after_ms;
    struct loop_timer *timer;
    outside_logon_done *done;
    void *arg;
};

void outside_logon_open(struct services *services, int tries)
{
    unsigned char key[GUESSES_KEY_BYTES];
    services_random(key, sizeof key);
    services->guesses = guesses_new(key, tries);
    services_random(services->challenges.key, sizeof services->challenges.key);
    services->outside_logon = outside_logon_start;
    services->outside_challenge = outside_logon_challenge;
}

void outside_logon_close(struct services *services)
{
    guesses_free(services->guesses);
    challenges_fini(&services->challenges);
}

void outside_logon_challenge(const struct services *services, const char *holder, char text[DIGEST_SIZE])
{
    static_assert((int)CHALLENGE_SIZE == (int)DIGEST_SIZE, "the same room");
    unsigned char random[CHALLENGE_RANDOM_BYTES];
    services_random(random, sizeof random);
    challenge_make(&services->challenges, holder, random, clock_steady_ms(), text);
}

bool outside_origin(const struct services *services, const char *gateway_id, const char **site, char origin[URI_SIZE])
{
    const struct gateway *gateway = state_find(services->state, NOUN_GATEWAY, gateway_id);
    if (!gateway)
        return false;
    *site = gateway->name;
    if (gateway->port == 443)
        snprintf(origin, URI_SIZE, "https://%s", gateway->name);
    else
        snprintf(origin, URI_SIZE, "https://%s:%lld", gateway->name, (long long)gateway->port);
    return true;
}

// ---- the end

static void tell_outcome(void *arg)
{
    struct outside_logon *logon = arg;
    struct services *services = logon->services;
    const struct store_person *person = logon->refusal == REFUSAL_NONE ? &logon->person : NULL;
    services->counters.logons_refused += !person;
    logon->done(logon->arg, logon->refusal, logon->retry_after_ms, person);
    loop_timer_free(logon->timer);
    secret_drop(&logon->password);
    free(logon->name);
    free(logon);
}

static void answer_in(struct outside_logon *logon, enum refusal refusal, int64_t ms)
{
    assert(!logon->timer);
    logon->refusal = refusal;
    logon->timer = loop_timer_new(logon->services->loop, tell_outcome, logon);
    loop_timer_start(logon->timer, ms);
}

// Whatever was wrong: whoever measures learns nothing.
static void fail_evenly(struct outside_logon *logon)
{
    int64_t taken_ms = clock_steady_ms() - logon->started_ms;
    const struct logon_place place = {logon->gateway, logon->network, logon->browser};
    log_info("logon", "refused from %s: name, second factor or password", logon->network);
    if (logon->tenant_id[0])
        logon_history_refused(logon->services, logon->tenant_id, strchr(logon->name_key, '/') + 1, &place);
    answer_in(logon, REFUSAL_WRONG_PASSWORD, EVEN_STEP_MS - taken_ms % EVEN_STEP_MS);
}

static void end_guess(struct outside_logon *logon, enum guess_outcome outcome)
{
    guesses_end(logon->services->guesses, &logon->guess, outcome, clock_steady_ms());
}

// ---- 3. the password

static bool was_right(enum auth_verdict verdict)
{
    return verdict != AUTH_WRONG && verdict != AUTH_UNAVAILABLE;
}

// Whose name it is now may be somebody else than whose factor it was.
static bool is_same_person(const struct outside_logon *logon, const struct identity *identity)
{
    const struct store_person *proven = people_by_key(&logon->services->people, logon->tenant_id, identity->key);
    return proven && text_equal(proven->id, logon->person.id);
}

static void password_checked(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct outside_logon *logon = arg;
    struct services *services = logon->services;
    int64_t now_ms = clock_steady_ms();
    struct attempt uncounted = {.counts = false};
    TEXT_PUT(uncounted.tenant_id, logon->tenant_id);
    TEXT_PUT(uncounted.name_key, logon->name_key);
    guesses_directory_said(services->guesses, &logon->guess, was_right(verdict), now_ms);
    if (verdict == AUTH_WRONG || (verdict == AUTH_RIGHT && !is_same_person(logon, identity))) {
        end_guess(logon, GUESS_WRONG);
        fail_evenly(logon);
        return;
    }
    end_guess(logon, was_right(verdict) ? GUESS_RIGHT : GUESS_UNDECIDED);
    if (verdict == AUTH_RIGHT) {
        group_cache_put(services->group_cache, logon->person.id, identity, now_ms);
        channels_pardon(&services->channels, logon->person.id);
    }
    log_info("logon", "%s from %s: %s", logon->person.id, logon->network,
             verdict == AUTH_RIGHT ? "logged on from outside" : "proven, and refused by the directory");
    answer_in(logon, attempt_finish(&uncounted, services, verdict), 0);
}

// ---- 2. the second factor, which is kept as used before anything else is done about it

static void factor_kept(void *arg, bool durable, const struct fault *why)
{
    struct outside_logon *logon = arg;
    struct services *services = logon->services;
    const struct tenant *tenant = state_tenant(services->state, logon->tenant_id);
    if (!durable || !tenant) {
        log_warn("logon", "refused from %s, not recorded: %s", logon->network, why ? why->text : "no tenant");
        end_guess(logon, GUESS_UNDECIDED);
        answer_in(logon, REFUSAL_STORE_DOWN, 0);
    } else if (!guesses_ask_directory(services->guesses, &logon->guess, clock_steady_ms())) {
        log_info("logon", "%s: too many wrong passwords for the directory", logon->person.id);
        end_guess(logon, GUESS_UNDECIDED);
        fail_evenly(logon);
    } else {
        proof_check(services, tenant, logon->name, &logon->password, password_checked, logon);
        explicit_bzero(&logon->password, sizeof logon->password); // its copy is the proof's
    }
}

// The one factor of theirs that this proves.
static bool find_factor(const struct outside_logon *logon, const char *person_id, const struct factor_proof *proof,
                        struct factor *found)
{
    struct fault why;
    const struct services *services = logon->services;
    int64_t now_ms = commit_now_ms(services->commit);
    for (const struct factor *factor = NULL; (factor = factor_next(services->state, person_id, factor));) {
        *found = *factor;
        if (!factor_is_over(factor, now_ms) &&
            services->factors.verify(services->factors.self, found, proof, now_ms, &why))
            return true;
    }
    return false;
}

static bool find_proven(struct outside_logon *logon, const struct factor_proof *proof, struct factor *factor)
{
    const char *name = strchr(logon->name_key, '/') + 1;
    const struct store_person *person = NULL;
    while ((person = people_by_name(&logon->services->people, logon->tenant_id, name, person))) {
        if (!find_factor(logon, person->id, proof, factor))
            continue;
        logon->person = *person;
        return true;
    }
    return false;
}

static bool keep_factor(struct outside_logon *logon, const struct factor *factor, const char *gateway)
{
    struct event event;
    struct fault why;
    const struct services *services = logon->services;
    factor_used(&event, factor, commit_now_ms(services->commit));
    snprintf(event.why, sizeof event.why, "from %s through %s", logon->network, gateway);
    return commit_events(services->commit, &event, 1, NULL, 0, factor_kept, logon, &why);
}

static void check_factor(struct outside_logon *logon, const struct outside_logon_input *input)
{
    struct services *services = logon->services;
    unsigned char challenge[CHALLENGE_BYTES];
    char origin[URI_SIZE];
    struct factor factor;
    struct factor_proof proof = {input->code,      input->passkey,  input->client_data, input->authenticator_data,
                                 input->signature, .origin = origin};
    bool asked =
        challenge_is_open(&services->challenges, input->holder, input->challenge, clock_steady_ms(), challenge);
    proof.challenge = asked ? challenge : NULL;
    if (!outside_origin(services, input->gateway, &proof.site, origin) || !find_proven(logon, &proof, &factor)) {
        end_guess(logon, GUESS_WRONG);
        fail_evenly(logon);
        return;
    }
    logon->guess.by_passkey = factor.kind == FACTOR_PASSKEY;
    if (logon->guess.by_passkey)
        challenge_take(&services->challenges, challenge, clock_steady_ms());
    if (!keep_factor(logon, &factor, input->gateway)) {
        end_guess(logon, GUESS_UNDECIDED);
        answer_in(logon, REFUSAL_STORE_DOWN, 0);
    }
}

// ---- 1. who may try now

void outside_logon_start(struct services *services, struct outside_logon_input *input, outside_logon_done *done,
                         void *arg)
{
    struct outside_logon *logon = mem_new(1, sizeof *logon);
    const struct tenant *tenant = wall_gateway_directory(services->state, input->gateway, input->name);
    logon->services = services;
    logon->name = mem_dup(input->name);
    logon->password = input->password;
    explicit_bzero(&input->password, sizeof input->password);
    logon->done = done;
    logon->arg = arg;
    logon->started_ms = clock_steady_ms();
    TEXT_PUT(logon->tenant_id, tenant ? tenant->id : "");
    attempt_name_key(logon->name_key, logon->tenant_id, input->name);
    address_network_text(logon->network, input->address);
    text_cut(logon->gateway, sizeof logon->gateway, input->gateway);
    text_cut(logon->browser, sizeof logon->browser, input->browser);
    logon->guess = (struct guess){logon->tenant_id, logon->name_key, logon->network, false};
    logon->retry_after_ms = guesses_begin(services->guesses, &logon->guess, logon->started_ms);
    if (logon->retry_after_ms) {
        answer_in(logon, REFUSAL_TOO_MANY_ATTEMPTS, 0);
    } else if (!tenant) {
        end_guess(logon, GUESS_WRONG);
        fail_evenly(logon);
    } else {
        check_factor(logon, input);
    }
}
