// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/factor_enrolment.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/outside_logon.h"
#include "broker/calls/portal.h"
#include "broker/core/factor.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- answers come later

struct enrolment_answer {
    struct loop_timer *timer; // NULL: the store tells
    factor_enrolled *done;
    void *arg;
    bool done_well;
    struct fault why;
};

static void answer_enrolment(void *arg)
{
    struct enrolment_answer *answer = arg;
    answer->done(answer->arg, answer->done_well ? NULL : &answer->why);
    if (answer->timer)
        loop_timer_free(answer->timer);
    free(answer);
}

static void refuse_enrolment(struct services *services, const struct fault *why, factor_enrolled *done, void *arg)
{
    struct enrolment_answer *answer = mem_new(1, sizeof *answer);
    *answer = (struct enrolment_answer){.done = done, .arg = arg, .why = *why};
    answer->timer = loop_timer_new(services->loop, answer_enrolment, answer);
    loop_timer_start(answer->timer, 0);
}

static void enrolment_committed(void *arg, bool durable, const struct fault *why)
{
    struct enrolment_answer *answer = arg;
    answer->done_well = durable;
    if (!durable)
        answer->why = *why;
    answer_enrolment(answer);
}

static void commit_enrolment(struct services *services, const char *person_id, struct event *events, size_t count,
                             factor_enrolled *done, void *arg)
{
    struct fault why;
    struct enrolment_answer *answer = mem_new(1, sizeof *answer);
    *answer = (struct enrolment_answer){.done = done, .arg = arg};
    for (size_t i = 0; i < count; i++)
        snprintf(events[i].by, sizeof events[i].by, "person %s", person_id);
    if (commit_events(services->commit, events, count, NULL, 0, enrolment_committed, answer, &why))
        return;
    free(answer);
    refuse_enrolment(services, &why, done, arg);
}

// ---- a new one

static void begin_factor(struct factor *factor, struct services *services, const char *person_id, enum factor_kind kind,
                         const char *name)
{
    char random[17];
    *factor = (struct factor){.kind = kind, .enrolled_ms = commit_now_ms(services->commit)};
    do {
        services_random_hex(random, 8);
        char part[SLUG_SIZE];
        snprintf(part, sizeof part, "f-%s", random);
        id_beside(factor->id, person_id, part);
    } while (state_find(services->state, NOUN_FACTOR, factor->id));
    TEXT_PUT(factor->person, person_id);
    text_cut(factor->name, sizeof factor->name, name);
}

static bool check_room(const struct services *services, const char *person_id, struct fault *why)
{
    if (!state_find(services->state, NOUN_PERSON, person_id))
        return fault_set(why, FAULT_ABSENT, "there is no such person any more");
    return factor_has_room(services->state, person_id) ||
           fault_set(why, FAULT_CONFLICT, "they have %d already: one has to be removed first", FACTORS_OF_PERSON_MAX);
}

static void enrol(struct services *services, const struct factor *factor, factor_enrolled *done, void *arg)
{
    struct event event = {.type = EVENT_FACTOR_ENROLLED, .noun = NOUN_FACTOR, .record.factor = *factor};
    log_info("factor", "%s of %s: enrolled (%s)", factor->id, factor->person, factor_kind_words[factor->kind]);
    commit_enrolment(services, factor->person, &event, 1, done, arg);
}

// ---- telephones

bool factor_offer_totp(const struct services *services, const char *person_id, struct factor_offer *offer)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, person_id);
    const struct tenant *tenant = state_tenant(services->state, tenant_id);
    const struct store_person *person = people_find(&services->people, person_id);
    *offer = (struct factor_offer){.sealed = ""};
    return tenant && person &&
           services->factors.offer_totp(services->factors.self, person_id, tenant->name, person->user_name, offer);
}

void factor_enrol_totp(struct services *services, const char *person_id, const char *name, const char *sealed,
                       const char *code, factor_enrolled *done, void *arg)
{
    struct factor factor;
    struct fault why;
    begin_factor(&factor, services, person_id, FACTOR_TOTP, name);
    if (check_room(services, person_id, &why) &&
        services->factors.enrol_totp(services->factors.self, &factor, sealed, code, factor.enrolled_ms, &why))
        enrol(services, &factor, done, arg);
    else
        refuse_enrolment(services, &why, done, arg);
}

// ---- passkeys

static bool is_known(const struct services *services, const char *credential)
{
    bool known = false;
    const struct sorted_table *factors = state_table(services->state, NOUN_FACTOR);
    for (size_t i = 0; !known && i < factors->count; i++)
        known = text_equal(((const struct factor *)factors->records[i])->credential, credential);
    return known;
}

