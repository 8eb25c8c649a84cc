// SPDX-License-Identifier: EUPL-1.2
// What the journal takes on this disk. Prints `name<TAB>value<TAB>goal<TAB>peer` lines. The folder is the first
// argument, or the present one: /tmp may be memory.
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/store/sqlite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAYLOAD = 400, BATCH_MAX = 1000, MEASURE_MS = 2000 };

struct bench {
    char folder[512];
    struct chain_config config;
    struct loop *loop;
    struct store_port port;
    struct store_event events[BATCH_MAX];
    struct store_batch batch;
    uint64_t seq;
    int64_t until_ms;
    int64_t batches;
};

static struct bench bench;
static char payload[PAYLOAD];

static void print(const char *name, double value, const char *goal, const char *peer)
{
    printf("%s\t%.*f\t%s\t%s\n", name, value < 100 ? 1 : 0, value, goal, peer);
    fflush(stdout);
}

static void must(bool right, const struct fault *why)
{
    if (right)
        return;
    fprintf(stderr, "store bench: %s\n", why->text);
    exit(1);
}

static void append_next(void *arg, enum store_outcome outcome, const struct fault *why)
{
    (void)arg;
    must(outcome == STORE_DURABLE, why);
    bench.batches++;
    if (clock_steady_ms() >= bench.until_ms) {
        loop_stop(bench.loop);
        return;
    }
    for (size_t i = 0; i < bench.batch.event_count; i++)
        bench.events[i] = (struct store_event){++bench.seq, clock_wall_ms(), payload, PAYLOAD};
    bench.port.append(bench.port.self, &bench.batch, append_next, NULL);
}

// Events a second.
static double measure_appends(size_t batch, int64_t wait_ms)
{
    bench.batch = (struct store_batch){.events = bench.events, .event_count = batch};
    bench.batches = -1;
    bench.until_ms = clock_steady_ms() + wait_ms;
    int64_t start_us = clock_steady_us();
    append_next(NULL, STORE_DURABLE, NULL);
    loop_run(bench.loop);
    return (double)bench.batches * (double)batch * 1e6 / (double)(clock_steady_us() - start_us);
}

// Overwrites of 4 KiB, each synced: what the disk alone can do.
static double measure_disk(void)
{
    char path[600], block[4096] = {1};
    snprintf(path, sizeof path, "%s/raw", bench.folder);
    int file = open(path, O_RDWR | O_CREAT, 0600);
    must(file >= 0 && pwrite(file, block, sizeof block, 0) == sizeof block && fsync(file) == 0,
         &(struct fault){.text = "cannot write"});
    int64_t start_us = clock_steady_us(), count = 0;
    for (; clock_steady_us() < start_us + MEASURE_MS * 1000; count++) {
        block[0]++;
        must(pwrite(file, block, sizeof block, 0) == sizeof block && fdatasync(file) == 0,
             &(struct fault){.text = "cannot sync"});
    }
    close(file);
    return (double)count * 1e6 / (double)(clock_steady_us() - start_us);
}

static double measure_sign_us(void)
{
    char path[600];
    struct key *key = NULL;
    struct fault why;
    snprintf(path, sizeof path, "%s/head.key", bench.folder);
    must(key_create(path, &why) && key_load(path, &key, &why), &why);
    unsigned char hash[32] = {0}, signature[KEY_SIGNATURE_MAX];
    enum { COUNT = 5000 };
    int64_t start_us = clock_steady_us();
    for (int i = 0; i < COUNT; i++)
        hash[i % 32] ^= (unsigned char)key_sign(key, hash, signature);
    double spent_us = (double)(clock_steady_us() - start_us) / COUNT;
    key_free(key);
    unlink(path);
    return spent_us;
}

static double open_ms(void)
{
    struct fault why;
    int64_t start_us = clock_steady_us();
    bench.port = store_open_sqlite(&bench.config, bench.loop);
    must(bench.port.open(bench.port.self, &why), &why);
    return (double)(clock_steady_us() - start_us) / 1e3;
}

static void start(void)
{
    struct fault why;
    bench.config = (struct chain_config){.folder = bench.folder};
    bench.loop = loop_new();
    bench.seq = 0;
    must(chain_create(&bench.config, &why), &why);
    open_ms();
}

static void stop(void)
{
    bench.port.close(bench.port.self);
    loop_free(bench.loop);
}

static void remove_files(void)
{
    static const char *const names[] = {"journal.db", "journal.db-wal", "head", "head.key", "raw"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", bench.folder, names[i]);
        unlink(path);
    }
}

static double reopen_with(uint64_t events)
{
    while (bench.seq < events) {
        bench.until_ms = 0;
        bench.batch = (struct store_batch){.events = bench.events, .event_count = BATCH_MAX};
        for (size_t i = 0; i < BATCH_MAX; i++)
            bench.events[i] = (struct store_event){++bench.seq, clock_wall_ms(), payload, PAYLOAD};
        bench.port.append(bench.port.self, &bench.batch, append_next, NULL);
        loop_run(bench.loop);
    }
    bench.port.close(bench.port.self);
    return open_ms();
}

int main(int count, char **arguments)
{
    log_set_level(LOG_LEVEL_ERROR);
    snprintf(bench.folder, sizeof bench.folder, "%s/pult-bench-XXXXXX", count > 1 ? arguments[1] : ".");
    must(mkdtemp(bench.folder) != NULL, &(struct fault){.text = "cannot create a folder"});
    memset(payload, 'x', sizeof payload);
    double disk = measure_disk();
    print("store.raw_fdatasync_per_s", disk, "-", "-");
    print("store.sign_us", measure_sign_us(), "-", "-");
    char peer[64];
    snprintf(peer, sizeof peer, "%.0f", disk / 2); // each append syncs twice: log and head
    start();
    print("store.append_1_per_s", measure_appends(1, MEASURE_MS), "-", peer);
    print("store.append_10_per_s", measure_appends(10, MEASURE_MS), "-", "-");
    print("store.append_50_per_s", measure_appends(50, MEASURE_MS), "-", "-");
    stop();
    remove_files();
    start();
    print("store.open_10k_ms", reopen_with(10000), "200", "-");
    print("store.open_100k_ms", reopen_with(100000), "1000", "-");
    stop();
    remove_files();
    rmdir(bench.folder);
    return 0;
}
