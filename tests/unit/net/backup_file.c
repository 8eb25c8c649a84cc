// SPDX-License-Identifier: EUPL-1.2
// The file of a back-up: what goes in comes out, standard tools open it, and what was cut, altered, mixed or made for
// others is refused.
#include "broker/net/backup_file.h"
#include "broker/base/mem.h"
#include "tests/folder.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 2 * ENVELOPE_PLAIN_MAX + 12345, KINDS = 2 };

static char folder[FOLDER_SIZE];
static struct recipients *recipients;
static struct envelope_key *keys[KINDS], *stranger;
static struct fault why;
static unsigned char *large;
static bool any_content; // what is within is not looked at

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static struct envelope_key *make_key(const char *name, const char *kind)
{
    char line[512], file[32];
    snprintf(line, sizeof line,
             "cd %s && openssl req -x509 -newkey %s -nodes -keyout %s.key -out %s.pem -days 1 -subj /CN=%s 2>/dev/null",
             folder, kind, name, name, name);
    program_shell(line);
    snprintf(file, sizeof file, "%s.key", name);
    struct envelope_key *key = envelope_key_load(path_of(file), &why);
    cr_assert(key, "%s", why.text);
    return key;
}

static void start(void)
{
    char line[128];
    folder_make(folder, "backup");
    keys[0] = make_key("rsa", "rsa:2048");
    keys[1] = make_key("curve", "ec -pkeyopt ec_paramgen_curve:P-256");
    stranger = make_key("stranger", "rsa:2048");
    snprintf(line, sizeof line, "cd %s && cat rsa.pem curve.pem >both.pem", folder);
    program_shell(line);
    recipients = recipients_load(path_of("both.pem"), &why);
    cr_assert(recipients, "%s", why.text);
    large = malloc(LARGE);
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (unsigned char)(i * 2654435761u >> 24);
}

static void stop(void)
{
    for (int i = 0; i < KINDS; i++)
        envelope_key_free(keys[i]);
    envelope_key_free(stranger);
    recipients_free(recipients);
    free(large);
    folder_remove(folder);
}

TestSuite(backup_file, .init = start, .fini = stop, .timeout = 120);

static bool add_to_text(void *arg, const void *bytes, size_t length, struct fault *reason)
{
    (void)reason;
    text_add(arg, bytes, length);
    return true;
}

static const struct {
    const char *name;
    size_t size;
} members[] = {
    {"data/empty", 0},
    {"data/one", 1},
    {"data/block", ARCHIVE_BLOCK},
    {"data/large", LARGE},
    {"files/a-folder-with-a-name-of-some-length/and-another-one-in-it-that-is-not-short/and-then-a-third-one/"
     "of-the-file",
     700},
};
enum { MEMBERS = sizeof members / sizeof *members };

// Of `offset` on in `large`, so that two files can be of one shape and differ.
static struct text write_backup(size_t offset)
{
    struct text file = {0};
    struct backup_writer *writer = backup_writer_new(recipients, add_to_text, &file);
    for (size_t i = 0; i < MEMBERS; i++) {
        struct archive_member member = {.mode = 0640, .size = members[i].size, .changed_s = 1767225600};
        size_t begin = members[i].size == LARGE ? 0 : offset;
        TEXT_PUT(member.name, members[i].name);
        TEXT_PUT(member.owner, "root");
        cr_assert(backup_writer_begin(writer, &member, &why), "%s", why.text);
        for (size_t at = 0, some; at < member.size; at += some) {
            some = member.size - at < 100000 ? (size_t)member.size - at : 100000;
            cr_assert(backup_writer_add(writer, large + begin + at, some, &why), "%s", why.text);
        }
    }
    cr_assert(backup_writer_finish(writer, &why), "%s", why.text);
    backup_writer_free(writer);
    return file;
}

struct seen {
    size_t member, at;
    uint64_t size;
};

