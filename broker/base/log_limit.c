// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/log_limit.h"
#include "broker/base/text.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

enum { WAYS = 8 }; // a kind is in one of so many places

static const struct meter_rate kind_rate = {LOG_KIND_BURST, LOG_KIND_PER_MINUTE};
static const struct meter_rate format_rate = {LOG_FORMAT_BURST, LOG_FORMAT_PER_MINUTE};

// FNV-1a. Who finds two lines that are one kind has their own lines counted as one.
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return hash;
}

static bool is_of_id(char letter)
{
    return isalnum((unsigned char)letter) || letter == '-' || letter == '.' || letter == '/';
}

// The first word like "neustadt/desk1", or else the first of all.
static const char *find_sender(const char *line, size_t *length)
{
    for (const char *at = line; *at;) {
        size_t word = 0;
        while (is_of_id(at[word]))
            word++;
        const char *slash = memchr(at, '/', word);
        if (slash && slash > at && slash + 1 < at + word) {
            *length = word;
            return at;
        }
        at += word ? word : 1;
    }
    *length = strcspn(line, " "); // an IPv6 network has colons of its own
    *length -= *length && line[*length - 1] == ':';
    return line;
}

// The place of this kind, or the one that it can have: free, or else seen longest ago. What is held back there is lost
// but for its count, which the next one of that place carries on.
static struct log_kind *place_of(struct log_kind *kinds, size_t count, uint64_t key)
{
    struct log_kind *oldest = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        struct log_kind *kind = &kinds[(key + i) % count];
        if (kind->key == key)
            return kind;
        if (!oldest || kind->seen_ms < oldest->seen_ms)
            oldest = kind;
    }
    oldest->key = key;
    oldest->meter = (struct meter){0};
    return oldest;
}

static bool take_one(struct log_kind *kind, const struct meter_rate *rate, int64_t now_ms)
{
    kind->seen_ms = now_ms;
    return meter_take(&kind->meter, rate, now_ms);
}

bool log_limit_take(struct log_limit *limit, int level, const char *topic, const char *format, const char *line,
                    int64_t now_ms)
{
    size_t length;
    const char *sender = find_sender(line, &length);
    uint64_t of_format = hash_bytes(hash_bytes(0xcbf29ce484222325u, topic, strlen(topic)), format, strlen(format));
    struct log_kind *kind = place_of(limit->kinds, LOG_KINDS, hash_bytes(of_format, sender, length) | 1);
    struct log_kind *all = place_of(limit->kinds + LOG_KINDS, LOG_FORMATS, of_format | 1);
    if (take_one(kind, &kind_rate, now_ms)) {
        kind = all;
        if (take_one(all, &format_rate, now_ms))
            return true;
    }
    if (!kind->rest.count++) {
        kind->held_ms = now_ms;
        limit->held++;
    }
    kind->rest.level = level;
    text_cut(kind->rest.topic, sizeof kind->rest.topic, topic);
    text_cut(kind->rest.line, sizeof kind->rest.line, line);
    return false;
}

bool log_limit_rest(struct log_limit *limit, int64_t now_ms, bool all, struct log_rest *rest)
{
    for (size_t i = 0; limit->held && i < LOG_KINDS + LOG_FORMATS; i++) {
        struct log_kind *kind = &limit->kinds[i];
        if (!kind->rest.count || (!all && now_ms - kind->held_ms < LOG_REST_MS))
            continue;
        *rest = kind->rest;
        kind->rest = (struct log_rest){0};
        limit->held--;
        return true;
    }
    return false;
}
