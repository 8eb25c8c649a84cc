// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/throttle.h"
#include "broker/base/mem.h"
#include "broker/base/sorted_table.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, KEY_SIZE = ID_SIZE + USER_NAME_SIZE, DOUBLINGS_MAX = 6 };

struct rule {
    int free_tries;
    int64_t wait_ms, wait_max_ms; // the first wait, which doubles up to the longest
    int64_t forgive_ms;           // of silence, for one failure; 0: none
    int64_t forget_ms;            // for all
    bool is_name;
};

static const struct rule usual[THROTTLE_KINDS] = {
    [THROTTLE_DESK_NAME] = {3, SECOND_MS, MINUTE_MS, 5LL * MINUTE_MS, 15LL * MINUTE_MS, true},
    [THROTTLE_DESK] = {8, SECOND_MS, MINUTE_MS, 5LL * MINUTE_MS, 15LL * MINUTE_MS, false},
    [THROTTLE_ADMIN_NAME] = {0, 30LL * MINUTE_MS, 30LL * MINUTE_MS, 0, 30LL * MINUTE_MS, true},
    [THROTTLE_ADMIN_NETWORK] = {8, SECOND_MS, MINUTE_MS, 5LL * MINUTE_MS, 15LL * MINUTE_MS, false},
    [THROTTLE_DOOR_NAME] = {0, 30LL * MINUTE_MS, 30LL * MINUTE_MS, 0, 30LL * MINUTE_MS, true},
    [THROTTLE_DOOR_NETWORK] = {8, SECOND_MS, MINUTE_MS, 5LL * MINUTE_MS, 15LL * MINUTE_MS, false},
    [THROTTLE_FIRST_TOKEN] = {3, SECOND_MS, MINUTE_MS, 5LL * MINUTE_MS, 15LL * MINUTE_MS, false},
    [THROTTLE_ENROL] = {5, SECOND_MS, MINUTE_MS, 5LL * MINUTE_MS, 15LL * MINUTE_MS, false},
};

struct tries {
    char key[KEY_SIZE];
    int failures, open;
    int64_t last_ms, next_ms;
    char from[THROTTLE_FROM_SIZE];
};

struct throttle {
    struct rule rules[THROTTLE_KINDS];
    struct sorted_table tries[THROTTLE_KINDS];
};

struct throttle *throttle_new(int admin_tries)
{
    struct throttle *throttle = mem_new(1, sizeof *throttle);
    assert(admin_tries > 0);
    memcpy(throttle->rules, usual, sizeof usual);
    // The last one begins the wait.
    throttle->rules[THROTTLE_ADMIN_NAME].free_tries = throttle->rules[THROTTLE_DOOR_NAME].free_tries = admin_tries - 1;
    return throttle;
}

void throttle_free(struct throttle *throttle)
{
    if (!throttle)
        return;
    for (size_t kind = 0; kind < THROTTLE_KINDS; kind++)
        sorted_table_clear(&throttle->tries[kind]);
    free(throttle);
}

static struct tries *find_tries(const struct throttle *throttle, enum throttle_kind kind, const char *what)
{
    char cut[KEY_SIZE];
    text_cut(cut, sizeof cut, what);
    return sorted_table_find(&throttle->tries[kind], cut);
}

static int failures_left(const struct rule *rule, const struct tries *tries, int64_t now_ms)
{
    int64_t silent_ms = now_ms - tries->last_ms, forgiven = rule->forgive_ms ? silent_ms / rule->forgive_ms : 0;
    return silent_ms < rule->forget_ms && forgiven < tries->failures ? tries->failures - (int)forgiven : 0;
}

int64_t throttle_wait_ms(const struct throttle *throttle, enum throttle_kind kind, const char *what, int64_t now_ms)
{
    const struct rule *rule = &throttle->rules[kind];
    const struct tries *tries = find_tries(throttle, kind, what);
    if (!tries)
        return 0;
    if (tries->next_ms > now_ms)
        return tries->next_ms - now_ms;
    bool is_last = tries->open > 0 && failures_left(rule, tries, now_ms) + tries->open > rule->free_tries;
    return is_last ? SECOND_MS : 0;
}

