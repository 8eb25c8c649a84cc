// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/people.h"
#include "broker/base/text.h"
#include "broker/core/erasure.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct people people;

static void close_people(void)
{
    people_clear(&people);
}

TestSuite(people, .fini = close_people);

static void put(const char *id, const char *key)
{
    struct store_person person = {.user_name = "anna", .name = "Anna"};
    TEXT_PUT(person.id, id);
    TEXT_PUT(person.key, key);
    people_put(&people, &person);
}

static const char *id_by(const char *tenant_id, const char *key)
{
    const struct store_person *person = people_by_key(&people, tenant_id, key);
    return person ? person->id : "";
}

Test(people, are_found_by_the_key_of_their_tenants_directory)
{
    put("neustadt/p-1", "k1");
    put("altdorf/p-1", "k1");
    cr_assert_str_eq(id_by("neustadt", "k1"), "neustadt/p-1");
    cr_assert_str_eq(id_by("altdorf", "k1"), "altdorf/p-1");
    cr_assert_str_eq(id_by("neustadt", "k"), "");
    put("neustadt/p-1", "k2");
    cr_assert_str_eq(id_by("neustadt", "k1"), "", "the directory gave them another key");
    cr_assert_str_eq(id_by("neustadt", "k2"), "neustadt/p-1");
    people_remove(&people, "neustadt/p-1");
    cr_assert_str_eq(id_by("neustadt", "k2"), "");
    cr_assert_str_eq(id_by("altdorf", "k1"), "altdorf/p-1");
}

static void erase_nobody(void *self, const char *id, store_done *done, void *arg)
{
    (void)self, (void)id, (void)done, (void)arg;
}

// Erased while the disk was full, logged on again, and the program ended before the old row was gone: whoever the state
// knows stays who they are.
Test(people, who_was_erased_and_came_again_is_found_after_the_old_row)
{
    static const char *const ids[] = {"neustadt/p-1", "neustadt/p-2"};
    for (size_t known = 0; known < 2; known++) {
        struct state *state = state_new();
        struct erasure *erasure = erasure_new(&(struct store_port){.erase_person = erase_nobody}, NULL, NULL);
        struct event event = {.type = EVENT_PERSON_FIRST_LOGON, .noun = NOUN_PERSON};
        TEXT_PUT(event.record.id, ids[known]);
        state_apply(state, &event);
        put(ids[0], "k1");
        put(ids[1], "k1");
        erasure_add_orphans(erasure, &people, state);
        cr_expect_str_eq(id_by("neustadt", "k1"), ids[known]);
        erasure_free(erasure);
        state_free(state);
        people_clear(&people);
    }
}
