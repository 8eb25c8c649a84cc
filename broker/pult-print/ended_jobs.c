// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/ended_jobs.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 16 };

struct ended_job {
    unsigned char key[KEY_BYTES]; // what stands in the id
    int64_t at_ms;
};

static void read_key(unsigned char key[KEY_BYTES], const char *id)
{
    bool read = spool_id_is_valid(id) && text_unhex(key, KEY_BYTES, id + 2);
    assert(read);
}

// Where it is, or would be.
static size_t find_place(const struct ended_jobs *ended, const unsigned char key[KEY_BYTES], bool *is_there)
{
    size_t low = 0, high = ended->count;
    *is_there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(ended->rows[middle].key, key, KEY_BYTES);
        if (order == 0)
            *is_there = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void ended_jobs_add(struct ended_jobs *ended, const char *id, int64_t at_ms)
{
    bool is_there;
    unsigned char key[KEY_BYTES];
    read_key(key, id);
    size_t at = find_place(ended, key, &is_there);
    if (!is_there) {
        mem_reserve(&ended->rows, &ended->capacity, ended->count + 1, sizeof *ended->rows);
        memmove(ended->rows + at + 1, ended->rows + at, (ended->count - at) * sizeof *ended->rows);
        ended->count++;
    }
    memcpy(ended->rows[at].key, key, KEY_BYTES);
    ended->rows[at].at_ms = at_ms;
}

bool ended_jobs_have(const struct ended_jobs *ended, const char *id)
{
    bool is_there;
    unsigned char key[KEY_BYTES];
    read_key(key, id);
    find_place(ended, key, &is_there);
    return is_there;
}

bool ended_jobs_forget(struct ended_jobs *ended, int64_t before_ms, char id[SPOOL_ID_SIZE])
{
    for (size_t i = 0; i < ended->count; i++) {
        if (ended->rows[i].at_ms >= before_ms)
            continue;
        memcpy(id, "j-", 2);
        text_hex(id + 2, ended->rows[i].key, KEY_BYTES);
        ended->count--;
        memmove(ended->rows + i, ended->rows + i + 1, (ended->count - i) * sizeof *ended->rows);
        return true;
    }
    return false;
}

void ended_jobs_fini(struct ended_jobs *ended)
{
    free(ended->rows);
}
