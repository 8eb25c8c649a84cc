// SPDX-License-Identifier: EUPL-1.2
// Who came in from outside, for how long and with how many bytes, summed up.
#pragma once
#include "broker/api/types.h"

struct channel_sum {
    char tenant[SLUG_SIZE]; // whose people
    char person[ID_SIZE], user_name[USER_NAME_SIZE], name[NAME_SIZE];
    char gateway[ID_SIZE];
    int64_t channels, open_ms, bytes_to_host, bytes_to_person;
    int64_t minutes; // of open_ms, when all are summed up
};
extern const struct record_type channel_sum_type;

struct channel_account;
void channel_sums_add(struct record_list *sums, const struct channel_account *entry);
// Sorted by tenant, person and gateway, those of one kind together.
void channel_sums_merge(struct record_list *sums);
