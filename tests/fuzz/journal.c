// SPDX-License-Identifier: EUPL-1.2
// A journal whose files somebody has changed: it opens with everything that was acknowledged, or refuses with a
// sentence. An input is a row of changes to a good journal, part of it in the database, part in the log; only its keys
// and salts differ from run to run:
//   what: bits 0-1 the file (database, log, head, key), bits 2-3 the deed (put, flip, cut, repeat)
//   where: 3 bytes, taken modulo the file's length
//   length: 1 byte, then as many bytes; they are put there, mixed in, or repeated to the file's end
#include "broker/base/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/store/journal_model.h"
#include "tests/unit/store/power_vfs.h"

#include <assert.h>
#include <string.h>

static const struct chain_config config = {.folder = "/data", .head_folder = "/head", .vfs = POWER_VFS};
static const char *const names[] = {"/data/journal.db", "/data/journal.db-wal", "/head/head", "/head/head.key"};
enum deed { DEED_PUT, DEED_FLIP, DEED_CUT, DEED_REPEAT };

static struct model model;
static struct power_image *image;

static void fill(struct chain *chain, int batches)
{
    struct fault why;
    struct model_batch batch;
    for (int i = 0; i < batches; i++) {
        model_add_events(&model, &batch, 2);
        model_add_person(&model, &batch, i % MODEL_PEOPLE);
        enum store_outcome outcome = chain_append(chain, &batch.batch, &why);
        assert(outcome == STORE_DURABLE);
        (void)outcome;
    }
}

static struct chain *open_good(void)
{
    struct fault why;
    struct chain *chain = NULL;
    bool opened = chain_open(&config, &chain, &why);
    assert(opened);
    (void)opened;
    return chain;
}

static void keep_snapshot(struct chain *chain)
{
    struct fault why;
    char bytes[800];
    model.snapshot = model.events;
    size_t length = model_snapshot(bytes, model.snapshot);
    enum store_outcome outcome = chain_keep_snapshot(chain, model.snapshot, bytes, length, &why);
    assert(outcome == STORE_DURABLE);
    model.erased = 3;
    outcome = chain_erase(chain, &(struct store_range){1, 3}, 1, &why);
    assert(outcome == STORE_DURABLE);
    (void)outcome;
}

static void make_image(void)
{
    struct fault why;
    log_set_level(LOG_LEVEL_ERROR);
    power_start();
    power_seed(7);
    bool made = chain_create(&config, &why);
    assert(made);
    (void)made;
    struct chain *chain = open_good();
    fill(chain, 3);
    keep_snapshot(chain);
    chain_close(chain);
    chain = open_good();
    fill(chain, 2);
    image = power_image_new();
    chain_close(chain);
}

static void put(unsigned char *file, size_t left, enum deed deed, const uint8_t *bytes, size_t length)
{
    size_t count = deed == DEED_REPEAT ? left : length < left ? length : left;
    for (size_t i = 0; length && i < count; i++)
        file[i] = (unsigned char)(deed == DEED_FLIP ? file[i] ^ bytes[i] : bytes[i % length]);
}

// One change; how many bytes of the input it took.
static size_t change(const uint8_t *data, size_t size)
{
    if (size < 5)
        return size;
    const char *name = names[data[0] & 3];
    enum deed deed = (enum deed)(data[0] >> 2 & 3);
    size_t where = (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3], file_length = 0;
    size_t length = data[4] < size - 5 ? data[4] : size - 5;
    unsigned char *file = power_file(name, &file_length);
    if (file && file_length) {
        where %= file_length;
        if (deed == DEED_CUT)
            power_resize(name, where);
        else
            put(file + where, file_length - where, deed, data + 5, length);
    }
    return 5 + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!image)
        make_image();
    power_restore(image);
    while (size > 0) {
        size_t taken = change(data, size);
        data += taken;
        size -= taken;
    }
    struct fault why = {0};
    struct chain *chain = NULL;
    if (chain_open(&config, &chain, &why)) {
        bool fits = model_fits(&model, chain, &why);
        assert(fits);
        (void)fits;
        chain_close(chain);
    } else {
        assert(!chain && why.text[0] && (why.kind == FAULT_BROKEN || why.kind == FAULT_ABSENT));
    }
    return 0;
}
