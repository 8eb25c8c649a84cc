// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/takeover.h"
#include "broker/api/types.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>

struct takeover {
    char id[ID_SIZE]; // the key
    char left[64];    // the address from which the last one took the link
    int count, returns;
    bool noticed;
    int64_t last_ms;
};

static void drop_old(struct sorted_table *takeovers, int64_t now_ms)
{
    for (size_t i = takeovers->count; i-- > 0;) {
        struct takeover *takeover = takeovers->records[i];
        if (now_ms - takeover->last_ms > TAKEOVER_WINDOW_MS)
            free(sorted_table_take(takeovers, takeover->id));
    }
}

static struct takeover *takeover_of(struct sorted_table *takeovers, const char *id, int64_t now_ms)
{
    struct takeover *takeover = sorted_table_find(takeovers, id);
    if (takeover && now_ms - takeover->last_ms <= TAKEOVER_WINDOW_MS)
        return takeover;
    drop_old(takeovers, now_ms);
    takeover = mem_new(1, sizeof *takeover);
    TEXT_PUT(takeover->id, id);
    sorted_table_put(takeovers, takeover);
    return takeover;
}

enum takeover_verdict takeover_judge(struct sorted_table *takeovers, const char *id, const char *from, const char *to,
                                     int64_t now_ms)
{
    struct takeover *takeover = takeover_of(takeovers, id, now_ms);
    bool moves = !text_equal(from, to);
    takeover->last_ms = now_ms;
    takeover->count++;
    takeover->returns += moves && text_equal(takeover->left, to);
    if (takeover->count <= TAKEOVER_COUNT_MAX && takeover->returns <= TAKEOVER_RETURNS_MAX) {
        if (moves)
            text_cut(takeover->left, sizeof takeover->left, from);
        return TAKEOVER_ACCEPTED;
    }
    takeover->count = TAKEOVER_COUNT_MAX; // the next one is too much, too
    enum takeover_verdict verdict = takeover->noticed ? TAKEOVER_REFUSED : TAKEOVER_NOTICED;
    takeover->noticed = true;
    return verdict;
}

void takeover_forget(struct sorted_table *takeovers, const char *id)
{
    free(sorted_table_take(takeovers, id));
}
