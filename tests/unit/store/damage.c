// SPDX-License-Identifier: EUPL-1.2
// Damage of any kind: what was acknowledged is there, or the journal refuses to open and says where. In neither case is
// anything silently lost, and a refused journal is left as it was.
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "tests/unit/store/journal_model.h"
#include "tests/unit/store/power_vfs.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static const struct chain_config config = {
    .folder = "/data",
    .head_folder = "/head",
    .vfs = POWER_VFS,
};
static const char *const names[] = {"/data/journal.db", "/data/journal.db-wal", "/head/head", "/head/head.key"};

static struct model model;
static struct fault why;
static struct power_image *image;

static void fill(struct chain *chain, int batches)
{
    struct model_batch batch;
    for (int i = 0; i < batches; i++) {
        model_add_events(&model, &batch, 3);
        model_add_person(&model, &batch, i % MODEL_PEOPLE);
        cr_assert_eq(chain_append(chain, &batch.batch, &why), STORE_DURABLE);
    }
}

static void snapshot(struct chain *chain)
{
    char bytes[800];
    model.snapshot = model.events;
    size_t length = model_snapshot(bytes, model.snapshot);
    cr_assert_eq(chain_keep_snapshot(chain, model.snapshot, bytes, length, &why), STORE_DURABLE);
}

static struct chain *reopen(void)
{
    struct chain *chain = NULL;
    cr_assert(chain_open(&config, &chain, &why), "%s", why.text);
    return chain;
}

// Some of it in the database, some of it in the log, as when a broker is killed.
static void make_image(bool with_log)
{
    log_set_level(LOG_LEVEL_ERROR);
    power_start();
    power_seed(7);
    model = (struct model){0};
    cr_assert(chain_create(&config, &why), "%s", why.text);
    struct chain *chain = reopen();
    fill(chain, 14);
    snapshot(chain);
    model.erased = 6;
    cr_assert_eq(chain_erase(chain, &(struct store_range){1, 6}, 1, &why), STORE_DURABLE);
    chain_close(chain);
    chain = reopen();
    fill(chain, with_log ? 4 : 0);
    image = power_image_new();
    chain_close(chain);
    if (!with_log) {
        power_image_free(image);
        image = power_image_new();
    }
    power_restore(image);
}

static bool remains_usable(struct chain *chain)
{
    struct model before = model;
    fill(chain, 6);
    chain_close(chain);
    chain = reopen();
    bool fits = model_fits(&model, chain, &why);
    chain_close(chain);
    model = before;
    return fits;
}

// True when it was refused.
static bool refused_or_whole(const char *what, size_t at)
{
    struct power_image *damaged = power_image_new();
    struct chain *chain = NULL;
    bool refused = !chain_open(&config, &chain, &why);
    if (refused) {
        cr_assert(why.kind == FAULT_BROKEN && why.text[0], "%s at %zu: %d %s", what, at, why.kind, why.text);
        cr_assert(power_equals(damaged), "%s at %zu: refused, but changed: %s", what, at, why.text);
    } else {
        cr_assert(model_fits(&model, chain, &why), "%s at %zu: silently lost: %s", what, at, why.text);
        cr_assert(remains_usable(chain), "%s at %zu: lost later: %s", what, at, why.text);
    }
    power_image_free(damaged);
    return refused;
}

static int flip_through(const char *name, size_t step)
{
    int refused = 0;
    size_t length;
    power_restore(image);
    cr_assert(power_file(name, &length), "%s is missing", name);
    for (size_t at = 0; at < length; at += at < 200 ? 1 : 1 + power_random(2 * step)) {
        power_restore(image);
        size_t now;
        power_file(name, &now)[at] ^= (unsigned char)(1u << power_random(8));
        refused += refused_or_whole(name, at);
    }
    return refused;
}

static size_t step_of(size_t preset)
{
    const char *text = getenv("PULT_FLIP_STEP");
    return text ? strtoul(text, NULL, 10) : preset;
}

Test(damage, of_a_bit_in_the_database_is_found_or_harmless, .timeout = 300)
{
    make_image(false);
    cr_assert_gt(flip_through(names[0], step_of(20)), 500);
    power_image_free(image);
}

Test(damage, of_a_bit_beside_a_log_is_found_or_harmless, .timeout = 300)
{
    make_image(true);
    cr_assert_gt(flip_through(names[0], step_of(40)), 100);
    cr_assert_gt(flip_through(names[1], step_of(20)), 500);
    power_image_free(image);
}

Test(damage, of_a_bit_in_head_or_key_is_found_or_harmless, .timeout = 120)
{
    make_image(true);
    cr_assert_gt(flip_through(names[2], step_of(100)), 150); // one half; the other is written anew
    cr_assert_gt(flip_through(names[3], 2), 100);
    power_image_free(image);
}

Test(damage, of_both_halves_of_the_head_is_found)
{
    make_image(true);
    size_t length;
    unsigned char *head = power_file(names[2], &length);
    head[20] ^= 1;
    head[HEAD_SLOT_BYTES + 20] ^= 1;
    cr_assert(refused_or_whole("both halves", 20));
    cr_assert(strstr(why.text, "head is damaged"), "%s", why.text);
    power_image_free(image);
}

