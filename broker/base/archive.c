// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/archive.h"
#include "broker/base/text.h"

#include <assert.h>
#include <string.h>

// Where the parts of a header stand (POSIX, pax "ustar Interchange Format").
enum {
    NAME_AT = 0,
    SHORT_NAME_MAX = 100,
    MODE_AT = 100,
    OWNER_NUMBER_AT = 108,
    GROUP_NUMBER_AT = 116,
    SHORT_NUMBER = 8,
    SIZE_AT = 124,
    CHANGED_AT = 136,
    LONG_NUMBER = 12,
    SUM_AT = 148,
    KIND_AT = 156,
    MAGIC_AT = 257,
    OWNER_AT = 265,
    GROUP_AT = 297,
    PREFIX_AT = 345,
    PREFIX_MAX = 155,
};
static const char magic[8] = {'u', 's', 't', 'a', 'r', 0, '0', '0'};

// Octal digits and a NUL; what is too large for them in binary, with the highest bit set.
static void put_number(unsigned char *at, size_t room, uint64_t number)
{
    bool large = number >> (3 * (room - 1)) != 0;
    for (size_t i = room - 1; i-- > 0 && !large; number >>= 3)
        at[i] = (unsigned char)('0' + (number & 7));
    for (size_t i = room; i-- > 0 && large; number >>= 8)
        at[i] = (unsigned char)number;
    if (large)
        at[0] |= 0x80;
}

static bool take_number(const unsigned char *at, size_t room, uint64_t *number)
{
    *number = 0;
    if (at[0] == 0x80) {
        for (size_t i = 1; i < room; i++) {
            if (*number >> 55)
                return false;
            *number = *number << 8 | at[i];
        }
        return true;
    }
    size_t digits = 0;
    for (; digits < room && at[digits] >= '0' && at[digits] <= '7'; digits++)
        *number = *number << 3 | (uint64_t)(at[digits] - '0');
    return digits > 0 && digits < room && (at[digits] == 0 || at[digits] == ' ');
}

