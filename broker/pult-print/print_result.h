// SPDX-License-Identifier: EUPL-1.2
// What became of a job that is over at its printer: by what that says, and by its document where that says too little.
#pragma once
#include "broker/pult-print/accounts.h"
#include "broker/pult-print/printer_client.h"
#include "broker/pult-print/spool_job.h"

struct print_result {
    const struct spool_job *job;
    const struct printer_job *seen;
    const struct print_options *options; // that it was printed with
    int64_t pages;                       // of the document; 0: not counted
    bool recovered;                      // it was sent before this program was started
};

// Whether only the pages of the document tell how much came out, or whether all did.
bool print_result_wants_pages(const struct print_result *result);
// Its entry in the accounts, but for the number.
void print_result_judge(const struct print_result *result, int64_t at_ms, struct print_account *entry);
