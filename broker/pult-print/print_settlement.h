// SPDX-License-Identifier: EUPL-1.2
// One job from where it is over at its printer to where its entry is in the accounts. Where the printer does not say
// how much came out, or may have had a half, the pages of the document are counted. Writes no record.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-print/print_result.h"
#include "broker/pult-print/spool.h"

struct print_settlement;

struct print_settlement_events {
    // The document must be looked into, and its key was not given. To be answered by print_settlement_give_key, later.
    void (*wants_key)(void *arg);
    // `entry` says how its record ends; it is on the disk where there is anything to account for. It may be freed now.
    void (*done)(void *arg, const struct print_account *entry);
};

// All that it names outlives the settlement, but the key, which is copied.
struct settlement_order {
    struct loop *loop;
    const struct spool *spool;
    struct accounts *accounts;
    const char *job;
    const unsigned char *key;            // NULL: not known
    const struct printer_job *seen;      // the last that the printer said of it
    const struct print_options *options; // as it was printed
    bool recovered;                      // it was sent before this program was started
};

struct print_settlement *print_settlement_new(const struct settlement_order *order,
                                              const struct print_settlement_events *events, void *arg);
void print_settlement_begin(struct print_settlement *settlement); // from here on events come, also at once
bool print_settlement_wants_key(const struct print_settlement *settlement);
// NULL: it cannot be had. Only while it is wanted.
void print_settlement_give_key(struct print_settlement *settlement, const unsigned char *key);
// No event comes any more. While an entry is being written only together with the accounts. NULL allowed.
void print_settlement_free(struct print_settlement *settlement);
