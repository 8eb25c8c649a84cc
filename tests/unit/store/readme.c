// SPDX-License-Identifier: EUPL-1.2
// broker/store/README.md tells an auditor how to check a journal without us: its programs are run here, its figures
// computed again.
#include "broker/base/text.h"
#include "tests/program.h"
#include "tests/unit/store/journal_fixture.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct journal_fixture fixture;
static char readme[64 * 1024];
static struct program_result said;
static char line[512];

static void read_readme(void)
{
    FILE *file = fopen("broker/store/README.md", "re");
    cr_assert(file);
    size_t length = fread(readme, 1, sizeof readme - 1, file);
    cr_assert(length > 0 && length < sizeof readme - 1);
    fclose(file);
}

static void start(void)
{
    read_readme();
    journal_fixture_start(&fixture);
}

static void stop(void)
{
    journal_fixture_remove(&fixture);
}

TestSuite(readme, .init = start, .fini = stop);

// Runs the README's nth program in a language, with the folder of copies as its argument.
static int run_program(const char *language, int number)
{
    char fence[32], path[160];
    snprintf(fence, sizeof fence, "```%s\n", language);
    const char *begin = readme;
    for (int i = 0; i <= number; i++) {
        begin = strstr(begin, fence);
        cr_assert(begin, "there is no such program");
        begin += strlen(fence);
    }
    const char *end = strstr(begin, "```");
    cr_assert(end);
    snprintf(path, sizeof path, "%s/program", fixture.folder);
    FILE *file = fopen(path, "we");
    fwrite(begin, 1, (size_t)(end - begin), file);
    fclose(file);
    snprintf(line, sizeof line, "%s %s %s/copies", text_equal(language, "sh") ? "sh" : "python3", path, fixture.folder);
    program_run(&said, line, NULL);
    return said.exit_code;
}

Test(readme, its_example_is_what_the_store_computes)
{
    static const char payload[] = "{\"v\":1,\"type\":\"site.removed\",\"id\":\"neustadt/hall\"}";
    unsigned char hash[DIGEST_BYTES], chain[DIGEST_BYTES] = {0};
    char hash_hex[2 * DIGEST_BYTES + 1], chain_hex[2 * DIGEST_BYTES + 1], expected[300], shown[300];
    owned(digest) struct digest digest;
    digest_init(&digest);
    digest_payload(&digest, (const unsigned char *)"0123456789abcdef", payload, strlen(payload), hash);
    digest_link(&digest, chain, 1, 1767225600000, hash);
    text_hex(hash_hex, hash, DIGEST_BYTES);
    text_hex(chain_hex, chain, DIGEST_BYTES);
    cr_assert_str_eq(chain_hex, "94da55d049b7e33bbd49dda16795967e686ba67749d16876aca5c2596c5c5901");
    snprintf(expected, sizeof expected, "payload_hash %s\nchain %s\n", hash_hex, chain_hex);
    snprintf(shown, sizeof shown, "    payload_hash %s\n    chain %s\n", hash_hex, chain_hex);
    cr_assert(strstr(readme, shown), "the README shows others than\n%s", shown);
    cr_assert_eq(run_program("python", 0), 0, "%s", said.err);
    cr_assert_str_eq(said.out, expected);
}

// Something of every kind; copies of the files, and the public half of the key.
static void fill_and_copy(struct store_head *head)
{
    struct store_fixture *store = &fixture.store;
    for (int i = 0; i < 5; i++)
        cr_assert_eq(store_fixture_append(store, 10, i), STORE_DURABLE);
    cr_assert_eq(store_fixture_snapshot(store), STORE_DURABLE);
    cr_assert_eq(store_fixture_erase(store, 20), STORE_DURABLE);
    cr_assert_eq(store_fixture_prune(store, 10), STORE_DURABLE);
    cr_assert_eq(store_fixture_erase_person(store, 3), STORE_DURABLE);
    cr_assert_eq(store_fixture_append(store, 7, 1), STORE_DURABLE);
    store->port.head(store->port.self, head);
    // While it is open, as from a snapshot of the file system: part of it is in the log.
    snprintf(line, sizeof line,
             "mkdir '%1$s/copies' && cp '%2$s'/* '%3$s'/head '%1$s/copies' && "
             "openssl pkey -in '%3$s/head.key' -pubout -out '%1$s/copies/head.pub'",
             fixture.folder, fixture.data, fixture.head);
    program_shell(line);
}

static void change_copy(const char *sql)
{
    sqlite3 *db = NULL;
    snprintf(line, sizeof line, "%s/copies/journal.db", fixture.folder);
    cr_assert_eq(sqlite3_open(line, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

Test(readme, its_program_finds_a_journal_right)
{
    struct store_head head;
    char hex[2 * STORE_HASH_BYTES + 1], expected[200];
    fill_and_copy(&head);
    cr_assert_eq(run_program("python", 1), 0, "%s", said.err);
    text_hex(hex, head.chain, sizeof head.chain);
    snprintf(expected, sizeof expected, "event 57 chain %s as the head says\n", hex);
    cr_assert_str_eq(said.out, expected);
}

Test(readme, its_program_finds_what_was_changed)
{
    static const struct {
        const char *sql, *told;
    } rows[] = {
        {"UPDATE people SET name = 'Eve' WHERE id = 'town/p-001'", "town/p-001"},
        {"DELETE FROM people WHERE id = 'town/p-001'", "people"},
        {"UPDATE snapshot SET bytes = x'00'", "snapshot"},
        {"UPDATE events SET payload = x'00' WHERE seq = 33", "event 33: payload"},
        {"UPDATE events SET at_ms = 0 WHERE seq = 33", "event 33: chain"},
        {"DELETE FROM events WHERE seq = 33", "event 33 is missing"},
        {"UPDATE events SET payload = NULL, salt = NULL WHERE seq = 33", "nobody erased"},
        {"DELETE FROM events WHERE seq > 50", "NOT what the head says"},
        {"UPDATE meta SET commit_number = 3", "NOT what the head says"},
    };
    struct store_head head;
    fill_and_copy(&head);
    snprintf(line, sizeof line, "cp -r '%1$s/copies' '%1$s/kept'", fixture.folder);
    program_shell(line);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        change_copy(rows[i].sql);
        bool right = run_program("python", 1) == 0 && !strstr(said.out, "NOT");
        cr_assert(!right && (strstr(said.err, rows[i].told) || strstr(said.out, rows[i].told)), "%s: %s%s", rows[i].sql,
                  said.out, said.err);
        snprintf(line, sizeof line, "rm -r '%1$s/copies' && cp -r '%1$s/kept' '%1$s/copies'", fixture.folder);
        program_shell(line);
    }
}

Test(readme, its_lines_check_the_signature)
{
    struct store_head head;
    fill_and_copy(&head);
    cr_assert_eq(run_program("sh", 0), 0, "%s%s", said.out, said.err);
    cr_assert(strstr(said.out, "Verified OK"), "%s", said.out);
    // A byte of `seq` in both slots.
    snprintf(
        line, sizeof line,
        "for at in 23 4119; do printf '\\377' | dd of='%s/copies/head' bs=1 seek=$at conv=notrunc status=none; done",
        fixture.folder);
    program_shell(line);
    cr_assert_neq(run_program("sh", 0), 0, "%s", said.out);
}
