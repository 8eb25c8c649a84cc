// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/document.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANNAS "j-00000000000000000000000000000001"
#define BENS "j-00000000000000000000000000000002"

enum { LARGE = 3 * DOCUMENT_PIECE + 17 };

static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 16];
static struct fault why;
static unsigned char key[DOCUMENT_KEY_BYTES];

static void start(void)
{
    folder_make(folder, "document");
    snprintf(path, sizeof path, "%s/x.doc", folder);
}

static void stop(void)
{
    folder_remove(folder);
}

TestSuite(document, .init = start, .fini = stop, .timeout = 60);

// `length` bytes that differ from place to place, added in parts of `part`.
static void keep(const char *id, size_t length, size_t part)
{
    struct document_writer *writer = document_create(path, id, &why);
    cr_assert(writer, "%s", why.text);
    char *bytes = mem_new(1, length + 1);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    for (size_t at = 0; at < length; at += part)
        cr_assert(document_add(writer, bytes + at, length - at < part ? length - at : part, &why), "%s", why.text);
    cr_assert_eq(document_size(writer), length);
    memcpy(key, document_key(writer), sizeof key);
    struct file_draft *draft = document_finish(writer, &why);
    cr_assert(draft && file_draft_publish(draft, &why), "%s", why.text);
    file_draft_free(draft);
    document_writer_free(writer);
    free(bytes);
}

// How much came of it before the end, or before a fault (then in `why`).
static size_t read_all(const char *id, size_t part)
{
    char bytes[4096];
    size_t all = 0, length = 1;
    why = (struct fault){0};
    struct document_reader *reader = document_open(path, id, key, &why);
    while (reader && length && document_read(reader, bytes, part, &length, &why)) {
        for (size_t i = 0; i < length; i++, all++)
            cr_assert_eq(bytes[i], (char)(all * 7 + all / 251));
    }
    document_close(reader);
    return all;
}

static void alter(off_t at)
{
    unsigned char byte;
    int file = open(path, O_RDWR);
    cr_assert_eq(pread(file, &byte, 1, at), 1);
    byte ^= 1;
    cr_assert_eq(pwrite(file, &byte, 1, at), 1);
    close(file);
}

Test(document, of_every_length_comes_back_as_it_was)
{
    static const size_t lengths[] = {
        0, 1, DOCUMENT_PIECE - 1, DOCUMENT_PIECE, DOCUMENT_PIECE + 1, 2 * DOCUMENT_PIECE, LARGE};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct stat status;
        keep(ANNAS, lengths[i], i % 2 ? 1000 : 100000);
        cr_assert_eq(read_all(ANNAS, i % 2 ? 4096 : 999), lengths[i]);
        cr_assert_eq(why.kind, FAULT_NONE);
        cr_assert(stat(path, &status) == 0 && (uint64_t)status.st_size == document_length(lengths[i]));
        cr_assert_eq(status.st_mode & 0777, 0600);
    }
}

Test(document, is_not_to_be_read_on_the_disk)
{
    static char bytes[DOCUMENT_PIECE];
    size_t length;
    struct document_writer *writer = document_create(path, ANNAS, &why);
    cr_assert(document_add(writer, "Gehaltsabrechnung", 17, &why));
    struct file_draft *draft = document_finish(writer, &why);
    cr_assert(file_draft_publish(draft, &why));
    file_draft_free(draft);
    document_writer_free(writer);
    cr_assert(file_read(path, bytes, sizeof bytes, &length, &why) && length == 17 + 16);
    cr_assert_not(memmem(bytes, length, "Gehalt", 6));
}

Test(document, has_a_key_of_its_own)
{
    unsigned char first[DOCUMENT_KEY_BYTES];
    keep(ANNAS, 5, 5);
    memcpy(first, key, sizeof first);
    keep(ANNAS, 5, 5);
    cr_assert_neq(memcmp(first, key, sizeof first), 0);
    memcpy(key, first, sizeof first);
    cr_assert_eq(read_all(ANNAS, 4096), 0);
    cr_assert_eq(why.kind, FAULT_DENIED);
}

Test(document, of_somebody_else_does_not_open)
{
    keep(ANNAS, 100, 100);
    cr_assert_eq(read_all(BENS, 4096), 0);
    cr_assert_eq(why.kind, FAULT_DENIED);
}

Test(document, that_was_altered_is_read_no_further)
{
    for (int piece = 0; piece < 4; piece++) {
        keep(ANNAS, LARGE, 50000);
        alter(piece * (DOCUMENT_PIECE + 16) + 3);
        cr_assert_eq(read_all(ANNAS, 4096), (size_t)piece * DOCUMENT_PIECE);
        cr_assert_eq(why.kind, piece ? FAULT_BROKEN : FAULT_DENIED);
    }
}

Test(document, that_was_cut_is_found_out_wherever)
{
    static const off_t cuts[] = {0, 5, DOCUMENT_PIECE + 16, 2 * (DOCUMENT_PIECE + 16), LARGE};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        keep(ANNAS, LARGE, 50000);
        cr_assert_eq(truncate(path, cuts[i]), 0);
        read_all(ANNAS, 4096);
        cr_assert_neq(why.kind, FAULT_NONE, "cut to %ld bytes it is read to the end", (long)cuts[i]);
    }
}

Test(document, with_pieces_in_another_order_is_found_out)
{
    static char pieces[2][DOCUMENT_PIECE + 16];
    keep(ANNAS, LARGE, 50000);
    int file = open(path, O_RDWR);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pread(file, pieces[i], sizeof pieces[i], (off_t)sizeof pieces[i] * i), (ssize_t)sizeof pieces[i]);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pwrite(file, pieces[!i], sizeof pieces[i], (off_t)sizeof pieces[i] * i),
                     (ssize_t)sizeof pieces[i]);
    close(file);
    cr_assert_eq(read_all(ANNAS, 4096), 0);
    cr_assert_neq(why.kind, FAULT_NONE);
}

Test(document, that_is_not_finished_leaves_nothing)
{
    struct document_writer *writer = document_create(path, ANNAS, &why);
    cr_assert(document_add(writer, "half", 4, &why));
    document_writer_free(writer);
    cr_assert_not(file_exists(path));
    snprintf(path, sizeof path, "%s/x.doc.new", folder);
    cr_assert_not(file_exists(path));
    document_writer_free(NULL);
    document_close(NULL);
}
