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

static const char *nth(int64_t n)
{
    static char nonce[2][OTP_NONCE_SIZE];
    static int next;
    next = !next;
    snprintf(nonce[next], sizeof nonce[next], "%016llx", (unsigned long long)n);
    return nonce[next];
}

static struct admission admission_of(int64_t n)
{
    struct admission admission = {.user_name = "anna b", .uid = 10001, .fence = n, .until_ms = clock_wall_ms() + 60000};
    TEXT_PUT(admission.session, "neustadt/s-0123456789abcdef-01234567");
    return admission;
}

static void keep(int from, int count)
{
    kept = lost = 0;
    for (int i = from; i < from + count; i++) {
        struct admission admission = admission_of(i);
        otp_log_keep(otp_log, nth(i), &admission, told, &count);
    }
    loop_run(loop);
}

Test(otp_log, remembers_over_a_restart)
{
    keep(1, 30);
    cr_assert_eq(kept, 30);
    close_log();
    open_log();
    cr_assert(used_otps_used(used, nth(1)) && used_otps_used(used, nth(30)));
    cr_assert_not(used_otps_used(used, nth(31)));
    const struct admission *anna = used_otps_of_uid(used, 10001);
    cr_assert(anna && anna->fence == 30 && text_equal(anna->user_name, "anna b") &&
              text_equal(anna->session, admission_of(1).session));
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
    append(
        "\nnonsense\nused 12 5\nperson 1 2 neustadt/x 7\nperson a b c d e\nperson 1 9 neustadt/x 99999999999 y\nused "
        "00000000000000ff 9999999999999\nperson 9 9 neus");
    close_log();
    open_log();
    cr_assert(used_otps_used(used, nth(1)) && used_otps_used(used, "00000000000000ff"));
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
        used_otps_accept(used, &(struct admission){.user_name = "x", .session = "n/s-1", .fence = i});
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
    for (uid_t i = 0; i <= USED_OTPS_PEOPLE_MAX; i++) {
        struct admission admission = admission_of(i + 1);
        snprintf(admission.session, sizeof admission.session, "neustadt/s-%016x-01234567", i);
        admission.uid = i;
        admission.until_ms = 1000000 + i;
        used_otps_accept(used, &admission);
    }
    cr_assert_null(used_otps_of_uid(used, 0));
    cr_assert(used_otps_of_uid(used, 1) && used_otps_of_uid(used, USED_OTPS_PEOPLE_MAX));
}

Test(otp_log, of_an_account_that_was_two_peoples_the_newer_counts)
{
    struct admission anna = admission_of(1), berta = admission_of(2);
    TEXT_PUT(berta.session, "neustadt/s-fedcba9876543210-01234567");
    used_otps_accept(used, &berta);
    used_otps_accept(used, &anna);
    cr_assert_str_eq(used_otps_of_uid(used, 10001)->session, berta.session);
    cr_assert_eq(used_otps_newest(used, anna.session, "nobody"), 1);
    cr_assert_eq(used_otps_newest(used, anna.session, "anna b"), 2);
    cr_assert_eq(used_otps_newest(used, "neustadt/s-0000000000000000-01234567", "nobody"), 0);
}
