// SPDX-License-Identifier: EUPL-1.2
// The power goes at any moment: what was acknowledged is there afterwards, the journal opens, and what was under way is
// there in whole or not at all. PULT_CUTS sets how often, PULT_SEED where to begin.
#include "broker/base/log.h"
#include "tests/unit/store/journal_model.h"
#include "tests/unit/store/power_vfs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct chain_config config = {
    .folder = "/data",
    .head_folder = "/head",
    .checkpoint_pages = 12,
    .vfs = POWER_VFS,
};

static struct fault why;

static void begin(void)
{
    log_set_level(LOG_LEVEL_ERROR); // every start and every failure has its line
    power_start();
    power_seed(1);
    cr_assert(chain_create(&config, &why), "%s", why.text);
}

static uint64_t setting(const char *name, uint64_t preset)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : preset;
}

// One change of some kind; `model` is moved on to what holds when it is made.
static enum store_outcome change_something(struct chain *chain, struct model *model)
{
    static struct model_batch batch;
    char bytes[800];
    switch (power_random(12)) {
    case 0:
        if (model->events > 0) {
            model->snapshot = model->events;
            return chain_keep_snapshot(chain, model->events, bytes, model_snapshot(bytes, model->events), &why);
        }
        break;
    case 1: {
        int number = (int)power_random(MODEL_PEOPLE);
        model->versions[number] = 0;
        struct store_person person;
        model_person(&person, number, 0);
        return chain_erase_person(chain, person.id, &why);
    }
    case 2:
        if (model->snapshot > model->erased) {
            model->erased += 1 + power_random(model->snapshot - model->erased);
            return chain_erase(chain, &(struct store_range){1, model->erased}, 1, &why);
        }
        break;
    case 3:
        if (model->snapshot > model->pruned) {
            model->pruned += 1 + power_random(model->snapshot - model->pruned);
            model->erased = model->erased > model->pruned ? model->erased : model->pruned;
            return chain_prune(chain, model->pruned, &why);
        }
        break;
    }
    model_add_events(model, &batch, 1 + power_random(5));
    for (uint64_t i = power_random(3); i > 0; i--)
        model_add_person(model, &batch, (int)(power_random(MODEL_PEOPLE / 3) * 3 + i % 3));
    return chain_append(chain, &batch.batch, &why);
}

// Until the power goes. *sure is what was acknowledged, *maybe what was under way.
static void live(struct model *sure, struct model *maybe, uint64_t seed)
{
    while (!power_is_off()) {
        struct chain *chain = NULL;
        *maybe = *sure;
        if (!chain_open(&config, &chain, &why)) {
            cr_assert(power_is_off(), "seed %llu: does not open: %s", (unsigned long long)seed, why.text);
            return;
        }
        for (uint64_t changes = 1 + power_random(20); changes > 0 && !power_is_off(); changes--) {
            *maybe = *sure;
            enum store_outcome outcome = change_something(chain, maybe);
            cr_assert(outcome == STORE_DURABLE || power_is_off(), "seed %llu: outcome %d: %s", (unsigned long long)seed,
                      outcome, why.text);
            if (outcome == STORE_DURABLE)
                *sure = *maybe;
            else
                cr_assert(outcome == STORE_UNKNOWN || outcome == STORE_REFUSED);
            if (outcome == STORE_REFUSED)
                *maybe = *sure;
            chain_tidy(chain);
        }
        chain_close(chain);
    }
}

static void nothing_erased_is_left(const struct model *model, uint64_t seed)
{
    for (int i = 0; i < MODEL_PEOPLE; i++) {
        char start[32];
        model_name_start(start, i);
        cr_assert(model->versions[i] > 0 || !power_holds(start), "seed %llu: %s is still in a file",
                  (unsigned long long)seed, start);
    }
    for (uint64_t seq = model->erased > 5 ? model->erased - 5 : 1; seq <= model->erased; seq++) {
        char text[32];
        snprintf(text, sizeof text, "event-%llu.", (unsigned long long)seq);
        cr_assert(!power_holds(text), "seed %llu: %s is still in a file", (unsigned long long)seed, text);
    }
}

