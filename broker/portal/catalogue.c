// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/catalogue.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// The head, as GNU gettext's manual has it ("The Format of GNU MO Files"); each an uint32_t.
enum { HEAD_MAGIC, HEAD_REVISION, HEAD_COUNT, HEAD_ENGLISH, HEAD_OTHER, HEAD_NUMBERS };

static const uint32_t magic = 0x950412de;

struct catalogue {
    char *bytes;
    size_t length;
    uint32_t head[HEAD_NUMBERS];
};

// Of a table of lengths and places: the text, which ends in NUL within the file; NULL when it does not.
static const char *text_at(const struct catalogue *catalogue, uint32_t table, uint32_t index)
{
    uint32_t row[2]; // its length without NUL, and where it begins
    size_t at = (size_t)table + (size_t)index * sizeof row;
    if (at > catalogue->length || catalogue->length - at < sizeof row)
        return NULL;
    memcpy(row, catalogue->bytes + at, sizeof row);
    if (row[1] >= catalogue->length || catalogue->length - row[1] <= row[0])
        return NULL;
    return catalogue->bytes[(size_t)row[1] + row[0]] ? NULL : catalogue->bytes + row[1];
}

// Whole, and sorted, since it is searched by halves.
static bool is_sound(const struct catalogue *catalogue)
{
    const uint32_t *head = catalogue->head;
    if (head[HEAD_MAGIC] != magic || head[HEAD_REVISION] >> 16 != 0)
        return false;
    for (uint32_t i = 0; i < head[HEAD_COUNT]; i++) {
        const char *english = text_at(catalogue, head[HEAD_ENGLISH], i);
        const char *before = i ? text_at(catalogue, head[HEAD_ENGLISH], i - 1) : NULL;
        if (!english || !text_at(catalogue, head[HEAD_OTHER], i) || (before && strcmp(before, english) >= 0))
            return false;
    }
    return true;
}

struct catalogue *catalogue_read(const void *bytes, size_t length, struct fault *why)
{
    struct catalogue *catalogue = mem_new(1, sizeof *catalogue);
    if (length >= sizeof catalogue->head && length <= CATALOGUE_MAX) {
        catalogue->bytes = mem_copy(bytes, length);
        catalogue->length = length;
        memcpy(catalogue->head, bytes, sizeof catalogue->head);
        if (is_sound(catalogue))
            return catalogue;
    }
    catalogue_free(catalogue);
    fault_set(why, FAULT_BROKEN, "is no catalogue of sentences");
    return NULL;
}

void catalogue_free(struct catalogue *catalogue)
{
    if (catalogue)
        free(catalogue->bytes);
    free(catalogue);
}

const char *catalogue_sentence(const struct catalogue *catalogue, const char *english)
{
    uint32_t from = 0, to = catalogue ? catalogue->head[HEAD_COUNT] : 0;
    while (from < to && *english) { // the empty text is the catalogue's own head
        uint32_t middle = from + (to - from) / 2;
        const char *found = text_at(catalogue, catalogue->head[HEAD_ENGLISH], middle);
        const char *other = text_at(catalogue, catalogue->head[HEAD_OTHER], middle);
        assert(found && other); // as is_sound has seen
        int order = strcmp(english, found);
        if (order == 0)
            return *other ? other : english;
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return english;
}
