// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/guesses.h"
#include "broker/base/address.h"
#include "broker/base/mem.h"
#include "broker/base/meter.h"
#include "broker/base/sorted_table.h"
#include "broker/base/text.h"

#include <assert.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, SETS = 16 * 1024, WAYS = 8, DOUBLINGS_MAX = 11 };

enum counted { PERSON_THERE, NETWORK, COUNTED };

struct guess_rule {
    int free_tries;
    int64_t wait_max_ms; // it begins with a second, and doubles
    int64_t forgive_ms;  // of silence, for one failure
};

// At home a person types wrong a few times, behind one address there may be a whole building.
static const struct guess_rule rules[COUNTED] = {
    [PERSON_THERE] = {3, 15LL * MINUTE_MS, 10LL * MINUTE_MS},
    [NETWORK] = {20, MINUTE_MS, 5LL * MINUTE_MS},
};

struct guess_count {
    uint64_t key; // of a digest; 0: free
    int64_t last_ms, next_ms;
    int failures;
    bool familiar; // somebody was right
};

// Of those who were asked about at the directory, and with wrong passwords.
struct guessed_person {
    char name[ID_SIZE + USER_NAME_SIZE]; // the key
    int failures, open;
    int64_t last_ms;
};

struct guessed_directory {
    char tenant[ID_SIZE]; // the key
    struct meter wrong;
};

struct guesses {
    unsigned char key[GUESSES_KEY_BYTES];
    int tries;
    struct guess_count *counts[COUNTED]; // SETS times WAYS
    struct sorted_table people;          // struct guessed_person
    struct sorted_table directories;     // struct guessed_directory
};

static const struct meter_rate wrong_rate = {GUESSES_WRONG_PER_MINUTE, GUESSES_WRONG_PER_MINUTE};

struct guesses *guesses_new(const unsigned char key[GUESSES_KEY_BYTES], int tries)
{
    struct guesses *guesses = mem_new(1, sizeof *guesses);
    assert(tries > 1); // one is kept
    memcpy(guesses->key, key, GUESSES_KEY_BYTES);
    guesses->tries = tries;
    for (size_t what = 0; what < COUNTED; what++)
        guesses->counts[what] = mem_new((size_t)SETS * WAYS, sizeof *guesses->counts[what]);
    return guesses;
}

void guesses_free(struct guesses *guesses)
{
    if (!guesses)
        return;
    for (size_t what = 0; what < COUNTED; what++)
        free(guesses->counts[what]);
    sorted_table_clear(&guesses->people);
    sorted_table_clear(&guesses->directories);
    explicit_bzero(guesses->key, sizeof guesses->key);
    free(guesses);
}

// ---- who guesses where

static uint64_t key_of(const struct guesses *guesses, enum counted what, const struct guess *guess)
{
    struct {
        unsigned char key[GUESSES_KEY_BYTES];
        char name[ID_SIZE + USER_NAME_SIZE];
        char network[ADDRESS_NETWORK_TEXT_SIZE];
    } said;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    uint64_t key;
    memset(&said, 0, sizeof said);
    memcpy(said.key, guesses->key, sizeof said.key);
    if (what == PERSON_THERE)
        text_cut(said.name, sizeof said.name, guess->name);
    text_cut(said.network, sizeof said.network, guess->network);
    SHA256((const unsigned char *)&said, sizeof said, digest);
    memcpy(&key, digest, sizeof key);
    return key ? key : 1;
}

static bool is_worth_less(const struct guess_count *count, const struct guess_count *other)
{
    if (count->familiar != other->familiar)
        return other->familiar;
    return count->last_ms < other->last_ms;
}

// The count of this key, or with `places` one that is made for it, in the place of the one that is missed least.
static struct guess_count *find_count(struct guesses *guesses, enum counted what, uint64_t key, bool places)
{
    struct guess_count *set = guesses->counts[what] + key % SETS * WAYS, *least = set;
    for (struct guess_count *count = set; count < set + WAYS; count++) {
        if (count->key == key)
            return count;
        if (least->key && (!count->key || is_worth_less(count, least)))
            least = count;
    }
    if (!places)
        return NULL;
    *least = (struct guess_count){.key = key};
    return least;
}

static void set_wait(const struct guess_rule *rule, struct guess_count *count)
{
    int over = count->failures - rule->free_tries;
    int64_t wait_ms = over <= 0 ? 0 : (int64_t)SECOND_MS << (over - 1);
    count->next_ms = count->last_ms + (wait_ms < rule->wait_max_ms ? wait_ms : rule->wait_max_ms);
}

