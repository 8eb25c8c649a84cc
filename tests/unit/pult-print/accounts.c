// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/accounts.h"
#include "broker/base/file.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char folder[FOLDER_SIZE], state[FOLDER_SIZE + 20];
static struct loop *loop;
static struct accounts *accounts;
static int64_t told[100];
static size_t told_count, room;
static int writing;

static bool tell(void *arg, const struct print_account *entry)
{
    (void)arg;
    if (told_count < room)
        told[told_count++] = entry->number;
    return told_count && told[told_count - 1] == entry->number;
}

static void open_accounts(void)
{
    struct fault why = {0};
    accounts = accounts_open(loop, state, tell, NULL, &why);
    cr_assert(accounts, "%s", why.text);
    told_count = 0;
    room = sizeof told / sizeof *told;
}

static void start(void)
{
    loop = loop_new();
    folder_make(folder, "accounts");
    snprintf(state, sizeof state, "%s/accounts", folder);
    open_accounts();
}

static void stop(void)
{
    accounts_free(accounts);
    loop_free(loop);
    folder_remove(folder);
}

TestSuite(accounts, .init = start, .fini = stop, .timeout = 60);

static void is_written(void *arg, const struct fault *why)
{
    (void)arg;
    cr_assert_eq(why->kind, FAULT_NONE, "%s", why->text);
    if (--writing == 0)
        loop_stop(loop);
}

static void add(const char *job, int64_t attempt)
{
    struct print_account entry = {.attempt = attempt, .impressions = 3, .outcome = 5};
    TEXT_PUT(entry.job, job);
    TEXT_PUT(entry.person, "neustadt/anna");
    writing++;
    accounts_add(accounts, &entry, is_written, NULL);
}

static void restart(void)
{
    accounts_free(accounts);
    open_accounts();
}

Test(accounts, an_entry_is_told_once_its_job_is_over)
{
    accounts_tell_all(accounts);
    add("j-1", 1);
    loop_run(loop);
    cr_expect_eq(told_count, 0);
    accounts_release(accounts, "j-1");
    cr_assert_eq(told_count, 1);
    cr_expect_eq(told[0], 1);
}

Test(accounts, are_told_in_the_order_of_their_numbers)
{
    accounts_tell_all(accounts);
    add("j-1", 1);
    add("j-2", 1);
    loop_run(loop);
    accounts_release(accounts, "j-2");
    cr_expect_eq(told_count, 0);
    accounts_release(accounts, "j-1");
    cr_assert_eq(told_count, 2);
    cr_expect(told[0] == 1 && told[1] == 2);
}

Test(accounts, nothing_is_told_before_the_broker_is_there)
{
    add("j-1", 1);
    loop_run(loop);
    accounts_release(accounts, "j-1");
    cr_expect_eq(told_count, 0);
    accounts_tell_all(accounts);
    cr_expect_eq(told_count, 1);
}

Test(accounts, what_was_not_counted_is_told_again_after_a_restart)
{
    add("j-1", 1);
    add("j-2", 1);
    loop_run(loop);
    restart();
    const struct print_account *entry = accounts_hold(accounts, "j-2", 1);
    cr_assert(entry);
    cr_expect_eq(entry->outcome, 5);
    cr_expect_null(accounts_hold(accounts, "j-2", 2));
    accounts_tell_all(accounts);
    cr_assert_eq(told_count, 1);
    cr_expect_eq(told[0], 1);
    accounts_release(accounts, "j-2");
    cr_expect_eq(told_count, 2);
}

// What a link had no room for is not taken for told: what the broker counts is counted for all before it.
Test(accounts, what_could_not_be_told_is_told_when_the_broker_has_counted)
{
    accounts_tell_all(accounts);
    room = 2;
    for (int i = 1; i <= 4; i++) {
        char job[16];
        snprintf(job, sizeof job, "j-%d", i);
        add(job, 1);
        loop_run(loop);
        accounts_release(accounts, job);
    }
    cr_assert_eq(told_count, 2);
    room = 4;
    accounts_counted(accounts, 1);
    cr_assert_eq(told_count, 4);
    cr_expect(told[2] == 3 && told[3] == 4);
}

Test(accounts, no_number_is_given_twice)
{
    accounts_tell_all(accounts);
    for (int i = 0; i < 3; i++) {
        add("j-1", i);
        loop_run(loop);
        accounts_release(accounts, "j-1");
        accounts_counted(accounts, i + 1);
        restart();
        accounts_tell_all(accounts);
    }
    add("j-4", 1);
    loop_run(loop);
    accounts_release(accounts, "j-4");
    cr_expect_eq(told[told_count - 1], 4);
}

// Entries that are empty, cut, too long or another's hold up neither the others nor the whole service.
Test(accounts, what_is_damaged_is_put_aside_and_its_number_is_not_given_again)
{
    static char too_long[8 * 1024];
    struct fault why = {0};
    memset(too_long, ' ', sizeof too_long - 1);
    const char *const damaged[] = {"", "{\"number\":4,\"jo", too_long, "{\"number\":1,\"job\":\"j-9\"}"};
    add("j-1", 1);
    loop_run(loop);
    for (int i = 0; i < 4; i++) {
        char path[FOLDER_SIZE + 40];
        snprintf(path, sizeof path, "%s/%d.json", state, 3 + i);
        cr_assert(file_create(path, 0600, damaged[i], strlen(damaged[i]), &why), "%s", why.text);
    }
    restart();
    restart(); // what was put aside stays so
    accounts_tell_all(accounts);
    cr_assert_eq(told_count, 1);
    cr_expect_eq(told[0], 1);
    add("j-2", 1);
    loop_run(loop);
    accounts_release(accounts, "j-2");
    cr_assert_eq(told_count, 2);
    cr_expect_eq(told[1], 7);
}

Test(accounts, numbers_go_on_after_what_the_broker_has)
{
    accounts_counted(accounts, 17);
    accounts_tell_all(accounts);
    add("j-1", 1);
    loop_run(loop);
    accounts_release(accounts, "j-1");
    cr_assert_eq(told_count, 1);
    cr_expect_eq(told[0], 18);
}
