// SPDX-License-Identifier: EUPL-1.2
// What is remembered of one-time passwords when the power goes.
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "broker/pult-host/otp_log.h"
#include "tests/folder.h"
#include "tests/unit/power_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[FOLDER_SIZE], path[64];
static struct loop *loop;
static struct used_otps *used;
static struct otp_log *otp_log;
static int kept, asked;

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
    power_fixture_start(folder);
    open_ledger();
}

static void stop(void)
{
    close_ledger();
    loop_free(loop);
    power_fixture_stop();
    folder_remove(folder);
}

TestSuite(otp_log_power, .init = start, .fini = stop, .timeout = 60);

static void power_goes_and_comes_back(void)
{
    power_fixture_cut();
    close_ledger();
    open_ledger();
}

static const char *nth(int n)
{
    static char nonce[OTP_NONCE_SIZE];
    snprintf(nonce, sizeof nonce, "%016x", (unsigned)n);
    return nonce;
}

static struct admission admission_of(int n)
{
    struct admission admission = {.uid = 10000 + (uid_t)n % 7, .fence = n, .until_ms = clock_wall_ms() + 60000};
    snprintf(admission.user_name, sizeof admission.user_name, "person %d", n % 7);
    snprintf(admission.session, sizeof admission.session, "neustadt/s-%016x-01234567", (unsigned)n % 7);
    return admission;
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
        struct admission admission = admission_of(n);
        cr_assert(used_otps_use(used, nth(n), admission.until_ms));
        used_otps_accept(used, &admission);
        otp_log_keep(otp_log, nth(n), &admission, told, NULL);
    }
    loop_run(loop);
}

static void all_are_known_up_to(int n)
{
    for (int i = 1; i <= n; i++)
        cr_assert(used_otps_used(used, nth(i)), "%d of %d could be used again", i, n);
    cr_assert_eq(used_otps_highest(used), n);
    for (int i = n; i > 0 && i > n - 7; i--)
        cr_assert_eq(used_otps_of_uid(used, admission_of(i).uid)->fence, i);
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

// 100 bytes each: at half a megabyte the next one writes it anew.
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
    int before = power_fixture_syncs();
    let_in(1, 1);
    cr_assert_gt(power_fixture_syncs(), before);
}

static int known_before;

// How many are known besides, from the first one on; -1: with a gap.
static int count_known(const char *where)
{
    char ledger[80];
    struct fault why = {0};
    struct used_otps *found = used_otps_new();
    snprintf(ledger, sizeof ledger, "%s/ledger", where);
    struct otp_log *opened = otp_log_open(loop, ledger, found, &why);
    int count = 0;
    while (opened && used_otps_used(found, nth(count + 1)))
        count++;
    bool gap = !opened || used_otps_highest(found) > count;
    otp_log_free(opened);
    used_otps_free(found);
    return gap || count < known_before ? -1 : count - known_before;
}

Test(otp_log_power, nobody_is_forgotten_at_whatever_moment_the_power_goes)
{
    power_fixture_cut();
    for (int n = 1; n <= 4; n++) {
        power_fixture_begin();
        let_in(n, 1);
        power_fixture_done();
    }
    power_fixture_check(count_known);
}

Test(otp_log_power, nor_when_it_goes_while_the_file_is_written_anew)
{
    let_in(1, known_before = 3);
    power_goes_and_comes_back();
    power_fixture_begin();
    let_in(known_before + 1, 1);
    power_fixture_done();
    power_fixture_check(count_known);
}
