// SPDX-License-Identifier: EUPL-1.2
// How many there are of each name.
#include "broker/base/tally.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(tally, counts_each_name_by_itself)
{
    struct tally tally = {0};
    const char *anna = tally_add(&tally, "neustadt/anna");
    cr_assert_str_eq(anna, "neustadt/anna");
    cr_assert_eq(tally_add(&tally, "neustadt/anna"), anna, "it is kept once");
    tally_add(&tally, "neustadt/bert");
    cr_assert_eq(tally_count(&tally, "neustadt/anna"), 2);
    cr_assert_eq(tally_count(&tally, "neustadt/bert"), 1);
    cr_assert_eq(tally_count(&tally, "neustadt/an"), 0);
    tally_remove(&tally, anna);
    cr_assert_eq(tally_count(&tally, "neustadt/anna"), 1);
    tally_remove(&tally, anna);
    tally_remove(&tally, "neustadt/bert");
    cr_assert_eq(tally_count(&tally, "neustadt/anna"), 0);
    tally_fini(&tally);
}

Test(tally, keeps_thousands_apart)
{
    enum { NAMES = 3000 };
    struct tally tally = {0};
    char name[32];
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "neustadt/p-%d", i * 7919 % NAMES);
        tally_add(&tally, name);
    }
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "neustadt/p-%d", i);
        cr_assert_eq(tally_count(&tally, name), 1);
        tally_remove(&tally, name);
    }
    tally_fini(&tally);
}

Test(tally, has_room_for_the_name_that_is_empty)
{
    struct tally tally = {0};
    tally_add(&tally, "");
    cr_assert_eq(tally_count(&tally, ""), 1);
    tally_remove(&tally, "");
    tally_fini(&tally);
}