static bool read_passkey(struct services *services, struct factor *factor, const struct passkey_offer *offer,
                         struct fault *why)
{
    unsigned char challenge[CHALLENGE_BYTES];
    char origin[URI_SIZE];
    int64_t now_ms = clock_steady_ms();
    struct factor_proof proof = {
        "", "", offer->client_data, offer->authenticator_data, "", .origin = origin, .challenge = challenge};
    if (!outside_origin(services, offer->gateway, &proof.site, origin))
        return fault_set(why, FAULT_ABSENT, "there is no such gateway any more");
    if (!challenge_is_open(&services->challenges, offer->holder, offer->challenge, now_ms, challenge))
        return fault_set(why, FAULT_DENIED, "answers no question of ours, or one of long ago");
    if (!services->factors.enrol_passkey(services->factors.self, factor, &proof, why))
        return false;
    challenge_take(&services->challenges, challenge, now_ms);
    return !is_known(services, factor->credential) ||
           fault_set(why, FAULT_CONFLICT, "this passkey is enrolled already");
}

void factor_enrol_passkey(struct services *services, const char *person_id, const char *name,
                          const struct passkey_offer *offer, factor_enrolled *done, void *arg)
{
    struct factor factor;
    struct fault why;
    begin_factor(&factor, services, person_id, FACTOR_PASSKEY, name);
    if (check_room(services, person_id, &why) && read_passkey(services, &factor, offer, &why))
        enrol(services, &factor, done, arg);
    else
        refuse_enrolment(services, &why, done, arg);
}

// ---- codes

// Those of this kind that there were are gone with the new ones.
static size_t remove_kind(const struct services *services, const char *person_id, enum factor_kind kind,
                          struct event *events, size_t room)
{
    size_t count = 0;
    for (const struct factor *factor = NULL; (factor = factor_next(services->state, person_id, factor));) {
        if (factor->kind != kind || count == room)
            continue;
        events[count] = (struct event){.type = EVENT_FACTOR_ENDED, .noun = NOUN_FACTOR};
        TEXT_PUT(events[count].record.id, factor->id);
        count++;
    }
    return count;
}

void factor_renew_recovery(struct services *services, const char *person_id,
                           char codes[FACTOR_CODES_MAX][FACTOR_CODE_SIZE], factor_enrolled *done, void *arg)
{
    struct event events[2];
    size_t count = remove_kind(services, person_id, FACTOR_RECOVERY, events, 1);
    struct event *event = &events[count++];
    *event = (struct event){.type = EVENT_FACTOR_ENROLLED, .noun = NOUN_FACTOR};
    begin_factor(&event->record.factor, services, person_id, FACTOR_RECOVERY, "");
    services->factors.make_codes(services->factors.self, &event->record.factor, codes, FACTOR_CODES_MAX);
    commit_enrolment(services, person_id, events, count, done, arg);
}

void factor_remove_own(struct services *services, const char *person_id, const char *id, factor_enrolled *done,
                       void *arg)
{
    struct event event = {.type = EVENT_FACTOR_ENDED, .noun = NOUN_FACTOR};
    struct fault why;
    const struct factor *factor = state_find(services->state, NOUN_FACTOR, id);
    if (factor && text_equal(factor->person, person_id)) {
        TEXT_PUT(event.record.id, id);
        commit_enrolment(services, person_id, &event, 1, done, arg);
        return;
    }
    fault_set(&why, FAULT_ABSENT, "they have no such factor");
    refuse_enrolment(services, &why, done, arg);
}

// ---- the help desk

void call_factor_remove(struct services *services, struct request *request)
{
    struct event event;
    const struct factor *factor = state_find(services->state, NOUN_FACTOR, request->id);
    if (!factor) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    portal_log_off(services, factor->person, ""); // whoever found it may be logged on by it
    services_event(&event, EVENT_FACTOR_ENDED, NOUN_FACTOR, request);
    TEXT_PUT(event.record.id, request->id);
    services_commit_answer(services, request, &event, 1, NULL);
}

void call_factor_code(struct services *services, struct request *request)
{
    struct event events[2];
    char codes[1][FACTOR_CODE_SIZE];
    struct factor_code_answer answer = {.code = ""};
    if (!state_find(services->state, NOUN_PERSON, request->id)) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    portal_log_off(services, request->id, ""); // who has lost something may not be who is logged on by it
    size_t count = remove_kind(services, request->id, FACTOR_HELP_DESK, events, 1);
    struct factor *factor = &events[count].record.factor;
    for (size_t i = 0; i < count; i++)
        services_actor(events[i].by, request);
    services_event(&events[count++], EVENT_FACTOR_ENROLLED, NOUN_FACTOR, request);
    begin_factor(factor, services, request->id, FACTOR_HELP_DESK, "");
    factor->until_ms = answer.until_ms = factor->enrolled_ms + FACTOR_HELP_DESK_MS;
    services->factors.make_codes(services->factors.self, factor, codes, 1);
    TEXT_PUT(answer.code, codes[0]);
    services_commit_answer(services, request, events, count, &answer);
    explicit_bzero(codes, sizeof codes);
    explicit_bzero(&answer, sizeof answer);
}

void factor_sweep(struct services *services)
{
    struct event event;
    struct fault why;
    while (factor_overdue(services->state, commit_now_ms(services->commit), &event))
        if (!commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
            return;
}
