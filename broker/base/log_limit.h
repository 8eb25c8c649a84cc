// SPDX-License-Identifier: EUPL-1.2
// How many lines of one kind the log takes. A kind is a topic, a format and a sender: the first id ("tenant/name") in
// the line, or else its first word. So a machine that is broken, or worse, costs a few lines and a count of the rest;
// and it takes nothing from the others, nor from what else is to be said of it.
#pragma once
#include "broker/base/meter.h"

#include <stddef.h>

enum {
    LOG_KIND_BURST = 20, // of a kind at once, then
    LOG_KIND_PER_MINUTE = 12,
    LOG_FORMAT_BURST = 2000, // of a format, whoever it is about, then
    LOG_FORMAT_PER_MINUTE = 1200,
    LOG_KINDS = 512, // remembered; of more, the one that was seen longest ago is forgotten
    LOG_FORMATS = 256,
    LOG_REST_MS = 10 * 1000,
    LOG_REST_LINE = 200,
};

// What was held back of one kind.
struct log_rest {
    uint64_t count;
    int level;
    char topic[32];
    char line[LOG_REST_LINE]; // the last of them, as it begins
};

struct log_kind {
    uint64_t key; // 0: free
    struct meter meter;
    int64_t seen_ms, held_ms; // steady; since when something is held back
    struct log_rest rest;
};

struct log_limit {                                  // begins as {0}
    struct log_kind kinds[LOG_KINDS + LOG_FORMATS]; // the formats stand behind the others: no sender drives them out
    size_t held;                                    // kinds of which something is
};

// False: not to be written now, but counted.
bool log_limit_take(struct log_limit *limit, int level, const char *topic, const char *format, const char *line,
                    int64_t now_ms);
// One that is to be told of: held back for LOG_REST_MS and more, or with `all` any. False: there is none (more).
bool log_limit_rest(struct log_limit *limit, int64_t now_ms, bool all, struct log_rest *rest);
