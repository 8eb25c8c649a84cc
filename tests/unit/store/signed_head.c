// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/signed_head.h"
#include "tests/folder.h"
#include "tests/unit/power_fixture.h"
#include "tests/unit/store/power_vfs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct fault why;
static struct key *key;

static void start(void)
{
    power_start();
    power_seed(3);
    cr_assert(key_create("/k", &why), "%s", why.text);
    cr_assert(key_load("/k", &key, &why), "%s", why.text);
    cr_assert(signed_head_create("/h", key, &(struct signed_head){.commit_number = 1}, &why), "%s", why.text);
}

static void stop(void)
{
    key_free(key);
}

TestSuite(head, .init = start, .fini = stop);

static bool read_head(struct signed_head *head, bool *torn)
{
    struct head_file *file = NULL;
    if (!signed_head_open("/h", key, &file, head, torn, &why))
        return false;
    signed_head_close(file);
    return true;
}

static void write_heads(uint64_t from, uint64_t to)
{
    struct head_file *file = NULL;
    struct signed_head head;
    bool torn;
    cr_assert(signed_head_open("/h", key, &file, &head, &torn, &why), "%s", why.text);
    for (uint64_t number = from; number <= to; number++) {
        head = (struct signed_head){.commit_number = number, .seq = number * 10, .at_ms = (int64_t)number * 1000};
        memset(head.chain, (int)number, sizeof head.chain);
        memset(head.tables_digest, (int)number + 1, sizeof head.tables_digest);
        memset(head.journal, (int)number + 2, sizeof head.journal);
        cr_assert(signed_head_write(file, &head, &why), "%s", why.text);
    }
    signed_head_close(file);
}

Test(head, gives_back_the_newest)
{
    struct signed_head head;
    bool torn;
    cr_assert(read_head(&head, &torn));
    cr_assert(head.commit_number == 1 && head.seq == 0 && !torn);
    for (uint64_t number = 2; number < 7; number++) {
        write_heads(number, number);
        cr_assert(read_head(&head, &torn));
        cr_assert(head.commit_number == number && head.seq == number * 10 && head.at_ms == (int64_t)number * 1000 &&
                  !torn);
        cr_assert(head.chain[31] == number && head.tables_digest[0] == number + 1 && head.journal[15] == number + 2);
    }
}

Test(head, falls_back_to_the_other_half_when_one_is_torn)
{
    write_heads(2, 5);
    size_t length;
    for (size_t at = 0; at < 120 + 70; at++) {
        unsigned char *byte = power_file("/h", &length) + HEAD_SLOT_BYTES + at;
        *byte ^= 0x10;
        struct signed_head head;
        bool torn;
        cr_assert(read_head(&head, &torn));
        cr_assert(torn && head.commit_number == 4, "byte %zu", at);
        *byte ^= 0x10;
    }
}

Test(head, is_refused_when_both_halves_are_damaged)
{
    write_heads(2, 5);
    size_t length;
    power_file("/h", &length)[30] ^= 1;
    power_file("/h", &length)[HEAD_SLOT_BYTES + 30] ^= 1;
    struct signed_head head;
    bool torn;
    cr_assert(!read_head(&head, &torn));
    cr_assert_eq(why.kind, FAULT_BROKEN);
}

Test(head, is_refused_when_its_halves_are_of_different_times)
{
    write_heads(2, 5);
    unsigned char old[HEAD_SLOT_BYTES];
    size_t length;
    memcpy(old, power_file("/h", &length), sizeof old);
    write_heads(6, 9);
    memcpy(power_file("/h", &length), old, sizeof old);
    struct signed_head head;
    bool torn;
    cr_assert(!read_head(&head, &torn));
    cr_assert(strstr(why.text, "do not belong together"), "%s", why.text);
}

Test(head, is_refused_when_its_halves_are_swapped)
{
    write_heads(2, 5);
    unsigned char half[HEAD_SLOT_BYTES];
    size_t length;
    unsigned char *bytes = power_file("/h", &length);
    memcpy(half, bytes, sizeof half);
    memcpy(bytes, bytes + HEAD_SLOT_BYTES, sizeof half);
    memcpy(bytes + HEAD_SLOT_BYTES, half, sizeof half);
    struct signed_head head;
    bool torn;
    cr_assert(!read_head(&head, &torn));
}

