// SPDX-License-Identifier: EUPL-1.2
// The last log-ons of each person at the portal, also those that were refused, so that they see one that was not
// theirs. Read again from the journal when the broker starts, but for how often somebody was refused. No I/O; times are
// by the wall.
#pragma once
#include "broker/base/address.h"
#include "broker/base/meter.h"
#include "broker/base/sorted_table.h"
#include "broker/core/event.h"

enum {
    PAST_LOGONS_KEPT = 10,
    PAST_LOGONS_PEOPLE_MAX = 100000,
    PAST_LOGONS_REFUSED_MS = 15 * 60 * 1000, // refusals so close to each other are one, of somebody who guesses
    PAST_LOGONS_BROWSER_SIZE = 64,
};

struct past_logon {
    int64_t at_ms; // of the first refusal, where there are several
    int64_t count; // of refusals; 0: it was right
    char network[ADDRESS_NETWORK_TEXT_SIZE];
    char browser[PAST_LOGONS_BROWSER_SIZE]; // and what it runs on, for people; empty: not known
};

struct past_logons_of {
    char person[ID_SIZE];                     // the key
    struct past_logon last[PAST_LOGONS_KEPT]; // the latest first; those behind `count` are not there
    size_t count;
};

struct past_logons {
    struct sorted_table people; // struct past_logons_of
    struct meter refusals;      // that are written to the journal, of all people
    uint64_t next, until;       // of the journal, while it is read
};

void past_logons_fini(struct past_logons *past);
// In its place by its time. Of too many the oldest goes, of those that were right or those that were refused, of which
// there are more: nobody can push out the other kind.
void past_logons_add(struct past_logons *past, const char *person_id, const struct past_logon *logon);
// Added, or counted with one before from the same network and browser. True: it is new, and to be written to the
// journal, which those from the internet who guess at everybody do not fill.
bool past_logons_refuse(struct past_logons *past, const char *person_id, const struct past_logon *refused,
                        int64_t now_steady_ms);
// NULL: none.
const struct past_logons_of *past_logons_find(const struct past_logons *past, const char *person_id);
void past_logons_forget(struct past_logons *past, const char *person_id);
// As the journal keeps it. `by`: the gateway, of a refusal; the person says no word of it.
void past_logon_event(struct event *event, const char *person_id, const char *gateway_id,
                      const struct past_logon *logon);
// False: the event is of something else.
bool past_logon_read(const struct event *event, char person_id[ID_SIZE], struct past_logon *logon)
    __attribute__((warn_unused_result));
