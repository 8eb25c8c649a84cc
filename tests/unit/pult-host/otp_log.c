// SPDX-License-Identifier: EUPL-1.2
// What the host remembers over restarts, power cuts and full disks.
#include "broker/pult-host/otp_log.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_SIZE], path[64];
static struct loop *loop;
static struct used_otps *used;
static struct otp_log *otp_log;
static int kept, lost;

static void open_log(void)
{
    struct fault why = {0};
    used = used_otps_new();
    otp_log = otp_log_open(loop, path, used, &why);
    cr_assert(otp_log, "%s", why.text);
}

static void close_log(void)
{
    otp_log_free(otp_log);
    used_otps_free(used);
}

// The disk has room for little.
static void start(void)
{
    loop = loop_new();
    folder_make(folder, "otp-log");
    snprintf(path, sizeof path, "%s/ledger", folder);
    cr_assert(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    cr_assert(mount("disk", folder, "tmpfs", 0, "size=64k") == 0);
    open_log();
}

static void stop(void)
{
    close_log();
    umount(folder);
    folder_remove(folder);
    loop_free(loop);
}

TestSuite(otp_log, .init = start, .fini = stop, .timeout = 20);

static void told(void *arg, bool fine)
{
    kept += fine;
    lost += !fine;
    if (arg && kept + lost == *(const int *)arg)
        loop_stop(loop);
}

static struct otp nth(int64_t n)
{
    struct otp otp = {.user_name = "anna b", .fence = n, .until_ms = clock_wall_ms() + 60000};
    snprintf(otp.nonce, sizeof otp.nonce, "%016llx", (unsigned long long)n);
    TEXT_PUT(otp.session, "neustadt/s-0123456789abcdef-01234567");
    return otp;
}

static void keep(int from, int count)
{
    kept = lost = 0;
    for (int i = from; i < from + count; i++) {
        struct otp otp = nth(i);
        otp_log_keep(otp_log, &otp, told, &count);
    }
    loop_run(loop);
}

Test(otp_log, remembers_over_a_restart)
{
    keep(1, 30);
    cr_assert_eq(kept, 30);
    close_log();
    open_log();
    cr_assert(used_otps_used(used, nth(1).nonce) && used_otps_used(used, nth(30).nonce));
    cr_assert_not(used_otps_used(used, nth(31).nonce));
    cr_assert_eq(used_otps_user(used, "anna b")->fence, 30);
    cr_assert_eq(used_otps_highest(used), 30);
}

static void append(const char *bytes)
{
    FILE *file = fopen(path, "ae");
    fputs(bytes, file);
    fclose(file);
}

Test(otp_log, ignores_half_written_lines_and_nonsense)
{
    keep(1, 1);
    append("\nnonsense\nused 12 5\nuser 1 2 neustadt/x\nuser a b c d\nused 00000000000000ff 9999999999999\nuser 9 9 "
           "neus");
    close_log();
    open_log();
    cr_assert(used_otps_used(used, nth(1).nonce) && used_otps_used(used, "00000000000000ff"));
    cr_assert_eq(used_otps_highest(used), 1);
}

Test(otp_log, says_when_the_disk_is_full_and_goes_on_when_it_is_not)
{
    char filler[80];
    keep(1, 1);
    snprintf(filler, sizeof filler, "%s/filler", folder);
    FILE *file = fopen(filler, "we");
    while (fputs("0123456789abcdef", file) >= 0 && fflush(file) == 0)
        ;
    fclose(file);
    for (int i = 2; i < 100 && lost == 0; i++)
        keep(i, 1);
    cr_assert_eq(lost, 1);
    cr_assert(otp_log_is_broken(otp_log));
    unlink(filler);
    keep(200, 2);
    cr_assert_eq(kept, 2);
    cr_assert_not(otp_log_is_broken(otp_log));
    close_log();
    open_log();
    cr_assert_eq(used_otps_highest(used), 201);
}

Test(otp_log, does_not_grow_for_ever)
{
    struct stat status;
    for (int i = 1; i < 400; i++)
        used_otps_accept(used, &(struct otp){.user_name = "x", .session = "n/s-1", .fence = i});
    keep(1, 100);
    cr_assert_eq(kept, 100);
    used_otps_forget(used, INT64_MAX);
    close_log();
    open_log();
    stat(path, &status);
    cr_assert_lt(status.st_size, 20000);
}

Test(otp_log, forgets_who_was_here_longest_ago_first)
{
    char user_name[32];
    for (int i = 0; i <= USED_OTPS_USERS_MAX; i++) {
        struct otp otp = nth(i + 1);
        snprintf(user_name, sizeof user_name, "p%05d", i);
        TEXT_PUT(otp.user_name, user_name);
        otp.until_ms = 1000000 + i;
        used_otps_accept(used, &otp);
    }
    cr_assert_null(used_otps_user(used, "p00000"));
    cr_assert(used_otps_user(used, "p00001") && used_otps_user(used, "p10000"));
}