Test(head, is_absent_when_there_is_no_file)
{
    file_system->unlink("/h");
    struct signed_head head;
    bool torn;
    cr_assert(!read_head(&head, &torn));
    cr_assert_eq(why.kind, FAULT_ABSENT);
}

Test(head, survives_a_cut_at_any_write)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        power_seed(seed);
        struct head_file *file = NULL;
        struct signed_head head;
        bool torn;
        cr_assert(signed_head_open("/h", key, &file, &head, &torn, &why), "%s", why.text);
        uint64_t sure = head.commit_number;
        power_cut_after(1 + (int)power_random(20));
        while ((head.commit_number = sure + 1, signed_head_write(file, &head, &why)))
            sure++;
        signed_head_close(file);
        power_back();
        cr_assert(read_head(&head, &torn), "seed %d: %s", (int)seed, why.text);
        cr_assert(head.commit_number == sure || head.commit_number == sure + 1, "seed %d", (int)seed);
        if (torn) // whoever opens the journal writes the torn half again
            write_heads(sure + 1, sure + 1);
    }
}

// The turn of the newest; a head that is torn vouches for one turn less than the journal has.
static int find_turn(const char *where)
{
    char path[64];
    bool torn;
    struct head_file *file = NULL;
    struct signed_head head = {0};
    snprintf(path, sizeof path, "%s/head", where);
    if (!signed_head_open(path, key, &file, &head, &torn, &why))
        return why.kind == FAULT_ABSENT ? 0 : -1;
    signed_head_close(file);
    return (int)head.commit_number;
}

Test(head_on_a_disk, is_the_old_one_or_the_new_one_whenever_the_power_goes)
{
    char folder[FOLDER_SIZE], keys[FOLDER_SIZE], path[64];
    bool torn;
    struct head_file *file = NULL;
    struct signed_head head = {.commit_number = 1};
    folder_make(folder, "head");
    folder_make(keys, "keys");
    snprintf(path, sizeof path, "%s/head.key", keys);
    cr_assert(key_create(path, &why) && key_load(path, &key, &why), "%s", why.text);
    snprintf(path, sizeof path, "%s/head", folder);
    power_fixture_start(folder);
    power_fixture_begin();
    cr_assert(signed_head_create(path, key, &head, &why), "%s", why.text);
    power_fixture_done();
    cr_assert(signed_head_open(path, key, &file, &head, &torn, &why), "%s", why.text);
    while (head.commit_number++ < 4) {
        power_fixture_begin();
        cr_assert(signed_head_write(file, &head, &why), "%s", why.text);
        power_fixture_done();
    }
    power_fixture_check(find_turn);
    power_fixture_stop();
    signed_head_close(file);
    key_free(key);
    folder_remove(folder);
    folder_remove(keys);
}

static int which_head_key(const char *where)
{
    char path[64];
    struct key *found = NULL;
    snprintf(path, sizeof path, "%s/head.key", where);
    if (!key_load(path, &found, &why))
        return why.kind == FAULT_ABSENT ? 0 : -1;
    key_free(found);
    return 1;
}

Test(key_on_a_disk, is_there_in_whole_or_not_at_all_whenever_the_power_goes)
{
    char folder[FOLDER_SIZE], path[64];
    folder_make(folder, "key");
    snprintf(path, sizeof path, "%s/head.key", folder);
    power_fixture_start(folder);
    power_fixture_begin();
    cr_assert(key_create(path, &why), "%s", why.text);
    power_fixture_done();
    power_fixture_check(which_head_key);
    power_fixture_stop();
    folder_remove(folder);
}

Test(key, refuses_a_damaged_file)
{
    start();
    power_resize("/k", 100);
    struct key *other = NULL;
    cr_assert(!key_load("/k", &other, &why));
    cr_assert_eq(why.kind, FAULT_BROKEN);
    stop();
}

Test(key, signs_what_only_it_verifies)
{
    start();
    cr_assert(key_create("/other", &why));
    struct key *other = NULL;
    cr_assert(key_load("/other", &other, &why));
    unsigned char hash[32] = {1}, signature[KEY_SIGNATURE_MAX];
    size_t length = key_sign(key, hash, signature);
    cr_assert(key_verify(key, hash, signature, length));
    cr_assert(!key_verify(other, hash, signature, length));
    hash[0] = 2;
    cr_assert(!key_verify(key, hash, signature, length));
    key_free(other);
    stop();
}
