// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/calm.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdlib.h>

static const struct meter_rate rate = {CALM_BURST, CALM_PER_MINUTE};

void calm_clear(struct calm *calm)
{
    sorted_table_clear(&calm->words);
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
