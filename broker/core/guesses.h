// SPDX-License-Identifier: EUPL-1.2
// Log-ons from the internet, where anybody guesses and nobody can be sent away for good. Who guesses waits longer each
// time: for one person from one network, and for all people from there; what others guess elsewhere slows nobody. The
// second factor is checked first, so that a guess hardly ever comes to the directory; what does is counted, so that the
// directory itself locks nobody out. Names count whether or not they exist. Soft state in a fixed room: where there are
// more networks than fit, the longest silent are forgotten first. Times are steady.
#pragma once
#include "broker/api/types.h"

enum {
    GUESSES_KEY_BYTES = 16,
    GUESSES_TRIES_USUAL = 3,
    GUESSES_REST_MS = 30 * 60 * 1000, // of silence, until a directory has forgotten wrong passwords
    GUESSES_WRONG_PER_MINUTE = 60,    // wrong passwords at one tenant's directory
};

struct guesses;

// `tries`: wrong passwords for one person, each within GUESSES_REST_MS of the one before; fewer than what locks an
// account, less what administrators' and desks' log-ons may use. `key`: random, so that nobody knows what is kept
// beside what.
struct guesses *guesses_new(const unsigned char key[GUESSES_KEY_BYTES], int tries);
void guesses_free(struct guesses *guesses); // NULL allowed

struct guess {
    const char *tenant;  // its id
    const char *name;    // of the person, one spelling: "neustadt/anna"
    const char *network; // see address_network_text
    bool by_passkey;     // the second factor, which nobody guesses
};

enum guess_outcome { GUESS_UNDECIDED, GUESS_RIGHT, GUESS_WRONG };

// Milliseconds until this one may begin. 0: it has begun, and counts as wrong until it ends as something else.
int64_t guesses_begin(struct guesses *guesses, const struct guess *guess, int64_t now_ms);
// All of it was right, or some of it was wrong, or nobody knows. Who was right is known there from then on, and waits
// no longer for what others guess in the same network.
void guesses_end(struct guesses *guesses, const struct guess *guess, enum guess_outcome outcome, int64_t now_ms);

// Behind the second factor, which was right: whether the directory may be asked about a password now. True: it is under
// way, and what comes of it has to be told. The last try for a person is kept for a passkey, so that whoever guessed a
// code takes none from who holds the key.
bool guesses_ask_directory(struct guesses *guesses, const struct guess *guess, int64_t now_ms)
    __attribute__((warn_unused_result));
// `right` only when the directory said so: without an answer it may have counted a failure.
void guesses_directory_said(struct guesses *guesses, const struct guess *guess, bool right, int64_t now_ms);
