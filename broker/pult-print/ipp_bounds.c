// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/ipp_bounds.h"

enum {
    HEADER_BYTES = 8,
    TAG_END = 0x03,
    DELIMITERS_END = 0x10, // below it: tags of groups
    TAG_BEGIN_COLLECTION = 0x34,
    TAG_END_COLLECTION = 0x37,
    TAG_EXTENSION = 0x7f,
    LENGTH_MAX = 0x7fff,
};

struct ipp_walk {
    const unsigned char *bytes;
    size_t length, at, attributes, depth;
    struct fault *why;
};

static bool refuse(const struct ipp_walk *walk, const char *what)
{
    return fault_set(walk->why, FAULT_INVALID, "IPP: %s at byte %zu", what, walk->at);
}

// A name or a value, with its length before it.
static bool skip_text(struct ipp_walk *walk)
{
    if (walk->length - walk->at < 2)
        return fault_set(walk->why, FAULT_BUSY, "IPP: it breaks off");
    size_t length = (size_t)walk->bytes[walk->at] << 8 | walk->bytes[walk->at + 1];
    if (length > LENGTH_MAX)
        return refuse(walk, "a length without meaning");
    walk->at += 2;
    if (walk->length - walk->at < length)
        return fault_set(walk->why, FAULT_BUSY, "IPP: it breaks off");
    walk->at += length;
    return true;
}

static bool skip_attribute(struct ipp_walk *walk, unsigned tag)
{
    if (tag == TAG_EXTENSION)
        return refuse(walk, "a tag that nobody uses");
    if (++walk->attributes > IPP_ATTRIBUTES_MAX)
        return refuse(walk, "too many attributes");
    if (tag == TAG_BEGIN_COLLECTION && ++walk->depth > IPP_DEPTH_MAX)
        return refuse(walk, "too deep a collection");
    if (tag == TAG_END_COLLECTION && walk->depth-- == 0)
        return refuse(walk, "the end of no collection");
    return skip_text(walk) && skip_text(walk);
}

bool ipp_bounds_check(const void *bytes, size_t length, size_t *end, struct fault *why)
{
    struct ipp_walk walk = {.bytes = bytes, .length = length, .at = HEADER_BYTES, .why = why};
    if (length < HEADER_BYTES)
        return fault_set(why, FAULT_BUSY, "IPP: it breaks off");
    while (walk.at < length) {
        unsigned tag = walk.bytes[walk.at++];
        if (tag < DELIMITERS_END && walk.depth > 0)
            return refuse(&walk, "a group within a collection");
        if (tag == TAG_END) {
            *end = walk.at;
            return true;
        }
        if (tag >= DELIMITERS_END && !skip_attribute(&walk, tag))
            return false;
    }
    return fault_set(why, FAULT_BUSY, "IPP: it breaks off");
}
