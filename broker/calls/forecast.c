// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/forecast.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/calls/group_lookup.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASK_MAX = 2000,                 // people a forecast asks directories about
    ASK_AT_ONCE = 16,               // at one directory: people who log on meanwhile come first
    FORECAST_MS = 10 * 1000,        // then it is told as far as it is known
    TOLD_MAX = 5000,                // people in an answer
    FRESH_MS = 12 * 60 * 60 * 1000, // groups remembered since this morning need no question
};

// The questions to one tenant's directory.
struct lane {
    struct forecast *forecast;
    char tenant_id[SLUG_SIZE];
    char (*people)[ID_SIZE]; // to be asked about, from `next` on
    size_t count, capacity, next, asking;
    bool is_filled, given_up; // its people are known; it does not answer
};

struct forecast_question {
    struct lane *lane;
    char person[ID_SIZE];
};

struct forecast {
    struct services *services;
    struct state *before, *after;
    struct lane *lanes;
    size_t lane_count, asking, to_ask;
    struct group_lookup groups;
    struct loop_timer *deadline;
    struct record_list lost, others; // of struct forecast_person; lost: who could not work any more
    int64_t people, not_checked, affected_count, without_workplace;
    struct apply_answer *answer;
    forecast_done *done; // NULL: it was told
    void *arg;
};

// ---- one person

// Another tenant's while a grant lets its people in, as at a logon.
static bool pool_takes_people(const struct state *state, const char *tenant_id, const char *pool_id)
{
    struct wall_walk walk = wall_walk(state, tenant_id, NOUN_HOST);
    if (!wall_may_use(state, tenant_id, NOUN_POOL, pool_id))
        return false;
    for (const struct host *host; (host = wall_next(&walk));)
        if (text_equal(host->pool, pool_id) && !host->draining)
            return true;
    return false;
}

static void add_word(char words[LIST_SIZE], const char *word)
{
    size_t length = strlen(words);
    snprintf(words + length, LIST_SIZE - length, "%s%s", length ? " " : "", word);
}

// The fields in which what a person gets differs. Names do not count.
static void name_differences(char names[LIST_SIZE], const struct forecast *forecast, const struct profile *from,
                             const struct profile *to)
{
    const struct noun_row *row = &noun_rows[NOUN_PROFILE];
    names[0] = 0;
    for (const struct field *field = row->fields; field->name; field++) {
        size_t at = field->offset;
        if (!text_equal(field->name, "id") && !text_equal(field->name, "name") &&
            memcmp((const char *)from + at, (const char *)to + at, field->size) != 0)
            add_word(names, field->name);
    }
    const struct pool *old = state_find(forecast->before, NOUN_POOL, from->pool);
    const struct pool *new = state_find(forecast->after, NOUN_POOL, to->pool);
    if (old && new && old->kind != new->kind)
        add_word(names, "kind");
}

static void tell(struct forecast *forecast, const char *person_id, const struct profile *from, const struct profile *to,
                 bool no_host)
{
    bool lost = !to || no_host;
    if (++forecast->affected_count > TOLD_MAX && !lost)
        return;
    const struct store_person *known = people_find(&forecast->services->people, person_id);
    struct forecast_person *person = record_add(lost ? &forecast->lost : &forecast->others, &forecast_person_type);
    TEXT_PUT(person->id, person_id);
    TEXT_PUT(person->user_name, known ? known->user_name : "");
    TEXT_PUT(person->name, known ? known->name : "");
    TEXT_PUT(person->from, from ? from->id : "");
    TEXT_PUT(person->to, to ? to->id : "");
    TEXT_PUT(person->from_pool, from ? from->pool : "");
    TEXT_PUT(person->to_pool, to ? to->pool : "");
    person->no_host = no_host;
    if (from && to)
        name_differences(person->fields, forecast, from, to);
    forecast->without_workplace += lost;
}

static bool is_same(const struct forecast *forecast, const struct profile *from, const struct profile *to)
{
    char names[LIST_SIZE];
    if (!from || !to)
        return from == to;
    name_differences(names, forecast, from, to);
    return text_equal(from->id, to->id) && !names[0];
}

static void judge(struct forecast *forecast, const char *tenant_id, const char *person_id, const struct membership *who)
{
    struct trace ignored = {0}, ignored_too = {0};
    const struct profile *from = profile_choose(forecast->before, tenant_id, who, &ignored);
    const struct profile *to = profile_choose(forecast->after, tenant_id, who, &ignored_too);
    bool no_host = to && !pool_takes_people(forecast->after, tenant_id, to->pool) &&
                   (!from || pool_takes_people(forecast->before, tenant_id, from->pool));
    if (no_host || !is_same(forecast, from, to))
        tell(forecast, person_id, from, to, no_host);
}