static bool see_member(void *arg, const struct archive_member *member, struct fault *reason)
{
    struct seen *seen = arg;
    (void)reason;
    cr_assert_str_eq(member->name, members[seen->member].name);
    cr_assert_eq(member->size, members[seen->member].size);
    cr_assert_eq(member->mode, 0640);
    cr_assert_eq(member->changed_s, 1767225600);
    cr_assert_str_eq(member->owner, "root");
    seen->at = 0;
    seen->size = member->size;
    return true;
}

static bool see_bytes(void *arg, const void *bytes, size_t length, struct fault *reason)
{
    struct seen *seen = arg;
    (void)reason;
    cr_assert(any_content || memcmp(large + seen->at, bytes, length) == 0);
    seen->at += length;
    return true;
}

static bool see_end(void *arg, struct fault *reason)
{
    struct seen *seen = arg;
    (void)reason;
    cr_assert_eq(seen->at, seen->size);
    seen->member++;
    return true;
}

static bool read_backup(const struct envelope_key *key, const char *bytes, size_t length, size_t step)
{
    struct seen seen = {0};
    struct archive_events events = {&seen, see_member, see_bytes, see_end};
    struct backup_reader *reader = backup_reader_new(key, key ? &events : NULL);
    bool right = true;
    for (size_t at = 0; at < length && right; at += step)
        right = backup_reader_add(reader, bytes + at, length - at < step ? length - at : step, &why);
    right = right && backup_reader_finish(reader, &why);
    backup_reader_free(reader);
    return right && (!key || seen.member == MEMBERS);
}

Test(backup_file, comes_out_as_it_went_in_however_it_is_cut)
{
    owned(text) struct text file = write_backup(0);
    for (int kind = 0; kind < KINDS; kind++)
        cr_assert(read_backup(keys[kind], file.bytes, file.length, 777), "%d: %s", kind, why.text);
    cr_assert(read_backup(keys[0], file.bytes, file.length, file.length), "%s", why.text);
    cr_assert(read_backup(NULL, file.bytes, file.length, 4096), "%s", why.text);
}

Test(backup_file, tells_nothing_to_who_has_no_key)
{
    owned(text) struct text file = write_backup(0);
    cr_assert_not(memmem(file.bytes, file.length, "data/large", 10));
    cr_assert_not(memmem(file.bytes, file.length, large, 64));
    cr_assert_not(read_backup(stranger, file.bytes, file.length, 4096));
    cr_assert_eq(why.kind, FAULT_DENIED, "%s", why.text);
}

// As its README says.
Test(backup_file, is_opened_by_tar_and_openssl)
{
    char line[1024];
    owned(text) struct text file = write_backup(0);
    FILE *out = fopen(path_of("BACKUP"), "w");
    fwrite(file.bytes, 1, file.length, out);
    fclose(out);
    snprintf(line, sizeof line,
             "mkdir %s/open && cd %s/open && tar -xf ../BACKUP README &&"
             "sed -n '/^    /s///p' README | sed 's,BACKUP,../BACKUP,; s,KEY,../curve.key,' >commands &&"
             "sh -e commands && test $(stat -c %%s data/large) = %d",
             folder, folder, LARGE);
    program_shell(line);
}

Test(backup_file, that_was_cut_is_refused)
{
    owned(text) struct text file = write_backup(0);
    for (size_t i = 0; i < 40; i++) {
        size_t length = i * (file.length / 40);
        cr_assert_not(read_backup(keys[0], file.bytes, length, 65536), "%zu of %zu", length, file.length);
        cr_assert_not(read_backup(NULL, file.bytes, length, 65536), "%zu of %zu", length, file.length);
    }
    cr_assert_not(read_backup(NULL, file.bytes, file.length - 1, 65536));
    cr_assert_not(read_backup(NULL, file.bytes, file.length - ARCHIVE_BLOCK, 65536), "half its end");
    cr_assert_not(read_backup(NULL, file.bytes, file.length - ARCHIVE_END, 65536), "no end");
}

