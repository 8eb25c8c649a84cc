// SPDX-License-Identifier: EUPL-1.2
// What was printed, summed up.
#pragma once
#include "broker/api/types.h"

struct account_sum {
    char tenant[SLUG_SIZE]; // who pays
    char person[ID_SIZE], user_name[USER_NAME_SIZE], name[NAME_SIZE];
    char printer_tenant[SLUG_SIZE];
    char printer[ID_SIZE];
    int64_t jobs, pages, colour_pages, not_reported, sheets;
    int64_t hundredths; // of a cent
    char price[32];
};
extern const struct record_type account_sum_type;

// Which of tenant, person and printer are told apart; by gateway it is not what was printed, but who came in by it.
enum account_by { ACCOUNTS_BY_ALL, ACCOUNTS_BY_PERSON, ACCOUNTS_BY_PRINTER, ACCOUNTS_BY_TENANT, ACCOUNTS_BY_GATEWAY };

struct account_entry;
void account_add(struct record_list *sums, const struct account_entry *entry, enum account_by by);
// Sorted, those of one kind together, with their prices.
void account_merge(struct record_list *sums);
