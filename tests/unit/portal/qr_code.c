// SPDX-License-Identifier: EUPL-1.2
// What a telephone's camera is to see.
#include "broker/portal/qr_code.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE_MAX = 200 };

static char dark[SIDE_MAX][SIDE_MAX];
static int64_t side;

// The picture again, out of its path.
static void draw(const char *said)
{
    struct text path = {0};
    memset(dark, 0, sizeof dark);
    cr_assert(qr_code_draw(said, &path, &side));
    cr_assert_lt(side, SIDE_MAX);
    for (char *at = path.bytes; *at; at++) {
        cr_assert_eq(*at, 'M');
        long x = strtol(at + 1, &at, 10), y = strtol(at, &at, 10);
        cr_assert_eq(*at, 'h');
        long length = strtol(at + 1, &at, 10);
        cr_assert(length > 0 && x >= 4 && y >= 4 && x + length <= side - 4 && y < side - 4);
        for (long i = 0; i < length; i++)
            dark[y][x + i] = 1;
        at = strchr(at, 'z');
        cr_assert(at);
    }
    text_drop(&path);
}

// A dark frame of 7 by 7 with a dark heart of 3 by 3.
static bool is_finder(int64_t x, int64_t y)
{
    for (int i = 0; i < 7; i++)
        for (int k = 0; k < 7; k++) {
            bool frame = i == 0 || i == 6 || k == 0 || k == 6, heart = i >= 2 && i <= 4 && k >= 2 && k <= 4;
            if (dark[y + i][x + k] != (frame || heart))
                return false;
        }
    return true;
}

Test(qr_code, has_its_three_corners_and_a_margin)
{
    static const char *const texts[] = {"x", "otpauth://totp/Neustadt:anna?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        draw(texts[i]);
        cr_expect_eq((side - 8 - 17) % 4, 0);
        cr_expect(is_finder(4, 4) && is_finder(side - 11, 4) && is_finder(4, side - 11), "%s", texts[i]);
        cr_expect_not(is_finder(side - 11, side - 11));
    }
}

Test(qr_code, says_no_when_there_is_too_much_to_say)
{
    static char endless[4000];
    struct text path = {0};
    memset(endless, 'a', sizeof endless - 1);
    cr_expect_not(qr_code_draw(endless, &path, &side));
    cr_expect_eq(path.length, 0);
}
