// SPDX-License-Identifier: EUPL-1.2
// What the host remembers when the power goes. This program's fsync stands before libc's and notes what is on the disk
// for certain: of a file what it held at its last fsync, of the folder the names it had at its own. The power cut puts
// all back to that, the worst that a file system may do.
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "broker/pult-host/otp_log.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 64, NAMES_MAX = 8, BYTES_MAX = 2 * 1024 * 1024 };

struct file {
    ino_t inode;
    char *bytes;
    size_t length;
};

struct name {
    char name[64];
    ino_t inode;
};

static char folder[FOLDER_SIZE], path[64];
static struct file files[FILES_MAX];
static struct name names[NAMES_MAX];
static size_t file_count, name_count;
static int syncs;
static struct loop *loop;
static struct used_otps *used;
static struct otp_log *otp_log;
static int kept, asked;

// ---- the disk

static struct file *file_of(ino_t inode)
{
    for (size_t i = 0; i < file_count; i++)
        if (files[i].inode == inode)
            return &files[i];
    return NULL;
}

static void note_file(int descriptor, ino_t inode)
{
    static char bytes[BYTES_MAX];
    char self[64];
    struct file *file = file_of(inode);
    if (!file) {
        cr_assert(file_count < FILES_MAX);
        file = &files[file_count++];
        *file = (struct file){.inode = inode};
    }
    snprintf(self, sizeof self, "/proc/self/fd/%d", descriptor); // ours may be for writing only
    int reader = open(self, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(reader, bytes, sizeof bytes);
    close(reader);
    cr_assert(length >= 0 && length < BYTES_MAX);
    free(file->bytes);
    file->length = (size_t)length;
    file->bytes = malloc(file->length + 1);
    memcpy(file->bytes, bytes, file->length);
}

static void note_names(void)
{
    DIR *all = opendir(folder);
    name_count = 0;
    for (const struct dirent *one; (one = readdir(all)) != NULL;) {
        if (one->d_name[0] == '.')
            continue;
        cr_assert(name_count < NAMES_MAX);
        names[name_count].inode = one->d_ino;
        text_cut(names[name_count++].name, sizeof names[0].name, one->d_name);
    }
    closedir(all);
}

int fsync(int descriptor)
{
    struct stat status;
    cr_assert_eq(fstat(descriptor, &status), 0);
    if (S_ISDIR(status.st_mode))
        note_names();
    else
        note_file(descriptor, status.st_ino);
    syncs++;
    return 0;
}

static void power_goes(void)
{
    folder_empty(folder);
    for (size_t i = 0; i < name_count; i++) {
        char at[700];
        const struct file *file = file_of(names[i].inode);
        snprintf(at, sizeof at, "%s/%.63s", folder, names[i].name);
        FILE *back = fopen(at, "we");
        if (file)
            fwrite(file->bytes, 1, file->length, back);
        fclose(back);
    }
    // What is written from now on stands in other files.
    for (size_t i = 0; i < file_count; i++)
        free(files[i].bytes);
    file_count = 0;
    DIR *all = opendir(folder);
    for (const struct dirent *one; (one = readdir(all)) != NULL;) {
        char at[400];
        snprintf(at, sizeof at, "%s/%s", folder, one->d_name);
        int descriptor = one->d_name[0] == '.' ? -1 : open(at, O_RDWR | O_CLOEXEC);
        if (descriptor >= 0)
            fsync(descriptor);
        if (descriptor >= 0)
            close(descriptor);
    }
    closedir(all);
    note_names();
}

// ---- the ledger

static void open_ledger(void)
{
    struct fault why = {0};
    used = used_otps_new();
    otp_log = otp_log_open(loop, path, used, &why);
    cr_assert(otp_log, "%s", why.text);
}

static void close_ledger(void)
{
    otp_log_free(otp_log);
    used_otps_free(used);
}

static void start(void)
{
    loop = loop_new();
    folder_make(folder, "power");
    snprintf(path, sizeof path, "%s/ledger", folder);
    open_ledger();
}

static void stop(void)
{
    close_ledger();
    loop_free(loop);
    folder_remove(folder);
}

TestSuite(otp_log_power, .init = start, .fini = stop, .timeout = 60);

static void power_goes_and_comes_back(void)
{
    power_goes();
    close_ledger();
    open_ledger();
}

static struct otp nth(int n)
{
    struct otp otp = {.fence = n, .until_ms = clock_wall_ms() + 60000};
    snprintf(otp.user_name, sizeof otp.user_name, "person %d", n % 7);
    snprintf(otp.nonce, sizeof otp.nonce, "%016x", (unsigned)n);
    TEXT_PUT(otp.session, "neustadt/s-0123456789abcdef-01234567");
    return otp;
}

static void told(void *arg, bool fine)
{
    (void)arg;
    kept += fine;
    if (kept == asked)
        loop_stop(loop);
}

// As the verifier does; and the first `count` of them are accepted.
static void let_in(int from, int count)
{
    kept = 0;
    asked = count;
    for (int n = from; n < from + count; n++) {
        struct otp otp = nth(n);
        cr_assert(used_otps_use(used, otp.nonce, otp.until_ms));
        used_otps_accept(used, &otp);
        otp_log_keep(otp_log, &otp, told, NULL);
    }
    loop_run(loop);
}

static void all_are_known_up_to(int n)
{
    for (int i = 1; i <= n; i++)
        cr_assert(used_otps_used(used, nth(i).nonce), "%d of %d could be used again", i, n);
    cr_assert_eq(used_otps_highest(used), n);
    for (int i = n; i > 0 && i > n - 7; i--)
        cr_assert_eq(used_otps_user(used, nth(i).user_name)->fence, i);
}

Test(otp_log_power, who_was_let_in_before_is_known_after_every_cut)
{
    for (int n = 1; n <= 40; n++) {
        let_in(n, 1);
        power_goes_and_comes_back();
        power_goes_and_comes_back(); // and again before anybody came
        all_are_known_up_to(n);
    }
}

Test(otp_log_power, also_when_many_came_at_a_time)
{
    let_in(1, 200);
    let_in(201, 1);
    power_goes_and_comes_back();
    all_are_known_up_to(201);
}

// 90 bytes each: at half a megabyte the next one writes it anew.
Test(otp_log_power, also_when_the_file_was_just_written_anew)
{
    struct stat before = {0}, now;
    int n = 0;
    for (; before.st_size <= 512 * 1024; n += 500) {
        cr_assert_lt(n, 7500);
        let_in(n + 1, 500);
        cr_assert_eq(stat(path, &before), 0);
    }
    let_in(++n, 1);
    cr_assert(stat(path, &now) == 0 && now.st_ino != before.st_ino);
    power_goes_and_comes_back();
    all_are_known_up_to(n);
}

Test(otp_log_power, nobody_is_let_in_before_the_disk_has_it)
{
    int before = syncs;
    let_in(1, 1);
    cr_assert_gt(syncs, before);
}
