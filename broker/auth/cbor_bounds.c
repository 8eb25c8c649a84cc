// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/cbor_bounds.h"

#include <stdbool.h>
#include <stdint.h>

enum cbor_kind { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };
enum { FALSE_VALUE = 20, ONE_BYTE = 24, EIGHT_BYTES = 27 };

struct cbor_rest {
    const unsigned char *at;
    size_t left;
};

struct cbor_head {
    enum cbor_kind kind;
    unsigned detail;
    uint64_t argument;
};

static bool skip_bytes(struct cbor_rest *rest, uint64_t count)
{
    if (count > rest->left)
        return false;
    rest->at += count;
    rest->left -= (size_t)count;
    return true;
}

static bool read_head(struct cbor_rest *rest, struct cbor_head *head)
{
    if (!rest->left)
        return false;
    *head = (struct cbor_head){.kind = (enum cbor_kind)(rest->at[0] >> 5), .detail = rest->at[0] & 31u};
    size_t more = head->detail >= ONE_BYTE && head->detail <= EIGHT_BYTES ? (size_t)1 << (head->detail - ONE_BYTE) : 0;
    if (head->detail > EIGHT_BYTES || more >= rest->left)
        return false;
    head->argument = more ? 0 : head->detail;
    for (size_t i = 1; i <= more; i++)
        head->argument = head->argument << 8 | rest->at[i];
    return skip_bytes(rest, 1 + more);
}

// How many items follow as part of it. False: it is none that may be here.
static bool read_item(struct cbor_rest *rest, uint64_t *parts)
{
    struct cbor_head head;
    *parts = 0;
    if (!read_head(rest, &head))
        return false;
    switch (head.kind) {
    case UNSIGNED:
    case NEGATIVE:
        return true;
    case BYTES:
    case TEXT:
        return skip_bytes(rest, head.argument);
    case ARRAY:
    case MAP: // each part is a byte or more
        *parts = head.kind == MAP && head.argument <= rest->left ? 2 * head.argument : head.argument;
        return *parts <= rest->left;
    case TAG:
        return false;
    case SIMPLE: // or a floating-point number, of two to eight bytes
        return head.detail >= FALSE_VALUE && head.detail != ONE_BYTE;
    }
    return false;
}

size_t cbor_bounds_item(const unsigned char *bytes, size_t length)
{
    struct cbor_rest rest = {bytes, length};
    uint64_t open[CBOR_DEPTH_MAX + 1] = {1}; // items that are still to come, at each depth
    size_t depth = 0;
    for (;;) {
        uint64_t parts;
        while (!open[depth]) {
            if (depth == 0)
                return length - rest.left;
            depth--;
        }
        open[depth]--;
        if (!read_item(&rest, &parts))
            return 0;
        if (parts && depth == CBOR_DEPTH_MAX)
            return 0;
        if (parts)
            open[++depth] = parts;
    }
}