// Drops what is silent for longest: beyond what is forgotten anyway the older half.
static void make_room(struct sorted_table *table, int64_t span_ms, int64_t now_ms)
{
    while (table->count >= THROTTLE_KEYS_MAX) {
        size_t kept = 0;
        for (size_t i = 0; i < table->count; i++) {
            struct tries *tries = table->records[i];
            if (now_ms - tries->last_ms >= span_ms)
                free(tries);
            else
                table->records[kept++] = tries;
        }
        table->count = kept;
        span_ms /= 2;
    }
}

static struct tries *tries_for(struct throttle *throttle, enum throttle_kind kind, const char *what, int64_t now_ms)
{
    struct sorted_table *table = &throttle->tries[kind];
    struct tries *tries = find_tries(throttle, kind, what);
    if (tries)
        return tries;
    make_room(table, throttle->rules[kind].forget_ms, now_ms);
    assert(table->count < THROTTLE_KEYS_MAX);
    tries = mem_new(1, sizeof *tries);
    text_cut(tries->key, sizeof tries->key, what);
    tries->last_ms = now_ms;
    sorted_table_put(table, tries);
    return tries;
}

void throttle_begin(struct throttle *throttle, enum throttle_kind kind, const char *what, int64_t now_ms)
{
    tries_for(throttle, kind, what, now_ms)->open++;
}

// The newest first; a word that no longer fits is left out with all behind it.
static void remember_from(char from[THROTTLE_FROM_SIZE], const char *word)
{
    char before[THROTTLE_FROM_SIZE], *rest = before;
    text_put(before, sizeof before, from);
    text_cut(from, THROTTLE_FROM_SIZE, word);
    size_t length = strlen(from);
    for (char *old = strsep(&rest, " "); old; old = strsep(&rest, " ")) {
        size_t added = strlen(old) + 1;
        if (!*old || text_equal(old, word))
            continue;
        if (length + added >= THROTTLE_FROM_SIZE)
            return;
        snprintf(from + length, THROTTLE_FROM_SIZE - length, " %s", old);
        length += added;
    }
}

static void count_failure(const struct rule *rule, struct tries *tries, int64_t now_ms)
{
    tries->failures = failures_left(rule, tries, now_ms) + 1;
    tries->last_ms = now_ms;
    int over = tries->failures - rule->free_tries;
    int64_t wait_ms = over <= 0 ? 0 : rule->wait_ms << (over > DOUBLINGS_MAX ? DOUBLINGS_MAX : over - 1);
    tries->next_ms = now_ms + (wait_ms < rule->wait_max_ms ? wait_ms : rule->wait_max_ms);
}

void throttle_end(struct throttle *throttle, enum throttle_kind kind, const char *what, enum throttle_outcome outcome,
                  const char *from, int64_t now_ms)
{
    const struct rule *rule = &throttle->rules[kind];
    struct tries *tries = find_tries(throttle, kind, what);
    if (!tries && outcome == THROTTLE_FAILED) // forgotten meanwhile
        tries = tries_for(throttle, kind, what, now_ms);
    if (!tries)
        return;
    tries->open -= tries->open > 0;
    if (outcome == THROTTLE_FAILED) {
        count_failure(rule, tries, now_ms);
        if (from[0])
            remember_from(tries->from, from);
    }
    bool clears = outcome == THROTTLE_SUCCEEDED && rule->is_name;
    if (clears)
        tries->failures = 0, tries->next_ms = 0, tries->from[0] = 0;
    if (tries->failures == 0 && tries->open == 0)
        free(sorted_table_take(&throttle->tries[kind], tries->key));
}

bool throttle_forget(struct throttle *throttle, enum throttle_kind kind, const char *what)
{
    struct tries *tries = find_tries(throttle, kind, what);
    bool counted = tries && tries->failures > 0;
    if (tries)
        free(sorted_table_take(&throttle->tries[kind], tries->key));
    return counted;
}

bool throttle_next(const struct throttle *throttle, enum throttle_kind kind, size_t *at, int64_t now_ms,
                   struct throttled *throttled)
{
    const struct rule *rule = &throttle->rules[kind];
    const struct sorted_table *table = &throttle->tries[kind];
    while (*at < table->count) {
        const struct tries *tries = table->records[(*at)++];
        int failures = failures_left(rule, tries, now_ms);
        *throttled = (struct throttled){tries->key, tries->from, failures, tries->last_ms, tries->next_ms};
        if (failures > rule->free_tries)
            return true;
    }
    return false;
}
