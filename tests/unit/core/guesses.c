// SPDX-License-Identifier: EUPL-1.2
// Everybody on the internet guesses at Anna, who is on holiday and wants to log on.
#include "broker/core/guesses.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS, TRIES = GUESSES_TRIES_USUAL };

static const unsigned char key[GUESSES_KEY_BYTES] = "for these tests";
static struct guesses *guesses;
static int64_t now_ms;

static void open_guesses(void)
{
    guesses = guesses_new(key, TRIES);
    now_ms = 5000;
}

static void close_guesses(void)
{
    guesses_free(guesses);
}

TestSuite(guesses_outside, .init = open_guesses, .fini = close_guesses, .timeout = 300);

static struct guess guess_of(const char *name, const char *network)
{
    return (struct guess){.tenant = "neustadt", .name = name, .network = network};
}

// Milliseconds that it has to wait; 0: it was tried, and ended so.
static int64_t try_as(const char *name, const char *network, enum guess_outcome outcome)
{
    const struct guess guess = guess_of(name, network);
    int64_t wait_ms = guesses_begin(guesses, &guess, now_ms);
    if (!wait_ms)
        guesses_end(guesses, &guess, outcome, now_ms);
    return wait_ms;
}

static const char *network_text(unsigned number)
{
    static char text[64];
    snprintf(text, sizeof text, "2001:db8:%x:%x::", number >> 16, number & 0xffff);
    return text;
}

static const char *name_text(unsigned number)
{
    static char text[64];
    snprintf(text, sizeof text, "neustadt/person-%u", number);
    return text;
}

Test(guesses_outside, wait_longer_each_time)
{
    static const int64_t seconds[] = {0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};
    const struct guess guess = guess_of("neustadt/anna", "192.0.2.1");
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        cr_assert_eq(guesses_begin(guesses, &guess, now_ms), 0);
        guesses_end(guesses, &guess, GUESS_WRONG, now_ms);
        if (seconds[i])
            cr_expect_eq(guesses_begin(guesses, &guess, now_ms), seconds[i] * SECOND_MS, "%zu", i);
        now_ms += seconds[i] * SECOND_MS;
    }
}

Test(guesses_outside, many_at_once_are_no_way_around)
{
    const struct guess guess = guess_of("neustadt/anna", "192.0.2.1");
    int begun = 0;
    for (int i = 0; i < 100; i++)
        begun += guesses_begin(guesses, &guess, now_ms) == 0;
    cr_expect_eq(begun, 4);
}

Test(guesses_outside, from_a_network_wait_whoever_is_meant)
{
    int tried = 0;
    for (unsigned i = 0; i < 1000; i++)
        tried += try_as(name_text(i), "192.0.2.1", GUESS_WRONG) == 0;
    cr_expect_eq(tried, 21);
    cr_expect_gt(try_as("neustadt/anna", "192.0.2.1", GUESS_WRONG), 0);
    cr_expect_eq(try_as("neustadt/anna", "192.0.2.2", GUESS_WRONG), 0);
}

// Anna's neighbour behind the same address guesses; she was there yesterday.
Test(guesses_outside, do_not_slow_who_is_known_in_the_same_network)
{
    cr_assert_eq(try_as("neustadt/anna", "192.0.2.1", GUESS_RIGHT), 0);
    for (unsigned i = 0; i < 1000; i++)
        try_as(name_text(i), "192.0.2.1", GUESS_WRONG);
    cr_expect_gt(try_as("neustadt/bert", "192.0.2.1", GUESS_RIGHT), 0);
    cr_expect_eq(try_as("neustadt/anna", "192.0.2.1", GUESS_RIGHT), 0);
    for (int i = 0; i < 10; i++)
        try_as("neustadt/anna", "192.0.2.1", GUESS_WRONG);
    cr_expect_gt(try_as("neustadt/anna", "192.0.2.1", GUESS_RIGHT), 0, "but she guesses as slowly as others");
}

Test(guesses_outside, a_building_may_log_on_in_the_morning)
{
    for (unsigned i = 0; i < 500; i++) {
        cr_assert_eq(try_as(name_text(i), "192.0.2.1", i % 2 ? GUESS_RIGHT : GUESS_UNDECIDED), 0, "%u", i);
        now_ms += 10;
    }
}

Test(guesses_outside, success_and_silence_are_forgiving)
{
    for (int i = 0; i < 4; i++)
        try_as("neustadt/anna", "192.0.2.1", GUESS_WRONG);
    now_ms += SECOND_MS;
    cr_assert_eq(try_as("neustadt/anna", "192.0.2.1", GUESS_RIGHT), 0);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(try_as("neustadt/anna", "192.0.2.1", GUESS_WRONG), 0);
    cr_expect_gt(try_as("neustadt/anna", "192.0.2.1", GUESS_WRONG), 0);
    now_ms += 3 * HOUR_MS;
    for (int i = 0; i < 4; i++)
        cr_expect_eq(try_as("neustadt/anna", "192.0.2.1", GUESS_WRONG), 0);
}

// ---- the directory

static bool ask(const char *name, bool by_passkey, bool right)
{
    struct guess guess = guess_of(name, "192.0.2.1");
    guess.by_passkey = by_passkey;
    bool may = guesses_ask_directory(guesses, &guess, now_ms);
    if (may)
        guesses_directory_said(guesses, &guess, right, now_ms);
    return may;
}

