// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/folder.h"
#include "tests/unit/power_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_SIZE], path[64];
static struct fault why;

static const char *in(const char *where, const char *name)
{
    static char place[2][FOLDER_SIZE + 16];
    static int at;
    snprintf(place[at = !at], sizeof place[0], "%s/%s", where, name);
    return place[at];
}

static void start(void)
{
    folder_make(folder, "file");
    TEXT_PUT(path, in(folder, "state"));
}

static void stop(void)
{
    folder_remove(folder);
}

TestSuite(file, .init = start, .fini = stop, .timeout = 60);

static void holds(const char *text)
{
    char found[100];
    cr_assert(file_read_text(path, found, sizeof found, &why), "%s", why.text);
    cr_assert_str_eq(found, text);
}

static void put(const char *text)
{
    cr_assert(file_replace(path, 0600, text, strlen(text), &why), "%s", why.text);
}

// ---- while the power stays

Test(file, is_replaced_as_a_whole_with_the_mode_that_was_asked_for)
{
    struct stat status;
    put("a longer first one");
    put("second");
    holds("second");
    cr_assert(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
    cr_assert(file_replace(path, 0644, "", 0, &why));
    holds("");
    cr_assert(stat(path, &status) == 0 && (status.st_mode & 0777) == 0644);
    cr_assert_not(file_exists(in(folder, "state.new")));
}

Test(file, is_created_but_never_overwritten)
{
    cr_assert(file_create(path, 0600, "first", 5, &why), "%s", why.text);
    cr_assert_not(file_create(path, 0600, "second", 6, &why));
    cr_assert_eq(why.kind, FAULT_CONFLICT);
    cr_assert(strstr(why.text, "cannot create") && strstr(why.text, "File exists"), "%s", why.text);
    holds("first");
    cr_assert_not(file_exists(in(folder, "state.new")), "what was not needed is still there");
}

Test(file, what_an_interrupted_write_left_goes_with_the_next)
{
    const char *left = in(folder, "state.new");
    cr_assert(file_replace_volatile(left, 0444, "much longer than what comes now", 31, &why));
    put("now");
    holds("now");
    cr_assert_not(file_exists(left));
}

Test(file, does_not_write_through_a_link_that_somebody_laid)
{
    cr_assert(file_replace(in(folder, "other"), 0600, "other", 5, &why));
    cr_assert_eq(symlink("other", in(folder, "state.new")), 0);
    put("now");
    holds("now");
    TEXT_PUT(path, in(folder, "other"));
    holds("other");
}

Test(file, is_removed_once)
{
    put("x");
    cr_assert(file_remove(path, &why), "%s", why.text);
    cr_assert_not(file_exists(path));
    cr_assert_not(file_remove(path, &why));
    cr_assert_eq(why.kind, FAULT_ABSENT);
}

Test(file, reads_no_more_than_there_is_room_for)
{
    char bytes[4], text[4];
    size_t length;
    put("abcdef");
    cr_assert(file_read(path, bytes, sizeof bytes, &length, &why));
    cr_assert(length == 4 && memcmp(bytes, "abcd", 4) == 0);
    cr_assert_not(file_read_text(path, text, sizeof text, &why));
    cr_assert_eq(why.kind, FAULT_INVALID);
    cr_assert_str_eq(text, "");
    put("abc");
    cr_assert(file_read_text(path, text, sizeof text, &why));
    cr_assert_str_eq(text, "abc");
    cr_assert_not(file_read(in(folder, "none"), bytes, sizeof bytes, &length, &why));
    cr_assert_eq(why.kind, FAULT_ABSENT);
    cr_assert_not(file_read(folder, bytes, sizeof bytes, &length, &why), "a folder is no file");
}

Test(file, grows_behind_what_counts)
{
    put("one\nhalf a li");
    cr_assert(file_append(path, 4, "two\n", 4, &why), "%s", why.text);
    char bytes[20];
    size_t length;
    cr_assert(file_read(path, bytes, sizeof bytes, &length, &why));
    cr_assert_eq(memcmp(bytes, "one\ntwo\n", 8), 0);
    cr_assert_not(file_append(in(folder, "none"), 0, "x", 1, &why));
    cr_assert_eq(why.kind, FAULT_ABSENT);
}

Test(file, a_draft_that_is_dropped_leaves_nothing)
{
    put("old");
    struct file_draft *draft = file_draft_new(path, 0600, &why);
    cr_assert(draft && file_draft_add(draft, "ne", 2, &why) && file_draft_add(draft, "w", 1, &why));
    holds("old");
    file_draft_free(draft);
    holds("old");
    cr_assert_not(file_exists(in(folder, "state.new")));
    cr_assert_null(file_draft_new(in(folder, "none/state"), 0600, &why));
    cr_assert_eq(why.kind, FAULT_ABSENT);
}

Test(file, a_full_disk_is_called_so_and_the_old_content_stays)
{
    static char much[256 * 1024];
    cr_assert(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    cr_assert(mount("disk", folder, "tmpfs", 0, "size=64k") == 0);
    put("old");
    cr_assert_not(file_replace(path, 0600, much, sizeof much, &why));
    cr_assert_eq(why.kind, FAULT_UNAVAILABLE);
    cr_assert(strstr(why.text, "cannot write") && strstr(why.text, "No space left on device"), "%s", why.text);
    holds("old");
    cr_assert_not(file_exists(in(folder, "state.new")), "what did not fit is still there");
    put("what is small fits then");
    cr_assert_not(file_append(path, 4, much, sizeof much, &why));
    cr_assert(strstr(why.text, "No space left on device"), "%s", why.text);
    umount(folder);
}

static int failing_sync(int descriptor)
{
    (void)descriptor;
    errno = EIO;
    return -1;
}

Test(file, a_disk_that_fails_is_called_so)
{
    struct file_system failing = *file_system;
    put("old");
    failing.fsync = failing_sync;
    file_system = &failing;
    cr_assert_not(file_replace(path, 0600, "new", 3, &why));
    cr_assert_eq(why.kind, FAULT_BROKEN);
    holds("old");
    cr_assert_not(file_append(path, 3, "x", 1, &why));
    cr_assert_not(file_remove(path, &why), "it was said to be gone for good");
    cr_assert_eq(why.kind, FAULT_BROKEN);
}

// ---- when it goes

// "version 3 version 3 ...", so that a mix would be seen
static void put_version(char text[400], int version)
{
    text[0] = 0;
    for (size_t length = 0; length + 20 < 400; length = strlen(text))
        snprintf(text + length, 400 - length, "version %d ", version);
}

static int version_of(const char *where)
{
    char found[400], expected[400];
    if (!file_read_text(in(where, "state"), found, sizeof found, NULL))
        return -1;
    int version = atoi(found + strlen("version "));
    put_version(expected, version);
    return text_equal(found, expected) ? version : -1;
}

static int version_or_none(const char *where)
{
    return file_exists(in(where, "state")) ? version_of(where) : 0;
}

static void put_first(int version)
{
    char text[400];
    put_version(text, version);
    put(text);
}

static int one_when_gone(const char *where)
{
    return version_or_none(where) == 0 ? 1 : version_of(where) == 7 ? 0 : -1;
}

static void make(int version, bool (*how)(const char *, mode_t, const void *, size_t, struct fault *))
{
    char text[400];
    put_version(text, version);
    power_fixture_begin();
    cr_assert(how(path, 0600, text, strlen(text), &why), "%s", why.text);
    power_fixture_done();
}

Test(file, replaced_while_the_power_goes_is_the_old_one_or_the_new_one)
{
    put_first(0);
    power_fixture_start(folder);
    make(1, file_replace);
    make(2, file_replace);
    power_fixture_check(version_of);
    power_fixture_stop();
}

Test(file, created_while_the_power_goes_is_there_in_whole_or_not_at_all)
{
    power_fixture_start(folder);
    make(1, file_create);
    power_fixture_check(version_or_none);
    power_fixture_stop();
}

Test(file, replaced_over_what_an_interrupted_write_left_is_as_whole)
{
    put_first(0);
    cr_assert(file_replace(in(folder, "state.new"), 0600, "half", 4, &why));
    power_fixture_start(folder);
    make(1, file_replace);
    power_fixture_check(version_of);
    power_fixture_stop();
}

Test(file, removed_stays_removed)
{
    put_first(7);
    power_fixture_start(folder);
    power_fixture_begin();
    cr_assert(file_remove(path, &why));
    power_fixture_done();
    power_fixture_check(one_when_gone);
    power_fixture_stop();
}

Test(file, renamed_keeps_its_new_name)
{
    put_first(0);
    char text[400];
    put_version(text, 1);
    cr_assert(file_replace(in(folder, "made"), 0600, text, strlen(text), &why));
    power_fixture_start(folder);
    power_fixture_begin();
    cr_assert(file_rename(in(folder, "made"), path, &why));
    power_fixture_done();
    power_fixture_check(version_of);
    power_fixture_stop();
}

// Whole lines count.
static int lines_of(const char *where)
{
    char found[100];
    int lines = 0;
    if (!file_read_text(in(where, "state"), found, sizeof found, NULL) || !text_starts(found, "line\n"))
        return -1;
    for (const char *at = found; text_starts(at, "line\n"); at += 5)
        lines++;
    return lines - 1;
}

Test(file, appended_to_loses_no_line_that_was_reported)
{
    put("line\n");
    power_fixture_start(folder);
    for (off_t end = 5; end < 20; end += 5) {
        power_fixture_begin();
        cr_assert(file_append(path, end, "line\n", 5, &why));
        power_fixture_done();
    }
    power_fixture_check(lines_of);
    power_fixture_stop();
}

Test(file, a_draft_is_published_in_whole_or_not_at_all)
{
    put_first(0);
    char text[400];
    put_version(text, 1);
    power_fixture_start(folder);
    struct file_draft *draft = file_draft_new(path, 0600, &why);
    cr_assert(draft && file_draft_add(draft, text, 100, &why) &&
              file_draft_add(draft, text + 100, strlen(text) - 100, &why));
    power_fixture_begin();
    cr_assert(file_draft_publish(draft, &why));
    power_fixture_done();
    file_draft_free(draft);
    power_fixture_check(version_of);
    power_fixture_stop();
}

Test(file, that_need_not_last_syncs_nothing)
{
    power_fixture_start(folder);
    make(1, file_replace_volatile);
    cr_assert_eq(power_fixture_syncs(), 0);
    cr_assert_eq(version_of(folder), 1);
    power_fixture_stop();
}

static struct stat look_at(const char *at)
{
    struct stat now;
    cr_assert_eq(stat(at, &now), 0);
    return now;
}

// By hand, so with any date: copying and unpacking keep an old one.
static struct stat look_when_written(time_t seconds, long nanoseconds)
{
    const struct timespec dates[] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
    cr_assert_eq(utimensat(AT_FDCWD, path, dates, 0), 0);
    return look_at(path);
}

Test(file, is_of_another_version_once_anything_of_it_has_changed)
{
    put_first(0);
    struct stat first = look_when_written(1000, 5), again = look_at(path);
    cr_assert(file_is_same_version(&first, &again));
    struct stat other_date[] = {look_when_written(1000, 6), look_when_written(999, 5), look_when_written(1001, 5)};
    for (size_t i = 0; i < 3; i++)
        cr_assert_not(file_is_same_version(&first, &other_date[i]), "%zu", i);
    cr_assert_eq(truncate(path, 1), 0);
    struct stat other_size = look_when_written(1000, 5);
    cr_assert_not(file_is_same_version(&first, &other_size));
    cr_assert_eq(chmod(path, 0400), 0); // perhaps it can be read only now
    struct stat other_mode = look_at(path);
    cr_assert_not(file_is_same_version(&other_size, &other_mode));
    char beside[80];
    snprintf(beside, sizeof beside, "%s.beside", path);
    cr_assert_eq(rename(path, beside), 0);
    put_first(0);
    struct stat other_file = look_when_written(1000, 5);
    cr_assert_not(file_is_same_version(&first, &other_file));
}

// ---- the fixture itself: what people write who do not know better is found out

static bool write_in_place(const char *to, mode_t mode, const void *bytes, size_t length, struct fault *fault)
{
    (void)fault;
    int descriptor = file_system->open(to, O_WRONLY, mode);
    bool written =
        file_system->pwrite(descriptor, bytes, length, 0) == (ssize_t)length && file_system->fsync(descriptor) == 0;
    file_system->close(descriptor);
    return written;
}

Test(file, what_does_not_last_would_be_found_out)
{
    bool (*const ways[])(const char *, mode_t, const void *, size_t, struct fault *) = {write_in_place,
                                                                                        file_replace_volatile};
    for (int i = 0; i < 2; i++) {
        put_first(0);
        power_fixture_start(folder);
        make(1, ways[i]);
        cr_assert_eq(version_of(folder), 1);
        cr_assert_gt(power_fixture_violations(version_of), 0);
        power_fixture_stop();
    }
}
