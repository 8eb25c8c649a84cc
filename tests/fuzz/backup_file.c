// SPDX-License-Identifier: EUPL-1.2
// What somebody calls a back-up: as the archive that it is, cut anywhere, and as the file that pultctl verifies.
#include "broker/net/backup_file.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

struct told {
    uint64_t left;
    bool inside;
};

static bool begin(void *arg, const struct archive_member *member, struct fault *why)
{
    struct told *told = arg;
    (void)why;
    assert(!told->inside && member->name[0] && member->name[0] != '/' && !strstr(member->name, "../"));
    told->inside = true;
    told->left = member->size;
    return true;
}

static bool data(void *arg, const void *bytes, size_t length, struct fault *why)
{
    struct told *told = arg;
    (void)bytes, (void)why;
    assert(told->inside && length > 0 && length <= told->left);
    told->left -= length;
    return true;
}

static bool end(void *arg, struct fault *why)
{
    struct told *told = arg;
    (void)why;
    assert(told->inside && told->left == 0);
    told->inside = false;
    return true;
}

static bool read_archive(const uint8_t *bytes, size_t size, size_t step)
{
    struct told told = {0};
    struct archive_reader reader;
    struct fault why;
    archive_reader_init(&reader, &(struct archive_events){&told, begin, data, end});
    for (size_t at = 0; at < size; at += step)
        if (!archive_reader_add(&reader, bytes + at, size - at < step ? size - at : step, &why))
            return false;
    bool whole = archive_reader_finish(&reader, &why);
    assert(!whole || !told.inside);
    return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fault why;
    bool at_once = read_archive(bytes, size, size + 1);
    assert(read_archive(bytes, size, 1) == at_once);
    (void)at_once;
    struct backup_reader *reader = backup_reader_new(NULL, NULL);
    if (backup_reader_add(reader, bytes, size, &why))
        (void)!backup_reader_finish(reader, &why);
    backup_reader_free(reader);
    return 0;
}
