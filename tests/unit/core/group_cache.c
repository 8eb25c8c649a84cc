// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/group_cache.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void put(struct group_cache *group_cache, const char *person, size_t groups, int64_t now_ms)
{
    static char dns[64][DN_SIZE];
    struct identity identity = {.user_name = "anna", .groups = dns, .group_count = groups};
    for (size_t i = 0; i < groups; i++)
        snprintf(dns[i], DN_SIZE, "cn=group%zu,dc=example", i);
    group_cache_put(group_cache, person, &identity, now_ms);
}

Test(group_cache, gives_back_the_groups_of_the_last_log_on)
{
    struct group_cache *group_cache = group_cache_new(1024 * 1024);
    struct membership who;
    cr_assert_not(group_cache_get(group_cache, "n/p-1", 0, &who));
    put(group_cache, "n/p-1", 3, 100);
    put(group_cache, "n/p-2", 0, 100);
    put(group_cache, "n/p-1", 2, 200);
    cr_assert(group_cache_get(group_cache, "n/p-2", 0, &who));
    cr_assert_eq(who.group_count, 0);
    cr_assert(group_cache_get(group_cache, "n/p-1", 200, &who));
    cr_assert_eq(who.group_count, 2);
    cr_assert_str_eq(who.groups[1], "cn=group1,dc=example");
    cr_assert_str_eq(who.user_name, "anna");
    cr_assert_not(group_cache_get(group_cache, "n/p-1", 201, &who));
    group_cache_free(group_cache);
}

Test(group_cache, keeps_the_newest_in_bounded_room)
{
    enum { ROOM = 100 * 1024 };
    struct group_cache *group_cache = group_cache_new(ROOM);
    struct membership who;
    char person[ID_SIZE];
    size_t kept = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(person, sizeof person, "n/p-%d", i);
        put(group_cache, person, 4, 1);
        cr_assert(group_cache_get(group_cache, person, 0, &who));
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(person, sizeof person, "n/p-%d", i);
        kept += group_cache_get(group_cache, person, 0, &who);
    }
    cr_assert_lt(kept * 300, ROOM);
    cr_assert_gt(kept * 500, ROOM / 2);
    group_cache_free(group_cache);
}
