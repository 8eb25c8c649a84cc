// SPDX-License-Identifier: EUPL-1.2
// A morning: people come one after the other at moments of chance, spread over some seconds.
//   bench_storm PEOPLE SECONDS DEVICES HOST CA FOLDER [FIRST]     FOLDER holds what bench_enrol left
// The first of them is p00001, or the one of the number FIRST.
// Each logs on once, on the kept connection of a device, every fifth on a fresh one. Who comes while all devices are
// busy waits for one, and that counts: the time is taken from the moment they came to their desk.
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "tests/bench/https.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FRESH_EVERY = 5, DEVICES_MAX = 1000 };

struct person {
    int64_t comes_us, took_us; // since the start; took_us < 0: refused, or no answer
};

static char **words;
static struct person *persons;
static int people, next, first = 1;
static int64_t began_us;

static int by_time(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static void invite(int seconds)
{
    owned(bytes) int64_t *times = mem_new((size_t)people, sizeof *times);
    srandom(1);
    for (int i = 0; i < people; i++)
        times[i] = (int64_t)((double)random() / RAND_MAX * seconds * 1e6);
    qsort(times, (size_t)people, sizeof *times, by_time);
    for (int i = 0; i < people; i++)
        persons[i].comes_us = times[i];
}

static void log_on(struct https *https, int number)
{
    struct person *person = &persons[number];
    char body[100];
    int64_t early_us = began_us + person->comes_us - clock_steady_us();
    if (early_us > 0)
        usleep((useconds_t)early_us);
    if (number % FRESH_EVERY == 0)
        https_close(https);
    snprintf(body, sizeof body, "{\"name\":\"p%05d\",\"password\":\"viele-geheim-1\"}", number + first);
    int status = https_ask(https, "POST", "/v1/logon", "Content-Type: application/json\r\n", body);
    person->took_us = clock_steady_us() - began_us - person->comes_us;
    if (status == 200)
        return;
    fprintf(stderr, "p%05d: %d %s\n", number + first, status, status ? https->answer.bytes : "no answer");
    person->took_us = -1;
}

static void *work(void *arg)
{
    struct https *https = arg;
    for (int number; (number = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < people;)
        log_on(https, number);
    https_drop(https);
    return NULL;
}

static void report(void)
{
    owned(bytes) int64_t *times = mem_new((size_t)people, sizeof *times);
    int errors = 0;
    size_t kept = 0;
    for (int i = 0; i < people; i++) {
        if (persons[i].took_us < 0)
            errors++;
        else
            times[kept++] = persons[i].took_us;
    }
    qsort(times, kept, sizeof *times, by_time);
    printf("storm.errors\t%d\t0\t-\n", errors);
    if (!kept)
        return;
    size_t middle = kept / 2, late = kept * 99 / 100;
    printf("storm.p50_ms\t%.2f\t-\t-\n", (double)times[middle] / 1e3);
    printf("storm.p99_ms\t%.2f\t2000\t-\n", (double)times[late] / 1e3);
    printf("storm.most_ms\t%.2f\t-\t-\n", (double)times[kept - 1] / 1e3);
}

int main(int argc, char **argv)
{
    static pthread_t threads[DEVICES_MAX];
    static struct https devices[DEVICES_MAX];
    if (argc != 7 && argc != 8) {
        fputs("usage: see the head of tests/bench/storm.c\n", stderr);
        return 2;
    }
    words = argv;
    people = (int)strtol(argv[1], NULL, 10);
    int count = (int)strtol(argv[3], NULL, 10);
    if (argc == 8)
        first = (int)strtol(argv[7], NULL, 10);
    persons = mem_new((size_t)people, sizeof *persons);
    invite((int)strtol(argv[2], NULL, 10));
    for (int i = 0; i < count && i < DEVICES_MAX; i++) {
        devices[i] = (struct https){.context = https_device(argv[5], argv[6], i + 1), .host = argv[4], .port = "8444"};
        if (!https_open(&devices[i])) {
            fprintf(stderr, "load%d cannot connect\n", i + 1);
            return 1;
        }
    }
    began_us = clock_steady_us();
    for (int i = 0; i < count && i < DEVICES_MAX; i++)
        pthread_create(&threads[i], NULL, work, &devices[i]);
    for (int i = 0; i < count && i < DEVICES_MAX; i++)
        pthread_join(threads[i], NULL);
    report();
    return 0;
}
