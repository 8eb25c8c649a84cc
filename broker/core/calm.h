// SPDX-License-Identifier: EUPL-1.2
// How often one desk may write to the journal. What it says of a session's state: a few times at once, then every few
// seconds; what it says in between waits, and the last of it counts. Logons, each of one person: more than anybody
// types.
#pragma once
#include "broker/api/device_link.h"
#include "broker/base/meter.h"
#include "broker/base/sorted_table.h"

enum { CALM_BURST = 6, CALM_PER_MINUTE = 12, CALM_LOGONS = 12, CALM_LOGONS_PER_MINUTE = 6 };

// What a desk said of the session that it shows.
struct desk_word {
    char session[ID_SIZE]; // the key
    char device[ID_SIZE];
    int64_t fence;
    enum desk_report report;
    char detail[NAME_SIZE];
    struct meter meter;
    bool waits;
};

struct calm {
    struct sorted_table words; // struct desk_word
    struct desk_logons *logons;
};

void calm_clear(struct calm *calm);
// Whether this person, who is proven, may log on at this device once more.
bool calm_take_logon(struct calm *calm, const char *device_id, const char *person_id, int64_t now_ms);
void calm_forget(struct calm *calm, const char *session_id); // what waits of this session
// The same, and true: this word may be written now.
bool calm_take(struct calm *calm, const struct desk_word *word, int64_t now_ms);
void calm_keep(struct calm *calm, const struct desk_word *word); // after calm_take said no
// Calls `write` for each that has waited and may be written now, and forgets the quiet ones. Every few seconds.
void calm_sweep(struct calm *calm, int64_t now_ms, void (*write)(void *arg, const struct desk_word *word), void *arg);