Test(damage, by_cutting_a_file_short_is_found_or_harmless, .timeout = 120)
{
    make_image(true);
    for (int i = 0; i < 4; i++) {
        size_t length;
        power_file(names[i], &length);
        for (size_t kept = 0; kept < length; kept += 1 + power_random(kept < 600 ? 40 : 4000)) {
            power_restore(image);
            power_resize(names[i], kept);
            refused_or_whole(names[i], kept);
        }
        power_restore(image);
        power_resize(names[i], length - 1);
        refused_or_whole(names[i], length - 1);
    }
    power_image_free(image);
}

Test(damage, by_losing_the_log_is_found)
{
    make_image(true);
    file_system->unlink(names[1]);
    struct chain *chain = NULL;
    cr_assert(!chain_open(&config, &chain, &why));
    cr_assert(strstr(why.text, "the journal ends at event 42, but its head vouches for event 54"), "%s", why.text);
    power_image_free(image);
}

static void flip_text(const char *text)
{
    size_t length;
    unsigned char *bytes = power_file(names[0], &length);
    unsigned char *at = memmem(bytes, length, text, strlen(text));
    cr_assert(at, "%s is not there", text);
    at[3] ^= 1;
}

Test(damage, is_told_with_its_place)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"event-12.", "event 12: payload does not match its hash"},
        {"Person-003", "person town/p-003: the row does not match its hash"},
        {"{\"what\":\"state", "snapshot at event 42: does not match its hash"},
    };
    make_image(false);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        power_restore(image);
        flip_text(rows[i].text);
        cr_assert(refused_or_whole(rows[i].text, 0));
        cr_assert_str_eq(why.text, rows[i].told);
    }
    power_image_free(image);
}

static void execute(const char *sql)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open_v2(names[0], &db, SQLITE_OPEN_READWRITE, POWER_VFS), SQLITE_OK);
    char *error = NULL;
    sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &error), SQLITE_OK, "%s: %s", sql, error);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

Test(damage, by_somebody_with_access_to_the_tables_is_found)
{
    static const struct {
        const char *sql, *told;
    } rows[] = {
        {"DELETE FROM events WHERE seq = 20", "event 20 is missing: event 21 comes after event 19"},
        {"DELETE FROM events WHERE seq = 1", "event 1 is missing"},
        {"DELETE FROM events WHERE seq > 40", "the journal ends at event 40, but its head vouches for event 42"},
        {"UPDATE events SET seq = seq + 100 WHERE seq = 20; UPDATE events SET seq = 20 WHERE seq = 21;"
         "UPDATE events SET seq = 21 WHERE seq = 120",
         "event 20: does not follow from event 19"},
        {"UPDATE events SET at_ms = at_ms + 1 WHERE seq = 20", "event 20: does not follow from event 19"},
        {"UPDATE events SET payload = x'00' WHERE seq = 20", "event 20: payload does not match its hash"},
        {"UPDATE events SET payload = NULL WHERE seq = 20", "event 20: the row is damaged"},
        {"UPDATE events SET payload = NULL, salt = NULL WHERE seq = 20", "7 events have no payload, but 6 were erased"},
        {"UPDATE events SET payload = NULL, salt = NULL WHERE seq = 20; UPDATE meta SET erased = 7",
         "is not the one that the head vouches for"},
        {"DELETE FROM people WHERE id = 'town/p-003'", "the table people: rows are missing"},
        {"UPDATE people SET name = 'Eve' WHERE id = 'town/p-003'", "person town/p-003: the row does not match"},
        {"UPDATE people SET id = 'town/p-777' WHERE id = 'town/p-003'", "person town/p-777: the row does not match"},
        {"DELETE FROM snapshot", "is not the one that the head vouches for"},
        {"UPDATE snapshot SET seq = 41", "snapshot at event 41: does not match its hash"},
        {"DELETE FROM meta", "lacks its row in the table meta"},
        {"UPDATE meta SET commit_number = commit_number - 1", "the journal ends at commit"},
        {"UPDATE meta SET commit_number = commit_number + 2", "commits older than the journal"},
        {"UPDATE meta SET journal = x'00112233445566778899aabbccddeeff'", "the head is of another journal"},
        {"UPDATE meta SET schema = 2", "the journal has schema 2"},
        {"UPDATE meta SET anchor_seq = 3", "event 4 is missing"},
        {"UPDATE meta SET anchor_seq = 6, anchor_chain = (SELECT chain FROM events WHERE seq = 6), erased = 0;"
         "DELETE FROM events WHERE seq <= 6",
         "is not the one that the head vouches for"},
        {"CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM people; END",
         "tables are not those of this program"},
        {"CREATE INDEX i ON events(at_ms)", "tables are not those of this program"},
        {"DROP TABLE people", "tables are not those of this program"},
    };
    make_image(false);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        power_restore(image);
        execute(rows[i].sql);
        cr_assert(refused_or_whole(rows[i].sql, 0), "%s", rows[i].sql);
        cr_assert(strstr(why.text, rows[i].told), "%s: %s", rows[i].sql, why.text);
    }
    power_image_free(image);
}
