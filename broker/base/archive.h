// SPDX-License-Identifier: EUPL-1.2
// Files one behind the other in one stream, as tar(1) reads and writes them: POSIX ustar, with GNU's numbers for what
// is larger than 8 GiB. Ordinary files only.
#pragma once
#include "broker/base/fault.h"

#include <stddef.h>
#include <stdint.h>

enum { ARCHIVE_BLOCK = 512, ARCHIVE_NAME_SIZE = 256, ARCHIVE_OWNER_SIZE = 32 };

struct archive_member {
    char name[ARCHIVE_NAME_SIZE];                              // relative, without . and ..
    char owner[ARCHIVE_OWNER_SIZE], group[ARCHIVE_OWNER_SIZE]; // names; "": nobody's
    unsigned mode;                                             // permissions
    uint64_t size;
    int64_t changed_s;
};

// The block before the member's bytes, which are filled up with archive_padding zeroes. FAULT_INVALID: it has a name
// that cannot be written.
bool archive_print_header(unsigned char block[ARCHIVE_BLOCK], const struct archive_member *member, struct fault *why)
    __attribute__((warn_unused_result));
size_t archive_padding(uint64_t size);
enum { ARCHIVE_END = 2 * ARCHIVE_BLOCK }; // so many zeroes end the archive

// Whom a reader tells; false ends the reading, with their fault.
struct archive_events {
    void *arg;
    bool (*begin)(void *arg, const struct archive_member *member, struct fault *why);
    bool (*data)(void *arg, const void *bytes, size_t length, struct fault *why);
    bool (*end)(void *arg, struct fault *why);
};

struct archive_reader {
    struct archive_events events;
    unsigned char block[ARCHIVE_BLOCK];
    size_t held;            // of it
    uint64_t left, padding; // of the member
    size_t zeroes;          // blocks that end the archive
    bool inside;
};

void archive_reader_init(struct archive_reader *reader, const struct archive_events *events);
// The next bytes, hostile, however they are cut. FAULT_BROKEN: they are no archive of ours.
bool archive_reader_add(struct archive_reader *reader, const void *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
// After the last bytes. FAULT_BROKEN: more should come.
bool archive_reader_finish(const struct archive_reader *reader, struct fault *why) __attribute__((warn_unused_result));