Test(guesses_outside, never_bring_the_directory_to_lock_somebody_out)
{
    int failures = 0;
    for (int i = 0; i < 29; i++) {
        failures += ask("neustadt/anna", false, false);
        now_ms += MINUTE_MS;
    }
    cr_expect_eq(failures, TRIES - 1, "the last is kept");
    cr_expect(ask("neustadt/bert", false, false), "others are not meant");
    cr_expect(ask("neustadt/anna", true, true), "who holds the key gets in");
    cr_expect(ask("neustadt/anna", false, true), "and then the directory has forgotten, too");
}

Test(guesses_outside, at_the_directory_end_until_it_has_forgotten)
{
    for (int i = 0; i < 2 * TRIES; i++)
        ask("neustadt/anna", true, false);
    now_ms += GUESSES_REST_MS - 1;
    cr_expect_not(ask("neustadt/anna", true, true));
    now_ms += 1;
    cr_expect(ask("neustadt/anna", true, true));
}

Test(guesses_outside, under_way_at_the_directory_count)
{
    const struct guess guess = guess_of("neustadt/anna", "192.0.2.1");
    for (int i = 0; i < TRIES - 1; i++)
        cr_assert(guesses_ask_directory(guesses, &guess, now_ms));
    cr_expect_not(guesses_ask_directory(guesses, &guess, now_ms));
    guesses_directory_said(guesses, &guess, true, now_ms);
    cr_expect(guesses_ask_directory(guesses, &guess, now_ms));
    guesses_directory_said(guesses, &guess, false, now_ms);
    guesses_directory_said(guesses, &guess, false, now_ms);
    cr_expect_not(guesses_ask_directory(guesses, &guess, now_ms));
}

Test(guesses_outside, have_a_budget_at_each_directory)
{
    int asked = 0;
    for (unsigned i = 0; i < 1000; i++)
        asked += ask(name_text(i), true, false);
    cr_expect_eq(asked, GUESSES_WRONG_PER_MINUTE);
    cr_expect_not(ask("neustadt/anna", true, true));
    struct guess elsewhere = guess_of("altdorf/anna", "192.0.2.1");
    elsewhere.tenant = "altdorf";
    cr_expect(guesses_ask_directory(guesses, &elsewhere, now_ms), "another tenant's is another");
    now_ms += 10 * SECOND_MS;
    for (unsigned i = 0; i < 1000; i++)
        cr_assert(ask(name_text(5000 + i), true, true), "right passwords cost nothing");
}

// ---- all together

struct attack {
    uint64_t random;
    int tried, asked, most_asked;
    int64_t last_ms; // when the directory last heard a wrong password for Anna
};

static uint64_t random_below(struct attack *attack, uint64_t end)
{
    attack->random = attack->random * 6364136223846793005u + 1442695040888963407u;
    return (attack->random >> 33) % end;
}

// Half of it is about Anna. A code is guessed more often than chance would have it, so that there is something to see.
static void attack_once(struct attack *attack)
{
    bool at_anna = random_below(attack, 2);
    const char *name = at_anna ? "neustadt/anna" : name_text((unsigned)random_below(attack, 5000));
    const struct guess guess = guess_of(name, network_text((unsigned)random_below(attack, 20000)));
    if (guesses_begin(guesses, &guess, now_ms) > 0)
        return;
    attack->tried++;
    bool guessed = random_below(attack, 1000) == 0;
    if (guessed && guesses_ask_directory(guesses, &guess, now_ms)) {
        guesses_directory_said(guesses, &guess, false, now_ms);
        if (at_anna) {
            bool forgotten = now_ms - attack->last_ms >= GUESSES_REST_MS;
            attack->asked = forgotten ? 1 : attack->asked + 1;
            attack->last_ms = now_ms;
        }
    }
    if (attack->asked > attack->most_asked)
        attack->most_asked = attack->asked;
    guesses_end(guesses, &guess, GUESS_WRONG, now_ms);
}

static void log_anna_on(struct attack *attack, unsigned hotel)
{
    struct guess anna = guess_of("neustadt/anna", network_text(1000000 + hotel));
    anna.by_passkey = true;
    cr_assert_eq(guesses_begin(guesses, &anna, now_ms), 0);
    cr_assert(guesses_ask_directory(guesses, &anna, now_ms));
    guesses_directory_said(guesses, &anna, true, now_ms);
    guesses_end(guesses, &anna, GUESS_RIGHT, now_ms);
    attack->asked = 0; // the directory has forgotten what was wrong before
}

// A million in an hour, from 20,000 networks. Anna is in another hotel every few minutes.
Test(guesses_outside, a_million_leave_the_directory_in_peace_and_anna_gets_in)
{
    struct attack attack = {.random = 7};
    for (unsigned i = 0; i < 1000000; i++) {
        attack_once(&attack);
        now_ms += i % 5 < 3 ? 4 : 3;
        if (i % 41666 == 41665)
            log_anna_on(&attack, i);
    }
    cr_expect_lt(attack.tried, 900000, "%d", attack.tried);
    cr_expect_eq(attack.most_asked, TRIES - 1, "what locks an account is one more than %d", attack.most_asked);
}

// An attack of many networks at once does not push out what is known of the one that guesses on.
Test(guesses_outside, are_remembered_among_many)
{
    for (int i = 0; i < 12; i++) {
        now_ms += try_as("neustadt/anna", "192.0.2.1", GUESS_WRONG);
        try_as("neustadt/anna", "192.0.2.1", GUESS_WRONG);
    }
    for (unsigned i = 0; i < 30000; i++)
        cr_assert_eq(try_as(name_text(i), network_text(i), GUESS_WRONG), 0);
    cr_expect_gt(try_as("neustadt/anna", "192.0.2.1", GUESS_WRONG), 0);
}
