// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/past_logons.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A whole town hall may mistype on a Monday; who guesses at everybody fills no disk.
static const struct meter_rate refusal_rate = {.burst = 200, .per_minute = 10};

void past_logons_fini(struct past_logons *past)
{
    sorted_table_clear(&past->people);
}

const struct past_logons_of *past_logons_find(const struct past_logons *past, const char *person_id)
{
    return sorted_table_find(&past->people, person_id);
}

void past_logons_forget(struct past_logons *past, const char *person_id)
{
    free(sorted_table_take(&past->people, person_id));
}

static struct past_logons_of *logons_of(struct past_logons *past, const char *person_id)
{
    struct past_logons_of *theirs = sorted_table_find(&past->people, person_id);
    if (theirs || past->people.count >= PAST_LOGONS_PEOPLE_MAX)
        return theirs;
    theirs = mem_new(1, sizeof *theirs);
    TEXT_PUT(theirs->person, person_id);
    void *before = sorted_table_put(&past->people, theirs);
    assert(!before);
    (void)before;
    return theirs;
}

static bool is_refused(const struct past_logon *logon)
{
    return logon->count > 0;
}

// False: the new one is it that has to go.
static bool make_room(struct past_logons_of *theirs, const struct past_logon *logon)
{
    size_t refused = is_refused(logon), oldest = PAST_LOGONS_KEPT;
    for (size_t i = 0; i < theirs->count; i++)
        refused += is_refused(&theirs->last[i]);
    bool refused_goes = refused > PAST_LOGONS_KEPT / 2;
    for (size_t i = 0; i < theirs->count; i++)
        if (is_refused(&theirs->last[i]) == refused_goes)
            oldest = i;
    assert(oldest < theirs->count);
    if (is_refused(logon) == refused_goes && logon->at_ms < theirs->last[oldest].at_ms)
        return false;
    theirs->count--;
    memmove(theirs->last + oldest, theirs->last + oldest + 1, (theirs->count - oldest) * sizeof *theirs->last);
    return true;
}

void past_logons_add(struct past_logons *past, const char *person_id, const struct past_logon *logon)
{
    struct past_logons_of *theirs = logons_of(past, person_id);
    size_t at = 0;
    assert(id_is_valid(NOUN_PERSON, person_id) && logon->count >= 0);
    if (!theirs || (theirs->count == PAST_LOGONS_KEPT && !make_room(theirs, logon)))
        return;
    while (at < theirs->count && theirs->last[at].at_ms > logon->at_ms)
        at++;
    memmove(theirs->last + at + 1, theirs->last + at, (theirs->count - at) * sizeof *theirs->last);
    theirs->last[at] = *logon;
    theirs->count++;
}

static bool is_same_guesser(const struct past_logon *before, const struct past_logon *refused)
{
    return is_refused(before) && refused->at_ms - before->at_ms < PAST_LOGONS_REFUSED_MS &&
           text_equal(before->network, refused->network) && text_equal(before->browser, refused->browser);
}

bool past_logons_refuse(struct past_logons *past, const char *person_id, const struct past_logon *refused,
                        int64_t now_steady_ms)
{
    struct past_logons_of *theirs = sorted_table_find(&past->people, person_id);
    assert(is_refused(refused));
    for (size_t i = 0; theirs && i < theirs->count; i++)
        if (is_same_guesser(&theirs->last[i], refused)) {
            theirs->last[i].count++;
            return false;
        }
    past_logons_add(past, person_id, refused);
    return meter_take(&past->refusals, &refusal_rate, now_steady_ms);
}

// ---- as an event

void past_logon_event(struct event *event, const char *person_id, const char *gateway_id,
                      const struct past_logon *logon)
{
    assert(id_is_valid(NOUN_PERSON, person_id) && id_is_valid(NOUN_GATEWAY, gateway_id));
    *event = (struct event){.type = logon->count ? EVENT_PORTAL_REFUSED : EVENT_PORTAL_LOGGED_ON, .noun = NOUN_NONE};
    if (logon->count)
        snprintf(event->by, sizeof event->by, "gateway %s", gateway_id);
    else
        snprintf(event->by, sizeof event->by, "person %s", person_id);
    snprintf(event->why, sizeof event->why, "%s\n%s\n%s", person_id, logon->network, logon->browser);
}

static void next_line(const char **at, char *line, size_t size)
{
    size_t length = strcspn(*at, "\n");
    snprintf(line, size, "%.*s", (int)length, *at);
    *at += length + ((*at)[length] == '\n');
}

bool past_logon_read(const struct event *event, char person_id[ID_SIZE], struct past_logon *logon)
{
    const char *at = event->why;
    if (event->type != EVENT_PORTAL_LOGGED_ON && event->type != EVENT_PORTAL_REFUSED)
        return false;
    *logon = (struct past_logon){.at_ms = event->at_ms, .count = event->type == EVENT_PORTAL_REFUSED};
    next_line(&at, person_id, ID_SIZE);
    next_line(&at, logon->network, sizeof logon->network);
    next_line(&at, logon->browser, sizeof logon->browser);
    return id_is_valid(NOUN_PERSON, person_id);
}
