// SPDX-License-Identifier: EUPL-1.2
// A journal, or its head, that came from a backup: refused, until an administrator accepts it; then nothing of it is
// lost. What is damaged or never belonged together is not accepted.
#include "broker/base/log.h"
#include "tests/unit/store/journal_model.h"
#include "tests/unit/store/power_vfs.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct chain_config config = {
    .folder = "/data",
    .head_folder = "/head",
    .vfs = POWER_VFS,
};

static struct model model, earlier;
static struct store_gap gap;
static struct fault why;

static struct chain *reopen(void)
{
    struct chain *chain = NULL;
    cr_assert(chain_open(&config, &chain, &why), "%s", why.text);
    return chain;
}

static void fill(int batches)
{
    struct model_batch batch;
    struct chain *chain = reopen();
    for (int i = 0; i < batches; i++) {
        model_add_events(&model, &batch, 3);
        model_add_person(&model, &batch, i % MODEL_PEOPLE);
        cr_assert_eq(chain_append(chain, &batch.batch, &why), STORE_DURABLE);
    }
    chain_close(chain);
}

struct copy {
    unsigned char *bytes;
    size_t length;
};

static struct copy keep(const char *path)
{
    struct copy copy = {0};
    const unsigned char *bytes = power_file(path, &copy.length);
    cr_assert(bytes, "%s", path);
    copy.bytes = malloc(copy.length);
    memcpy(copy.bytes, bytes, copy.length);
    return copy;
}

static void bring_back(const char *path, struct copy *copy)
{
    size_t length;
    power_resize(path, copy->length);
    memcpy(power_file(path, &length), copy->bytes, copy->length);
    free(copy->bytes);
}

static void create(void)
{
    cr_assert(chain_create(&config, &why), "%s", why.text);
}

static void start(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    power_start();
    power_seed(7);
    model = (struct model){0};
    create();
    fill(4);
    earlier = model;
}

TestSuite(backup, .init = start);

static void is_refused(void)
{
    struct chain *chain = NULL;
    cr_assert_not(chain_open(&config, &chain, &why));
    cr_assert_eq(why.kind, FAULT_BROKEN);
}

static void is_not_accepted(enum fault_kind kind)
{
    struct power_image *before = power_image_new();
    cr_assert_not(chain_accept(&config, &gap, &why));
    cr_assert_eq(why.kind, kind, "%s", why.text);
    cr_assert(power_equals(before), "not accepted, but changed");
    power_image_free(before);
}

static void is_accepted_and_goes_on(void)
{
    is_refused();
    cr_assert(chain_accept(&config, &gap, &why), "%s", why.text);
    struct chain *chain = reopen();
    cr_assert(model_fits(&model, chain, &why), "%s", why.text);
    chain_close(chain);
    fill(3);
    chain = reopen();
    cr_assert(model_fits(&model, chain, &why), "%s", why.text);
    chain_close(chain);
    is_not_accepted(FAULT_CONFLICT);
}

Test(backup, a_journal_that_lacks_its_end_goes_on)
{
    struct copy journal = keep("/data/journal.db");
    fill(5);
    bring_back("/data/journal.db", &journal);
    model = earlier;
    is_accepted_and_goes_on();
    cr_assert_eq(gap.seq, 12);
    cr_assert_eq(gap.head_seq, 27);
    cr_assert_gt(gap.head_ms, 0);
}

Test(backup, an_older_head_loses_nothing)
{
    struct copy head = keep("/head/head");
    fill(5);
    bring_back("/head/head", &head);
    is_accepted_and_goes_on();
    cr_assert_eq(gap.seq, 27);
    cr_assert_eq(gap.head_seq, 12);
}

Test(backup, a_head_that_is_gone_is_made_anew)
{
    file_system->unlink("/head/head");
    file_system->unlink("/head/head.key");
    is_accepted_and_goes_on();
    cr_assert_eq(gap.seq, 12);
    cr_assert_eq(gap.head_seq, 0);
}

Test(backup, one_that_is_whole_needs_nothing)
{
    is_not_accepted(FAULT_CONFLICT);
}

Test(backup, what_is_damaged_is_not_accepted)
{
    struct copy journal = keep("/data/journal.db");
    size_t length;
    fill(5);
    bring_back("/data/journal.db", &journal);
    unsigned char *bytes = power_file("/data/journal.db", &length), *event = NULL;
    event = memmem(bytes, length, "event-7.", 8);
    cr_assert(event);
    event[6] = '8';
    is_not_accepted(FAULT_BROKEN);
}

Test(backup, a_journal_is_not_accepted_for_the_head_of_another)
{
    struct copy head = keep("/head/head"), key = keep("/head/head.key");
    power_start();
    create();
    bring_back("/head/head", &head);
    bring_back("/head/head.key", &key);
    is_not_accepted(FAULT_BROKEN);
}

// The same journal twice, with other events after the backup: a copy that somebody went on with.
Test(backup, a_journal_that_went_another_way_is_not_accepted)
{
    struct copy journal = keep("/data/journal.db"), head = keep("/head/head");
    fill(2);
    struct copy other_head = keep("/head/head");
    bring_back("/data/journal.db", &journal);
    bring_back("/head/head", &head);
    model = earlier;
    fill(3);
    bring_back("/head/head", &other_head);
    is_not_accepted(FAULT_BROKEN);
}
