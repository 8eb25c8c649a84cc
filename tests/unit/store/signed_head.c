// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/signed_head.h"
#include "tests/unit/store/power_vfs.h"

#include <criterion/criterion.h>
#include <string.h>

static struct fault why;
static struct key *key;

static void start(void)
{
    power_start();
    power_seed(3);
    cr_assert(key_create(&power_files, "/k", &why), "%s", why.text);
    cr_assert(key_load(&power_files, "/k", &key, &why), "%s", why.text);
    cr_assert(signed_head_create(&power_files, "/h", key, &(struct signed_head){.commit_number = 1}, &why), "%s",
              why.text);
}

static void stop(void)
{
    key_free(key);
}

TestSuite(head, .init = start, .fini = stop);

static bool read_head(struct signed_head *head, bool *torn)
{
    struct head_file *file = NULL;
    if (!signed_head_open(&power_files, "/h", key, &file, head, torn, &why))
        return false;
    signed_head_close(file);
    return true;
}

static void write_heads(uint64_t from, uint64_t to)
{
    struct head_file *file = NULL;
    struct signed_head head;
    bool torn;
    cr_assert(signed_head_open(&power_files, "/h", key, &file, &head, &torn, &why), "%s", why.text);
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
    power_files.unlink("/h");
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
        cr_assert(signed_head_open(&power_files, "/h", key, &file, &head, &torn, &why), "%s", why.text);
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

Test(key, refuses_a_damaged_file)
{
    start();
    power_resize("/k", 100);
    struct key *other = NULL;
    cr_assert(!key_load(&power_files, "/k", &other, &why));
    cr_assert_eq(why.kind, FAULT_BROKEN);
    stop();
}

Test(key, signs_what_only_it_verifies)
{
    start();
    cr_assert(key_create(&power_files, "/other", &why));
    struct key *other = NULL;
    cr_assert(key_load(&power_files, "/other", &other, &why));
    unsigned char hash[32] = {1}, signature[KEY_SIGNATURE_MAX];
    size_t length = key_sign(key, hash, signature);
    cr_assert(key_verify(key, hash, signature, length));
    cr_assert(!key_verify(other, hash, signature, length));
    hash[0] = 2;
    cr_assert(!key_verify(key, hash, signature, length));
    key_free(other);
    stop();
}