// ---- the end

static void fill_answer(struct forecast *forecast)
{
    struct apply_answer *answer = forecast->answer;
    assert(answer->affected.count == 0);
    answer->affected = forecast->lost;
    forecast->lost = (struct record_list){0};
    for (size_t i = 0; i < forecast->others.count; i++) {
        struct forecast_person *person = record_add(&answer->affected, &forecast_person_type);
        *person = *(struct forecast_person *)record_at(&forecast->others, &forecast_person_type, i);
    }
    answer->affected_count = forecast->affected_count;
    answer->without_workplace = forecast->without_workplace;
    answer->people = forecast->people;
    answer->not_checked = forecast->not_checked;
}

static void finish_forecast(struct forecast *forecast)
{
    forecast_done *done = forecast->done;
    assert(done); // it is told once
    for (size_t i = 0; i < forecast->lane_count; i++) {
        struct lane *lane = &forecast->lanes[i];
        forecast->not_checked += (int64_t)(lane->count - lane->next + lane->asking);
        lane->next = lane->count;
    }
    forecast->done = NULL;
    loop_timer_stop(forecast->deadline);
    fill_answer(forecast);
    done(forecast->arg);
}

static void forecast_free(struct forecast *forecast)
{
    for (size_t i = 0; i < forecast->lane_count; i++)
        free(forecast->lanes[i].people);
    free(forecast->lanes);
    free(forecast->lost.rows);
    free(forecast->others.rows);
    state_free(forecast->before);
    state_free(forecast->after);
    loop_timer_free(forecast->deadline);
    free(forecast);
}

// Nobody is asked any more: it is told, and gone with the last question that is still out.
static void end_when_done(struct forecast *forecast)
{
    if (forecast->asking)
        return;
    if (forecast->done)
        finish_forecast(forecast);
    forecast_free(forecast);
}

static void fill_lane(struct lane *lane, bool known);

static void deadline_passed(void *arg)
{
    struct forecast *forecast = arg;
    for (size_t i = 0; i < forecast->lane_count; i++)
        fill_lane(&forecast->lanes[i], false);
    finish_forecast(forecast);
}

// ---- the questions

static void ask_lane(struct lane *lane);

// Not somebody else who has got the user name since.
static bool is_the_same_person(const struct services *services, const char *person_id, const struct identity *identity)
{
    const struct store_person *person = people_find(&services->people, person_id);
    return person && text_equal(person->key, identity->key);
}

static void person_answered(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct forecast_question *question = arg;
    struct lane *lane = question->lane;
    struct forecast *forecast = lane->forecast;
    struct services *services = forecast->services;
    assert(lane->asking > 0 && lane->asking <= ASK_AT_ONCE && forecast->asking >= lane->asking);
    lane->asking--;
    forecast->asking--;
    if (verdict == AUTH_UNAVAILABLE && forecast->done) {
        lane->given_up = true;
        forecast->not_checked++;
    } else if (verdict == AUTH_RIGHT && forecast->done && is_the_same_person(services, question->person, identity)) {
        struct membership who = services_membership(services, question->person, identity);
        group_cache_put(services->group_cache, question->person, identity, clock_steady_ms());
        judge(forecast, lane->tenant_id, question->person, &who);
    }
    free(question);
    ask_lane(lane);
    end_when_done(forecast);
}

static void ask_lane(struct lane *lane)
{
    struct forecast *forecast = lane->forecast;
    struct services *services = forecast->services;
    const struct tenant *tenant = state_tenant(services->state, lane->tenant_id);
    while (tenant && !lane->given_up && lane->asking < ASK_AT_ONCE && lane->next < lane->count) {
        const char *id = lane->people[lane->next++];
        const struct store_person *person = people_find(&services->people, id);
        if (!person)
            continue;
        struct forecast_question *question = mem_new(1, sizeof *question);
        question->lane = lane;
        TEXT_PUT(question->person, id);
        lane->asking++;
        forecast->asking++;
        services->auth.look_up(services->auth.self, tenant, person->user_name, person_answered, question);
    }
}

// ---- the start

bool forecast_asks_otherwise(const struct tenant *from, const struct tenant *to)
{
    return (from->directory != to->directory || from->bind_method != to->bind_method ||
            !text_equal(from->logon_attributes, to->logon_attributes) ||
            !text_equal(from->person_classes, to->person_classes) ||
            !text_equal(from->id_attribute, to->id_attribute) || !text_equal(from->group_classes, to->group_classes) ||
            !text_equal(from->member_attributes, to->member_attributes) || !text_equal(from->servers, to->servers) ||
            !text_equal(from->user_base, to->user_base) || !text_equal(from->group_base, to->group_base) ||
            !text_equal(from->bind_dn, to->bind_dn));
}