static void count_failure(const struct guess_rule *rule, struct guess_count *count, int64_t now_ms)
{
    int64_t forgiven = count->failures ? (now_ms - count->last_ms) / rule->forgive_ms : 0;
    int left = forgiven < count->failures ? count->failures - (int)forgiven : 0;
    count->failures = left < rule->free_tries + DOUBLINGS_MAX ? left + 1 : left; // whoever goes on is forgiven in time
    count->last_ms = now_ms;
    set_wait(rule, count);
}

static void take_back(const struct guess_rule *rule, struct guess_count *count)
{
    count->failures -= count->failures > 0;
    set_wait(rule, count);
}

static int64_t wait_of(const struct guess_count *count, int64_t now_ms)
{
    return count && count->next_ms > now_ms ? count->next_ms - now_ms : 0;
}

int64_t guesses_begin(struct guesses *guesses, const struct guess *guess, int64_t now_ms)
{
    const uint64_t keys[COUNTED] = {key_of(guesses, PERSON_THERE, guess), key_of(guesses, NETWORK, guess)};
    const struct guess_count *there = find_count(guesses, PERSON_THERE, keys[PERSON_THERE], false);
    int64_t wait_ms = wait_of(there, now_ms), network_ms = 0;
    if (!there || !there->familiar)
        network_ms = wait_of(find_count(guesses, NETWORK, keys[NETWORK], false), now_ms);
    if (wait_ms || network_ms)
        return wait_ms > network_ms ? wait_ms : network_ms;
    for (enum counted what = 0; what < COUNTED; what++)
        count_failure(&rules[what], find_count(guesses, what, keys[what], true), now_ms);
    return 0;
}

void guesses_end(struct guesses *guesses, const struct guess *guess, enum guess_outcome outcome, int64_t now_ms)
{
    if (outcome == GUESS_WRONG)
        return;
    const uint64_t keys[COUNTED] = {key_of(guesses, PERSON_THERE, guess), key_of(guesses, NETWORK, guess)};
    for (enum counted what = 0; what < COUNTED; what++) {
        struct guess_count *count = find_count(guesses, what, keys[what], false); // NULL: forgotten meanwhile
        if (count)
            take_back(&rules[what], count);
    }
    if (outcome == GUESS_RIGHT)
        *find_count(guesses, PERSON_THERE, keys[PERSON_THERE], true) =
            (struct guess_count){.key = keys[PERSON_THERE], .last_ms = now_ms, .familiar = true};
}

// ---- the directory

static void drop_quiet_people(struct sorted_table *people, int64_t now_ms)
{
    for (size_t i = people->count; i > 0; i--) {
        const struct guessed_person *person = people->records[i - 1];
        if (!person->open && now_ms - person->last_ms >= GUESSES_REST_MS)
            free(sorted_table_take(people, person->name));
    }
}

static struct guessed_person *person_of(struct guesses *guesses, const struct guess *guess, int64_t now_ms)
{
    struct guessed_person *person = sorted_table_find(&guesses->people, guess->name);
    if (person)
        return person;
    drop_quiet_people(&guesses->people, now_ms);
    person = mem_new(1, sizeof *person);
    TEXT_PUT(person->name, guess->name);
    sorted_table_put(&guesses->people, person);
    return person;
}

static struct guessed_directory *directory_of(struct guesses *guesses, const struct guess *guess)
{
    struct guessed_directory *directory = sorted_table_find(&guesses->directories, guess->tenant);
    if (directory)
        return directory;
    directory = mem_new(1, sizeof *directory);
    TEXT_PUT(directory->tenant, guess->tenant);
    sorted_table_put(&guesses->directories, directory);
    return directory;
}

bool guesses_ask_directory(struct guesses *guesses, const struct guess *guess, int64_t now_ms)
{
    struct guessed_person *person = person_of(guesses, guess, now_ms);
    struct meter wrong = directory_of(guesses, guess)->wrong; // a copy: what it takes is wrong passwords
    if (now_ms - person->last_ms >= GUESSES_REST_MS)
        person->failures = 0;
    int tries = guess->by_passkey ? guesses->tries : guesses->tries - 1;
    if (person->failures + person->open >= tries || !meter_take(&wrong, &wrong_rate, now_ms))
        return false;
    person->open++;
    return true;
}

void guesses_directory_said(struct guesses *guesses, const struct guess *guess, bool right, int64_t now_ms)
{
    struct guessed_person *person = sorted_table_find(&guesses->people, guess->name);
    assert(person && person->open > 0);
    person->open--;
    if (right) {
        person->failures = 0;
    } else {
        person->failures++;
        person->last_ms = now_ms;
        meter_take(&directory_of(guesses, guess)->wrong, &wrong_rate, now_ms);
    }
    if (!person->open && !person->failures)
        free(sorted_table_take(&guesses->people, person->name));
}