Test(backup_file, that_was_altered_is_refused)
{
    owned(text) struct text file = write_backup(0);
    size_t first = (size_t)((char *)memmem(file.bytes, file.length, "part-00000001", 13) - file.bytes);
    for (size_t at = first; at < file.length - 3 * ARCHIVE_BLOCK; at += file.length / 60) {
        file.bytes[at] ^= 1;
        cr_assert_not(read_backup(keys[1], file.bytes, file.length, 65536), "byte %zu", at);
        file.bytes[at] ^= 1;
    }
    cr_assert(read_backup(keys[1], file.bytes, file.length, 65536), "%s", why.text);
}

// Where a part begins, with its header, and where it ends.
static size_t find_part(const struct text *file, const char *name, size_t *end)
{
    const char *at = memmem(file->bytes, file->length, name, strlen(name));
    cr_assert(at);
    size_t begin = (size_t)(at - file->bytes);
    uint64_t size = strtoull(at + 124, NULL, 8);
    *end = begin + ARCHIVE_BLOCK + size + archive_padding(size);
    return begin;
}

// Each part is whole, and made for the same keys.
Test(backup_file, whose_parts_are_of_two_is_refused)
{
    owned(text) struct text one = write_backup(0), other = write_backup(1), mixed = {0};
    size_t end_of_one, end_of_other;
    size_t begin = find_part(&one, "part-00000003", &end_of_one);
    size_t of_other = find_part(&other, "part-00000003", &end_of_other);
    text_add(&mixed, one.bytes, begin);
    text_add(&mixed, other.bytes + of_other, end_of_other - of_other);
    text_add(&mixed, one.bytes + end_of_one, one.length - end_of_one);
    cr_assert(read_backup(NULL, mixed.bytes, mixed.length, 65536), "%s", why.text);
    any_content = true;
    cr_assert_not(read_backup(keys[0], mixed.bytes, mixed.length, 65536));
    cr_assert(strstr(why.text, "SHA256SUMS"), "%s", why.text);
}

Test(backup_file, that_lacks_a_part_is_refused)
{
    owned(text) struct text file = write_backup(0), lacks = {0};
    size_t end, begin = find_part(&file, "part-00000002", &end);
    text_add(&lacks, file.bytes, begin);
    text_add(&lacks, file.bytes + end, file.length - end);
    cr_assert_not(read_backup(NULL, lacks.bytes, lacks.length, 65536));
    cr_assert_eq(why.kind, FAULT_BROKEN);
}

Test(backup_file, that_is_something_else_is_refused)
{
    cr_assert_not(read_backup(NULL, (char *)large, 100000, 4096));
    cr_assert_not(read_backup(NULL, "", 0, 1));
    char zeroes[ARCHIVE_END] = {0};
    cr_assert_not(read_backup(NULL, zeroes, sizeof zeroes, 512));
    cr_assert(strstr(why.text, "nothing in it"), "%s", why.text);
}

Test(backup_file, is_made_for_nobody_who_cannot_open_it)
{
    struct envelope_key *key = make_key("signer", "ed25519");
    cr_assert_not(recipients_load(path_of("signer.pem"), &why));
    cr_assert_eq(why.kind, FAULT_INVALID);
    cr_assert_not(recipients_load(path_of("signer.key"), &why));
    cr_assert(strstr(why.text, "no certificate"), "%s", why.text);
    cr_assert_not(recipients_load(path_of("nowhere.pem"), &why));
    cr_assert_eq(why.kind, FAULT_ABSENT);
    envelope_key_free(key);
}

// A name that leads out of the folder where it is unpacked.
Test(backup_file, has_no_member_that_leads_elsewhere)
{
    static const char *const names[] = {"", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.", "a/", "a\\b", "a\nb"};
    unsigned char block[ARCHIVE_BLOCK];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct archive_member member = {0};
        TEXT_PUT(member.name, names[i]);
        cr_assert_not(archive_print_header(block, &member, &why), "%s", names[i]);
    }
}
