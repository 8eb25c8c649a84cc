// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/throttle.h"
#include "broker/api/types.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/core/sorted_table.h"

#include <assert.h>
#include <stdlib.h>

enum {
    FORGET_MS = 15 * 60 * 1000,
    FORGIVE_MS = 5 * 60 * 1000,
    WAIT_MAX_MS = 60 * 1000,
    KEY_SIZE = ID_SIZE + USER_NAME_SIZE + 16
};

struct tries {
    char key[KEY_SIZE];
    int failures;
    int64_t last_ms, next_ms;
};

struct throttle {
    struct sorted_table tries;
};

struct throttle *throttle_new(void)
{
    return mem_new(1, sizeof(struct throttle));
}

void throttle_free(struct throttle *throttle)
{
    if (!throttle)
        return;
    sorted_table_clear(&throttle->tries);
    free(throttle);
}

int64_t throttle_wait_ms(const struct throttle *throttle, const char *key, int64_t now_ms)
{
    char cut[KEY_SIZE];
    text_cut(cut, sizeof cut, key);
    const struct tries *tries = sorted_table_find(&throttle->tries, cut);
    return tries && tries->next_ms > now_ms ? tries->next_ms - now_ms : 0;
}

// Drops what is older than FORGET_MS; if that is not enough, the older half.
static void make_room(struct throttle *throttle, int64_t now_ms)
{
    struct sorted_table *table = &throttle->tries;
    int64_t span_ms = FORGET_MS;
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

static struct tries *tries_for(struct throttle *throttle, const char *key, int64_t now_ms)
{
    char cut[KEY_SIZE];
    text_cut(cut, sizeof cut, key);
    struct tries *tries = sorted_table_find(&throttle->tries, cut);
    if (tries)
        return tries;
    make_room(throttle, now_ms);
    assert(throttle->tries.count < THROTTLE_KEYS_MAX);
    tries = mem_new(1, sizeof *tries);
    TEXT_PUT(tries->key, cut);
    sorted_table_put(&throttle->tries, tries);
    return tries;
}

void throttle_failed(struct throttle *throttle, const char *key, int free_tries, int64_t now_ms)
{
    struct tries *tries = tries_for(throttle, key, now_ms);
    int64_t silent_ms = now_ms - tries->last_ms, forgiven = silent_ms / FORGIVE_MS;
    tries->failures = silent_ms < FORGET_MS && forgiven < tries->failures ? tries->failures - (int)forgiven : 0;
    tries->failures++;
    tries->last_ms = now_ms;
    int over = tries->failures - free_tries;
    int64_t wait_ms = over <= 0 ? 0 : over > 6 ? WAIT_MAX_MS : (int64_t)1000 << (over - 1);
    tries->next_ms = now_ms + wait_ms;
}

void throttle_succeeded(struct throttle *throttle, const char *key)
{
    char cut[KEY_SIZE];
    text_cut(cut, sizeof cut, key);
    free(sorted_table_take(&throttle->tries, cut));
}
