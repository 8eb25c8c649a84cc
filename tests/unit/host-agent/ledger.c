// SPDX-License-Identifier: EUPL-1.2
// What the gate remembers over restarts, power cuts and full disks.
#include "broker/host-agent/ledger.h"
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
static struct spent *spent;
static struct ledger *ledger;
static int kept, lost;

static void open_ledger(void)
{
    struct fault why = {0};
    spent = spent_new();
    ledger = ledger_open(loop, path, spent, &why);
    cr_assert(ledger, "%s", why.text);
}

static void close_ledger(void)
{
    ledger_free(ledger);
    spent_free(spent);
}

// The disk has room for little.
static void start(void)
{
    loop = loop_new();
    folder_make(folder, "ledger");
    snprintf(path, sizeof path, "%s/ledger", folder);
    cr_assert(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    cr_assert(mount("disk", folder, "tmpfs", 0, "size=64k") == 0);
    open_ledger();
}

static void stop(void)
{
    close_ledger();
    umount(folder);
    folder_remove(folder);
    loop_free(loop);
}

TestSuite(ledger, .init = start, .fini = stop, .timeout = 20);

static void told(void *arg, bool fine)
{
    kept += fine;
    lost += !fine;
    if (arg && kept + lost == *(const int *)arg)
        loop_stop(loop);
}

static struct otp nth(int64_t n)
{
    struct otp otp = {.login = "anna b", .fence = n, .until_ms = clock_wall_ms() + 60000};
    snprintf(otp.nonce, sizeof otp.nonce, "%016llx", (unsigned long long)n);
    TEXT_PUT(otp.session, "neustadt/s-0123456789abcdef-01234567");
    return otp;
}

static void keep(int from, int count)
{
    kept = lost = 0;
    for (int i = from; i < from + count; i++) {
        struct otp otp = nth(i);
        ledger_keep(ledger, &otp, told, &count);
    }
    loop_run(loop);
}

Test(ledger, remembers_over_a_restart)
{
    keep(1, 30);
    cr_assert_eq(kept, 30);
    close_ledger();
    open_ledger();
    cr_assert(spent_used(spent, nth(1).nonce) && spent_used(spent, nth(30).nonce));
    cr_assert_not(spent_used(spent, nth(31).nonce));
    cr_assert_eq(spent_login(spent, "anna b")->fence, 30);
    cr_assert_eq(spent_highest(spent), 30);
}

static void append(const char *bytes)
{
    FILE *file = fopen(path, "ae");
    fputs(bytes, file);
    fclose(file);
}

Test(ledger, passes_over_what_is_half_written_or_nonsense)
{
    keep(1, 1);
    append("\nnonsense\nused 12 5\nlogin 1 2 neustadt/x\nlogin a b c d\nused 00000000000000ff 9999999999999\nlogin 9 9 "
           "neus");
    close_ledger();
    open_ledger();
    cr_assert(spent_used(spent, nth(1).nonce) && spent_used(spent, "00000000000000ff"));
    cr_assert_eq(spent_highest(spent), 1);
}

Test(ledger, says_when_the_disk_is_full_and_goes_on_when_it_is_not)
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
    cr_assert(ledger_is_broken(ledger));
    unlink(filler);
    keep(200, 2);
    cr_assert_eq(kept, 2);
    cr_assert_not(ledger_is_broken(ledger));
    close_ledger();
    open_ledger();
    cr_assert_eq(spent_highest(spent), 201);
}

Test(ledger, does_not_grow_for_ever)
{
    struct stat status;
    for (int i = 1; i < 400; i++)
        spent_accept(spent, &(struct otp){.login = "x", .session = "n/s-1", .fence = i});
    keep(1, 100);
    cr_assert_eq(kept, 100);
    spent_forget(spent, INT64_MAX);
    close_ledger();
    open_ledger();
    stat(path, &status);
    cr_assert_lt(status.st_size, 20000);
}

Test(ledger, forgets_who_was_here_longest_ago_first)
{
    char login[32];
    for (int i = 0; i <= SPENT_LOGINS_MAX; i++) {
        struct otp otp = nth(i + 1);
        snprintf(login, sizeof login, "p%05d", i);
        TEXT_PUT(otp.login, login);
        otp.until_ms = 1000000 + i;
        spent_accept(spent, &otp);
    }
    cr_assert_null(spent_login(spent, "p00000"));
    cr_assert(spent_login(spent, "p00001") && spent_login(spent, "p10000"));
}