static void check_after_cut(struct model *sure, const struct model *maybe, uint64_t seed)
{
    struct chain *chain = NULL;
    cr_assert(chain_open(&config, &chain, &why), "seed %llu: refuses after a mere cut: %s", (unsigned long long)seed,
              why.text);
    struct fault other = {0};
    if (!model_fits(sure, chain, &other)) {
        cr_assert(model_fits(maybe, chain, &why), "seed %llu: neither before (%s) nor after (%s)",
                  (unsigned long long)seed, other.text, why.text);
        *sure = *maybe;
    }
    nothing_erased_is_left(sure, seed);
    chain_close(chain);
}

Test(power, may_go_at_any_moment, .timeout = 300)
{
    begin();
    struct power_image *fresh = power_image_new();
    struct model sure = {0}, maybe;
    uint64_t cuts = setting("PULT_CUTS", 1000), first = setting("PULT_SEED", 1);
    for (uint64_t seed = first; seed < first + cuts; seed++) {
        if ((seed - first) % 20 == 0) {
            power_restore(fresh);
            sure = (struct model){0};
        }
        power_seed(seed);
        power_cut_after(1 + (int)power_random(power_random(4) ? 150 : 15));
        live(&sure, &maybe, seed);
        power_back();
        check_after_cut(&sure, &maybe, seed);
    }
    power_image_free(fresh);
}

// True when it was created before the power went.
static bool create_and_cut(int step, uint64_t seed)
{
    power_start();
    power_seed(seed);
    power_cut_after(step);
    bool created = chain_create(&config, &why);
    power_back();
    struct chain *chain = NULL;
    bool opened = chain_open(&config, &chain, &why);
    cr_assert(opened || !created, "step %d: %s", step, why.text);
    if (!opened) {
        cr_assert(chain_create(&config, &why), "step %d: %s", step, why.text);
        cr_assert(chain_open(&config, &chain, &why), "step %d: %s", step, why.text);
    }
    chain_close(chain);
    return created;
}

// At every single step of it, and it can be begun again.
Test(power, may_go_while_a_journal_is_created)
{
    bool created = false;
    log_set_level(LOG_LEVEL_ERROR);
    for (int step = 1; !created; step++) {
        cr_assert_lt(step, 100);
        for (uint64_t seed = 1; seed <= 12; seed++)
            created = create_and_cut(step, seed);
    }
}

// The program goes on after a failed sync, as on a disk that loses a write and then works again.
Test(disk, may_fail_a_sync_at_any_moment, .timeout = 120)
{
    begin();
    struct power_image *fresh = power_image_new();
    int unknown = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        power_restore(fresh);
        power_seed(seed);
        struct model sure = {0}, maybe;
        struct chain *chain = NULL;
        cr_assert(chain_open(&config, &chain, &why), "%s", why.text);
        power_fail_sync(1 + (int)power_random(40));
        enum store_outcome outcome = STORE_DURABLE;
        for (int i = 0; i < 40 && outcome == STORE_DURABLE; i++) {
            maybe = sure;
            outcome = change_something(chain, &maybe);
            cr_assert_neq(outcome, STORE_REFUSED);
            if (outcome == STORE_DURABLE)
                sure = maybe;
            chain_tidy(chain);
        }
        unknown += outcome == STORE_UNKNOWN;
        cr_assert(outcome == STORE_DURABLE || change_something(chain, &(struct model){0}) == STORE_UNKNOWN);
        chain_close(chain);
        power_fail_sync(0);
        check_after_cut(&sure, &maybe, seed); // a new start, without a cut
        power_back();
        check_after_cut(&sure, &sure, seed);
    }
    cr_assert_gt(unknown, 200);
    power_image_free(fresh);
}

