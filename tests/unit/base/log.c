// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/log.h"
#include "tests/log_kept.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *said;

static void under_journald(void)
{
    setenv("JOURNAL_STREAM", "1:2", 1);
}

TestSuite(log, .init = under_journald);

#define CAPTURE(statement)                                                                                             \
    do {                                                                                                               \
        log_kept_begin();                                                                                              \
        statement;                                                                                                     \
        said = log_kept_end();                                                                                         \
    } while (0)

Test(log, a_line_has_a_priority_and_a_topic)
{
    CAPTURE(log_warn("store", "disk %d %% full", 97));
    cr_expect_str_eq(said, "<4>store: disk 97 % full\n");
}

Test(log, no_line_can_be_forged)
{
    CAPTURE(log_info("logon", "%s", "anna\n<3>store: forged\r\x1b[2J\x7f\xc2\x85 M\xc3\xbcller"));
    cr_expect(strstr(said, "anna\\x0a<3>store: forged\\x0d\\x1b[2J\\x7f"), "%s", said);
    cr_expect_eq(strchr(said, '\n'), said + strlen(said) - 1, "one line");
    cr_expect(strstr(said, "M\xc3\xbcller"), "letters stay as they are");
}

Test(log, a_long_line_is_cut)
{
    char name[3000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    CAPTURE(log_error("x", "%s", name));
    cr_expect_lt(strlen(said), 1100);
    cr_expect_eq(said[strlen(said) - 1], '\n');
}

Test(log, says_no_more_than_its_level)
{
    CAPTURE(log_debug("x", "quiet"));
    cr_expect_str_eq(said, "");
    log_set_level(LOG_LEVEL_DEBUG);
    CAPTURE(log_debug("x", "loud"));
    cr_expect_str_eq(said, "<7>x: loud\n");
    log_set_level(LOG_LEVEL_ERROR);
    CAPTURE(log_warn("x", "quiet"));
    cr_expect_str_eq(said, "");
}

Test(log, tells_the_time_where_no_journal_does)
{
    unsetenv("JOURNAL_STREAM");
    CAPTURE(log_info("x", "y"));
    int length = 0;
    cr_expect_eq(sscanf(said, "<6>20%*2d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ x: y%n", &length), 0);
    cr_expect_eq((size_t)length, strlen(said) - 1, "%s", said);
}