// What a directory will say once it is asked elsewhere, or as somebody else, is not known.
static bool is_asked_otherwise(const struct forecast *forecast, const char *tenant_id)
{
    const struct tenant *from = state_tenant(forecast->before, tenant_id);
    const struct tenant *to = state_tenant(forecast->after, tenant_id);
    return from && to && forecast_asks_otherwise(from, to);
}

static void put_in_lane(struct forecast *forecast, struct lane *lane, const char *person_id)
{
    struct membership who;
    forecast->people++;
    if (group_cache_get(forecast->services->group_cache, person_id, clock_steady_ms() - FRESH_MS, &who)) {
        who.source = &forecast->services->groups;
        judge(forecast, lane->tenant_id, person_id, &who);
    } else if (forecast->to_ask == ASK_MAX) {
        forecast->not_checked++;
    } else {
        forecast->to_ask++;
        mem_reserve(&lane->people, &lane->capacity, lane->count + 1, ID_SIZE);
        text_put(lane->people[lane->count++], ID_SIZE, person_id);
    }
}

static void leave_out(struct forecast *forecast)
{
    forecast->people++;
    forecast->not_checked++;
}

static void open_lane(struct forecast *forecast, const char *tenant_id)
{
    assert(forecast->lane_count <= state_count(forecast->after, NOUN_TENANT));
    struct lane *lane = &forecast->lanes[forecast->lane_count++];
    lane->forecast = forecast;
    TEXT_PUT(lane->tenant_id, tenant_id);
    group_lookup_add(&forecast->groups, forecast->before, tenant_id);
    group_lookup_add(&forecast->groups, forecast->after, tenant_id);
}

static void fill_lane(struct lane *lane, bool known)
{
    struct forecast *forecast = lane->forecast;
    const struct sorted_table *people = &forecast->services->people.by_id;
    if (lane->is_filled)
        return;
    lane->is_filled = true;
    bool otherwise = !known || is_asked_otherwise(forecast, lane->tenant_id);
    for (size_t i = 0; i < people->count; i++) {
        if (!wall_owns(lane->tenant_id, people->records[i]))
            continue;
        if (otherwise)
            leave_out(forecast);
        else
            put_in_lane(forecast, lane, people->records[i]);
    }
}

static bool has_lane(const struct forecast *forecast, const char *tenant_id)
{
    for (size_t i = 0; i < forecast->lane_count; i++)
        if (text_equal(forecast->lanes[i].tenant_id, tenant_id))
            return true;
    return false;
}

static bool decides_what_people_get(const struct forecast *forecast, const struct event *event)
{
    enum noun noun = event->noun;
    if (noun == NOUN_TENANT)
        return is_asked_otherwise(forecast, event->record.id);
    return noun == NOUN_POOL || noun == NOUN_HOST || noun == NOUN_PROFILE || noun == NOUN_ASSIGNMENT;
}

// By then the deadline may have passed.
static void groups_known(void *arg, bool known)
{
    struct forecast *forecast = arg;
    forecast->asking--;
    for (size_t i = 0; forecast->done && i < forecast->lane_count; i++)
        fill_lane(&forecast->lanes[i], known);
    for (size_t i = 0; forecast->done && i < forecast->lane_count; i++)
        ask_lane(&forecast->lanes[i]);
    end_when_done(forecast);
}

void forecast_start(struct services *services, struct state *before, struct state *after, const struct event *events,
                    size_t count, struct apply_answer *answer, forecast_done *done, void *arg)
{
    struct forecast *forecast = mem_new(1, sizeof *forecast);
    forecast->services = services;
    forecast->before = before;
    forecast->after = after;
    forecast->done = done;
    forecast->arg = arg;
    forecast->answer = answer;
    forecast->deadline = loop_timer_new(services->loop, deadline_passed, forecast);
    // Never moved once a lane asks.
    forecast->lanes = mem_new(state_count(after, NOUN_TENANT) + 1, sizeof *forecast->lanes);
    forecast->asking = 1;
    group_lookup_begin(&forecast->groups, services, groups_known, forecast);
    for (size_t i = 0; i < count; i++) {
        char tenant[SLUG_SIZE];
        wall_owner(tenant, events[i].record.id);
        if (decides_what_people_get(forecast, &events[i]) && !has_lane(forecast, tenant))
            open_lane(forecast, tenant);
    }
    loop_timer_start(forecast->deadline, FORECAST_MS);
    group_lookup_end(&forecast->groups);
}