static unsigned sum_of(const unsigned char block[ARCHIVE_BLOCK])
{
    unsigned sum = 0;
    for (size_t i = 0; i < ARCHIVE_BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + SHORT_NUMBER ? ' ' : block[i];
    return sum;
}

// Neither absolute nor empty, and no part of it leads out of the folder it is unpacked in.
static bool name_is_safe(const char *name)
{
    if (!name[0] || !text_is_clean(name, strlen(name)) || strchr(name, '\\'))
        return false;
    for (const char *part = name; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
        size_t length = strcspn(part, "/");
        if (length == 0 || (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.'))))
            return false;
    }
    return true;
}

// The last slash that leaves both sides short enough; NULL: there is none, or no need of one.
static const char *split_name(const char *name)
{
    size_t length = strlen(name);
    const char *slash = length > SHORT_NAME_MAX ? strchr(name + length - SHORT_NAME_MAX - 1, '/') : NULL;
    return slash && slash - name <= PREFIX_MAX ? slash : NULL;
}

bool archive_print_header(unsigned char block[ARCHIVE_BLOCK], const struct archive_member *member, struct fault *why)
{
    const char *slash = split_name(member->name), *name = slash ? slash + 1 : member->name;
    if (!name_is_safe(member->name) || strlen(name) > SHORT_NAME_MAX)
        return fault_set(why, FAULT_INVALID, "%s: this path cannot be written to a back-up", member->name);
    memset(block, 0, ARCHIVE_BLOCK);
    memcpy(block + NAME_AT, name, strlen(name));
    if (slash)
        memcpy(block + PREFIX_AT, member->name, (size_t)(slash - member->name));
    put_number(block + MODE_AT, SHORT_NUMBER, member->mode & 07777);
    put_number(block + OWNER_NUMBER_AT, SHORT_NUMBER, 0);
    put_number(block + GROUP_NUMBER_AT, SHORT_NUMBER, 0);
    put_number(block + SIZE_AT, LONG_NUMBER, member->size);
    put_number(block + CHANGED_AT, LONG_NUMBER, member->changed_s > 0 ? (uint64_t)member->changed_s : 0);
    block[KIND_AT] = '0';
    memcpy(block + MAGIC_AT, magic, sizeof magic);
    memcpy(block + OWNER_AT, member->owner, strnlen(member->owner, ARCHIVE_OWNER_SIZE - 1));
    memcpy(block + GROUP_AT, member->group, strnlen(member->group, ARCHIVE_OWNER_SIZE - 1));
    put_number(block + SUM_AT, SHORT_NUMBER - 1, sum_of(block));
    block[SUM_AT + SHORT_NUMBER - 1] = ' ';
    return true;
}

size_t archive_padding(uint64_t size)
{
    return (ARCHIVE_BLOCK - size % ARCHIVE_BLOCK) % ARCHIVE_BLOCK;
}

// ---- reading

void archive_reader_init(struct archive_reader *reader, const struct archive_events *events)
{
    *reader = (struct archive_reader){.events = *events};
}

static bool take_text(const unsigned char *at, size_t room, char *to)
{
    size_t length = strnlen((const char *)at, room);
    memcpy(to, at, length);
    to[length] = 0;
    return text_is_clean(to, length);
}

static bool read_name(const unsigned char block[ARCHIVE_BLOCK], char name[ARCHIVE_NAME_SIZE + 1])
{
    size_t length = strnlen((const char *)block + PREFIX_AT, PREFIX_MAX);
    memcpy(name, block + PREFIX_AT, length);
    if (length)
        name[length++] = '/';
    return take_text(block + NAME_AT, SHORT_NAME_MAX, name + length) && name_is_safe(name);
}

static bool read_header(const unsigned char block[ARCHIVE_BLOCK], struct archive_member *member, struct fault *why)
{
    uint64_t sum, mode, changed;
    char name[ARCHIVE_NAME_SIZE + 1];
    *member = (struct archive_member){0};
    if (!take_number(block + SUM_AT, SHORT_NUMBER, &sum) || sum != sum_of(block) || block[KIND_AT] != '0' ||
        memcmp(block + MAGIC_AT, magic, sizeof magic) != 0 || !take_number(block + MODE_AT, SHORT_NUMBER, &mode) ||
        !take_number(block + SIZE_AT, LONG_NUMBER, &member->size) || member->size > INT64_MAX ||
        !take_number(block + CHANGED_AT, LONG_NUMBER, &changed) || changed > INT64_MAX || !read_name(block, name) ||
        !text_copy(member->name, sizeof member->name, name) ||
        !take_text(block + OWNER_AT, ARCHIVE_OWNER_SIZE - 1, member->owner) ||
        !take_text(block + GROUP_AT, ARCHIVE_OWNER_SIZE - 1, member->group))
        return fault_set(why, FAULT_BROKEN, "it is no archive, or damaged");
    member->mode = mode & 0777;
    member->changed_s = (int64_t)changed;
    return true;
}

static bool end_member(struct archive_reader *reader, struct fault *why)
{
    if (!reader->inside || reader->left || reader->padding)
        return true;
    reader->inside = false;
    return reader->events.end(reader->events.arg, why);
}

static bool take_block(struct archive_reader *reader, struct fault *why)
{
    static const unsigned char zeroes[ARCHIVE_BLOCK];
    struct archive_member member;
    reader->held = 0;
    if (memcmp(reader->block, zeroes, sizeof zeroes) == 0) {
        reader->zeroes++;
        return true;
    }
    if (reader->zeroes)
        return fault_set(why, FAULT_BROKEN, "something stands behind the end of the archive");
    if (!read_header(reader->block, &member, why) || !reader->events.begin(reader->events.arg, &member, why))
        return false;
    reader->inside = true;
    reader->left = member.size;
    reader->padding = archive_padding(member.size);
    return end_member(reader, why);
}

// Of the member's bytes, of its padding, or of the next header: as many as there are. 0: a fault.
static size_t take_some(struct archive_reader *reader, const unsigned char *bytes, size_t length, struct fault *why)
{
    uint64_t *left = reader->left ? &reader->left : &reader->padding;
    if (!reader->inside) {
        size_t some = ARCHIVE_BLOCK - reader->held < length ? ARCHIVE_BLOCK - reader->held : length;
        memcpy(reader->block + reader->held, bytes, some);
        reader->held += some;
        return reader->held < ARCHIVE_BLOCK || take_block(reader, why) ? some : 0;
    }
    size_t some = *left < length ? (size_t)*left : length;
    if (left == &reader->left && !reader->events.data(reader->events.arg, bytes, some, why))
        return 0;
    *left -= some;
    return end_member(reader, why) ? some : 0;
}

bool archive_reader_add(struct archive_reader *reader, const void *bytes, size_t length, struct fault *why)
{
    for (size_t at = 0, some; at < length; at += some)
        if ((some = take_some(reader, (const unsigned char *)bytes + at, length - at, why)) == 0)
            return false;
    return true;
}

bool archive_reader_finish(const struct archive_reader *reader, struct fault *why)
{
    assert(reader->held < ARCHIVE_BLOCK);
    bool whole = !reader->inside && reader->held == 0 && reader->zeroes >= ARCHIVE_END / ARCHIVE_BLOCK;
    return whole || fault_set(why, FAULT_BROKEN, "it ends too early: it is not complete");
}
