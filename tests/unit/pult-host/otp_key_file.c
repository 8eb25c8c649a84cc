// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/otp_key_file.h"
#include "broker/base/text.h"
#include "tests/folder.h"
#include "tests/unit/power_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char first[] = "1111111111111111111111111111111111111111111111111111111111111111";
static const char second[] = "2222222222222222222222222222222222222222222222222222222222222222";
static char folder[FOLDER_SIZE], path[64];

static void start(void)
{
    folder_make(folder, "otpkey");
    snprintf(path, sizeof path, "%s/otp.key", folder);
}

static void stop(void)
{
    folder_remove(folder);
}

TestSuite(otp_key_file, .init = start, .fini = stop);

static void keep(const char *key)
{
    struct fault why = {0};
    cr_assert(otp_key_file_write(path, key, &why), "%s", why.text);
}

Test(otp_key_file, gives_back_what_was_written_and_only_its_owner_reads_it)
{
    char text[OTP_KEY_TEXT_SIZE];
    struct stat status;
    cr_assert_not(otp_key_file_read(path, text));
    keep(first);
    cr_assert(otp_key_file_read(path, text));
    cr_assert_str_eq(text, first);
    cr_assert(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
}

Test(otp_key_file, is_not_written_again_when_it_is_the_same)
{
    keep(first);
    power_fixture_start(folder);
    keep(first);
    cr_assert_eq(power_fixture_syncs(), 0);
    keep(second);
    cr_assert_gt(power_fixture_syncs(), 0);
    power_fixture_stop();
}

static int which_key(const char *where)
{
    char file[64], text[OTP_KEY_TEXT_SIZE];
    snprintf(file, sizeof file, "%s/otp.key", where);
    if (!otp_key_file_read(file, text))
        return -1;
    return text_equal(text, first) ? 0 : text_equal(text, second) ? 1 : -1;
}

Test(otp_key_file, holds_the_old_key_or_the_new_one_whenever_the_power_goes)
{
    keep(first);
    power_fixture_start(folder);
    power_fixture_begin();
    keep(second);
    power_fixture_done();
    power_fixture_check(which_key);
    power_fixture_stop();
}
