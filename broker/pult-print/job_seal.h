// SPDX-License-Identifier: EUPL-1.2
// What a print server has to know of its broker to take jobs without it: for whom their keys are sealed, and who signs
// the certificates of hosts. The broker says both when the link comes up; they are kept for the time without it.
#pragma once
#include "broker/api/print_link.h"
#include "broker/pult-print/spool_job.h"

struct job_seal;

// What an earlier broker said is in `state_dir`, or nothing is. Keys are sealed for the broker to give back to
// `holder`, which is borrowed: this print server's id.
struct job_seal *job_seal_new(const char *state_dir, const char *holder);
void job_seal_free(struct job_seal *sealing); // NULL allowed
// Base64 of DER, hostile: takes the place of what was, durably. False: that is there still.
bool job_seal_learn(struct job_seal *sealing, const char *seal, const char *authority, struct fault *why)
    __attribute__((warn_unused_result));
bool job_seal_is_ready(const struct job_seal *sealing);         // both are known
const char *job_seal_authority(const struct job_seal *sealing); // the file of it, PEM
bool job_seal_seal(const struct job_seal *sealing, const unsigned char key[PRINT_KEY_BYTES],
                   char sealed[SPOOL_SEALED_SIZE], struct fault *why) __attribute__((warn_unused_result));
