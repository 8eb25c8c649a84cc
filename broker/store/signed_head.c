// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/signed_head.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

// A slot, at byte 0 or 4096 so that the two never share a block:
//   0 magic  8 commit_number  16 seq  24 at_ms  32 journal  48 chain  80 tables_digest  112 signature's length  120
//   signature
enum { SIGNED_BYTES = 112, SIGNATURE_AT = 120, SLOT_USED = SIGNATURE_AT + KEY_SIGNATURE_MAX };
static const char magic[8] = {'P', 'U', 'L', 'T', 'H', 'E', 'D', '1'};

struct head_file {
    struct key *key;
    struct digest digest;
    int descriptor;
};

static void encode_slot(struct digest *digest, struct key *key, const struct signed_head *head,
                        unsigned char slot[SLOT_USED])
{
    memset(slot, 0, SLOT_USED);
    memcpy(slot, magic, sizeof magic);
    number_put(slot + 8, head->commit_number);
    number_put(slot + 16, head->seq);
    number_put(slot + 24, (uint64_t)head->at_ms);
    memcpy(slot + 32, head->journal, JOURNAL_ID_BYTES);
    memcpy(slot + 48, head->chain, DIGEST_BYTES);
    memcpy(slot + 80, head->tables_digest, DIGEST_BYTES);
    unsigned char hash[DIGEST_BYTES];
    digest_begin(digest);
    digest_add(digest, slot, SIGNED_BYTES);
    digest_end(digest, hash);
    number_put(slot + SIGNED_BYTES, key_sign(key, hash, slot + SIGNATURE_AT));
}

static bool decode_slot(struct digest *digest, struct key *key, const unsigned char slot[SLOT_USED],
                        struct signed_head *head)
{
    uint64_t length = number_get(slot + SIGNED_BYTES);
    if (memcmp(slot, magic, sizeof magic) != 0 || length > KEY_SIGNATURE_MAX)
        return false;
    unsigned char hash[DIGEST_BYTES];
    digest_begin(digest);
    digest_add(digest, slot, SIGNED_BYTES);
    digest_end(digest, hash);
    if (!key_verify(key, hash, slot + SIGNATURE_AT, (size_t)length))
        return false;
    head->commit_number = number_get(slot + 8);
    head->seq = number_get(slot + 16);
    head->at_ms = (int64_t)number_get(slot + 24);
    memcpy(head->journal, slot + 32, JOURNAL_ID_BYTES);
    memcpy(head->chain, slot + 48, DIGEST_BYTES);
    memcpy(head->tables_digest, slot + 80, DIGEST_BYTES);
    return true;
}

bool signed_head_create(const char *path, struct key *key, const struct signed_head *head, struct fault *why)
{
    assert(head->commit_number > 0);
    unsigned char bytes[2 * HEAD_SLOT_BYTES] = {0}; // its full size from the start: a later write changes no metadata
    struct signed_head before = *head;
    before.commit_number--;
    owned(digest) struct digest digest;
    digest_init(&digest);
    encode_slot(&digest, key, &before, bytes + before.commit_number % 2 * HEAD_SLOT_BYTES);
    encode_slot(&digest, key, head, bytes + head->commit_number % 2 * HEAD_SLOT_BYTES);
    return file_replace(path, 0600, bytes, sizeof bytes, why);
}

static bool read_slots(struct head_file *file, const char *path, struct signed_head *newest, bool *torn,
                       struct fault *why)
{
    unsigned char bytes[2 * HEAD_SLOT_BYTES] = {0};
    size_t length;
    if (!file_read(path, bytes, sizeof bytes, &length, why))
        return false;
    struct signed_head slots[2];
    bool whole[2];
    for (int i = 0; i < 2; i++)
        whole[i] = decode_slot(&file->digest, file->key, bytes + i * HEAD_SLOT_BYTES, &slots[i]) &&
                   slots[i].commit_number % 2 == (uint64_t)i;
    if (!whole[0] && !whole[1])
        return fault_set(why, FAULT_BROKEN, "the journal's head %s is damaged, or its key is another one", path);
    int newer = !whole[0] || (whole[1] && slots[1].commit_number > slots[0].commit_number);
    *newest = slots[newer];
    *torn = !whole[!newer];
    if (!*torn && slots[!newer].commit_number + 1 != slots[newer].commit_number)
        return fault_set(why, FAULT_BROKEN, "the two halves of the journal's head %s do not belong together", path);
    return true;
}

bool signed_head_open(const char *path, struct key *key, struct head_file **file, struct signed_head *newest,
                      bool *torn, struct fault *why)
{
    struct head_file *opened = mem_new(1, sizeof *opened);
    *opened = (struct head_file){.key = key, .descriptor = -1};
    digest_init(&opened->digest);
    bool right = read_slots(opened, path, newest, torn, why);
    if (right) {
        opened->descriptor = file_system->open(path, O_WRONLY, 0);
        right = opened->descriptor >= 0 ||
                fault_set(why, FAULT_UNAVAILABLE, "cannot write the journal's head %s: %s", path, strerror(errno));
    }
    if (!right) {
        signed_head_close(opened);
        return false;
    }
    *file = opened;
    return true;
}

void signed_head_close(struct head_file *file)
{
    if (!file)
        return;
    if (file->descriptor >= 0)
        file_system->close(file->descriptor);
    digest_drop(&file->digest);
    free(file);
}

bool signed_head_write(struct head_file *file, const struct signed_head *head, struct fault *why)
{
    unsigned char slot[SLOT_USED];
    encode_slot(&file->digest, file->key, head, slot);
    off_t offset = (off_t)(head->commit_number % 2) * HEAD_SLOT_BYTES;
    errno = ENOSPC; // what a short write means
    if (file_system->pwrite(file->descriptor, slot, sizeof slot, offset) != (ssize_t)sizeof slot ||
        file_system->fdatasync(file->descriptor) != 0)
        return fault_set(why, FAULT_BROKEN, "cannot write the journal's head: %s", strerror(errno));
    return true;
}
