// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/calm.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdlib.h>

static const struct meter_rate rate = {CALM_BURST, CALM_PER_MINUTE};
static const struct meter_rate logon_rate = {CALM_LOGONS, CALM_LOGONS_PER_MINUTE};

// A logon shall cost a look at a few places and no memory. Where all are in use, the pair that used least gives way and
// is as new when it comes again, so that nobody is refused for what others do, and who asks too often stays known. To
// be forgotten on purpose takes five pairs of one's own that meet in these places: among people and devices that others
// gave their ids, thousands of pairs, which may write far more by the rate itself.
enum { PLACES = 32768, WAYS = 4 };

struct desk_logons {
    uint64_t pair; // of device and person
    struct meter meter;
};

void calm_clear(struct calm *calm)
{
    sorted_table_clear(&calm->words);
    free(take(calm->logons));
}

static uint64_t add_to_hash(uint64_t hash, const char *text) // FNV-1a
{
    do
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    while (*text++);
    return hash;
}

static struct desk_logons *place_of(struct calm *calm, uint64_t pair, int64_t now_ms)
{
    struct desk_logons *least = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        struct desk_logons *one = &calm->logons[(pair + i) % PLACES];
        if (one->pair == pair)
            return one;
        if (!least || meter_spent_us(&one->meter, now_ms) < meter_spent_us(&least->meter, now_ms))
            least = one;
    }
    *least = (struct desk_logons){.pair = pair};
    return least;
}

bool calm_take_logon(struct calm *calm, const char *device_id, const char *person_id, int64_t now_ms)
{
    if (!calm->logons)
        calm->logons = mem_new(PLACES, sizeof *calm->logons);
    uint64_t pair = add_to_hash(add_to_hash(0xcbf29ce484222325u, device_id), person_id);
    return meter_take(&place_of(calm, pair, now_ms)->meter, &logon_rate, now_ms);
}

void calm_forget(struct calm *calm, const char *session_id)
{
    struct desk_word *known = sorted_table_find(&calm->words, session_id);
    if (known)
        known->waits = false;
}

bool calm_take(struct calm *calm, const struct desk_word *word, int64_t now_ms)
{
    struct desk_word *known = sorted_table_find(&calm->words, word->session);
    if (!known) {
        known = mem_copy(word, sizeof *word);
        known->meter = (struct meter){0};
        sorted_table_put(&calm->words, known);
    }
    known->waits = false;
    return meter_take(&known->meter, &rate, now_ms);
}

void calm_keep(struct calm *calm, const struct desk_word *word)
{
    struct desk_word *known = sorted_table_find(&calm->words, word->session);
    assert(known);
    struct meter meter = known->meter;
    *known = *word;
    known->meter = meter;
    known->waits = true;
}

void calm_sweep(struct calm *calm, int64_t now_ms, void (*write)(void *arg, const struct desk_word *word), void *arg)
{
    for (size_t i = calm->words.count; i-- > 0;) {
        struct desk_word *word = calm->words.records[i];
        if (word->waits && meter_take(&word->meter, &rate, now_ms)) {
            word->waits = false;
            write(arg, word);
        } else if (!word->waits && meter_is_full(&word->meter, now_ms)) {
            free(sorted_table_take(&calm->words, word->session));
        }
    }
}