// A disk with room for a little more, then for nothing: refused, and nothing of it is there; with new room all goes on.
Test(disk, may_be_full_at_any_byte, .timeout = 120)
{
    begin();
    struct power_image *fresh = power_image_new();
    int refused = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        power_restore(fresh);
        power_seed(seed);
        struct model sure = {0}, maybe;
        struct chain *chain = NULL;
        cr_assert(chain_open(&config, &chain, &why), "%s", why.text);
        power_set_space(power_used() + power_random(120000));
        for (int i = 0; i < 40; i++) {
            if (i == 30)
                power_set_space(SIZE_MAX);
            maybe = sure;
            enum store_outcome outcome = change_something(chain, &maybe);
            bool half_erased = outcome == STORE_REFUSED && strstr(why.text, "do it again");
            cr_assert(outcome == STORE_DURABLE || (outcome == STORE_REFUSED && i < 30), "seed %llu, %d: %d %s",
                      (unsigned long long)seed, i, outcome, why.text);
            refused += outcome == STORE_REFUSED;
            if (outcome == STORE_DURABLE || half_erased)
                sure = maybe;
            cr_assert(model_fits(&sure, chain, &why), "seed %llu: %s", (unsigned long long)seed, why.text);
            chain_tidy(chain);
        }
        chain_close(chain);
        power_back();
        check_after_cut(&sure, &sure, seed);
    }
    cr_assert_gt(refused, 300);
    power_image_free(fresh);
}

Test(disk, that_fails_while_the_log_is_moved_is_not_trusted_again)
{
    begin();
    struct chain_config eager = config;
    eager.checkpoint_pages = 1;
    struct chain *chain = NULL;
    struct model model = {0};
    static struct model_batch batch;
    cr_assert(chain_open(&eager, &chain, &why), "%s", why.text);
    model_add_events(&model, &batch, 5);
    cr_assert_eq(chain_append(chain, &batch.batch, &why), STORE_DURABLE);
    power_fail_sync(1);
    chain_tidy(chain);
    struct model after = model;
    model_add_events(&after, &batch, 5);
    cr_assert_eq(chain_append(chain, &batch.batch, &why), STORE_UNKNOWN);
    chain_close(chain);
    power_back();
    check_after_cut(&model, &model, 0);
}

static void keep_or_erase(struct chain *chain, int number, bool keep)
{
    struct store_person person = {0};
    snprintf(person.id, sizeof person.id, "town/p-%04d", number * 7919 % 1000); // in no order
    snprintf(person.name, sizeof person.name, "Name-%d-%0*d", number, (int)power_random(100) + 1, 0);
    snprintf(person.user_name, sizeof person.user_name, "%0*d", (int)power_random(100) + 1, 0);
    struct store_batch batch = {.people = &person, .person_count = 1};
    cr_assert_eq(keep ? chain_append(chain, &batch, &why) : chain_erase_person(chain, person.id, &why), STORE_DURABLE);
}

static void erase_one_by_one(struct chain *chain)
{
    for (int i = 0; i < 400; i++)
        keep_or_erase(chain, i, true);
    for (int i = 0; i < 400; i++) {
        char name[32];
        snprintf(name, sizeof name, "Name-%d-", i);
        cr_assert(power_holds(name));
        keep_or_erase(chain, i, false);
        cr_assert(!power_holds(name), "%s is still in a file", name);
        if (i % 2)
            keep_or_erase(chain, i + 400, true);
    }
}

// Also where pages were split and joined: about each fourth time a copy would be left between the rows.
Test(people, leave_nothing_behind)
{
    begin();
    struct power_image *fresh = power_image_new();
    for (uint64_t seed = 1; seed <= 10; seed++) {
        power_restore(fresh);
        power_seed(seed);
        struct chain *chain = NULL;
        cr_assert(chain_open(&config, &chain, &why), "%s", why.text);
        erase_one_by_one(chain);
        chain_close(chain);
    }
    power_image_free(fresh);
}
