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

struct reader {
    const unsigned char *bytes;
    size_t length, at, attributes, depth;
    struct fault *why;
};

static bool refuse(const struct reader *reader, const char *what)
{
    return fault_set(reader->why, FAULT_INVALID, "IPP: %s at byte %zu", what, reader->at);
}

// A name or a value, with its length before it.
static bool skip_text(struct reader *reader)
{
    if (reader->length - reader->at < 2)
        return fault_set(reader->why, FAULT_BUSY, "IPP: it breaks off");
    size_t length = (size_t)reader->bytes[reader->at] << 8 | reader->bytes[reader->at + 1];
    if (length > LENGTH_MAX)
        return refuse(reader, "a length without meaning");
    reader->at += 2;
    if (reader->length - reader->at < length)
        return fault_set(reader->why, FAULT_BUSY, "IPP: it breaks off");
    reader->at += length;
    return true;
}

static bool skip_attribute(struct reader *reader, unsigned tag)
{
    if (tag == TAG_EXTENSION)
        return refuse(reader, "a tag that nobody uses");
    if (++reader->attributes > IPP_ATTRIBUTES_MAX)
        return refuse(reader, "too many attributes");
    if (tag == TAG_BEGIN_COLLECTION && ++reader->depth > IPP_DEPTH_MAX)
        return refuse(reader, "too deep a collection");
    if (tag == TAG_END_COLLECTION && reader->depth-- == 0)
        return refuse(reader, "the end of no collection");
    return skip_text(reader) && skip_text(reader);
}

bool ipp_bounds_check(const void *bytes, size_t length, size_t *end, struct fault *why)
{
    struct reader reader = {.bytes = bytes, .length = length, .at = HEADER_BYTES, .why = why};
    if (length < HEADER_BYTES)
        return fault_set(why, FAULT_BUSY, "IPP: it breaks off");
    while (reader.at < length) {
        unsigned tag = reader.bytes[reader.at++];
        if (tag < DELIMITERS_END && reader.depth > 0)
            return refuse(&reader, "a group within a collection");
        if (tag == TAG_END) {
            *end = reader.at;
            return true;
        }
        if (tag >= DELIMITERS_END && !skip_attribute(&reader, tag))
            return false;
    }
    return fault_set(why, FAULT_BUSY, "IPP: it breaks off");
}
