// SPDX-License-Identifier: EUPL-1.2
// Print jobs that wait or are being printed: in which state, and why.
#pragma once
#include "broker/api/types.h"

enum {
    JOB_NAME_SIZE = 40,     // "j-" and 32 hexadecimal digits, and room
    JOB_REASONS_SIZE = 512, // the words of all reasons, one space between
};

// By this attribute of IPP a session host says how many seconds ago a job was printed there.
#define JOB_AGE_ATTRIBUTE "pult-age"

enum job_state {
    JOB_WAITING,   // it is printed by itself once it can be
    JOB_HELD,      // until its person or an administrator releases it
    JOB_PRINTING,  // the printer has it, or part of it
    JOB_UNCERTAIN, // nobody can tell whether it came out: its person is asked
    JOB_DONE,
    JOB_CANCELLED,
    JOB_STATE_COUNT,
};
extern const char *const job_state_words[]; // then NULL

// Why it waits, is held, was cancelled or comes out elsewhere.
enum job_reason {
    JOB_REASON_NONE,
    JOB_NOT_AT_A_DESK,
    JOB_NO_PRINTER_NEAR,
    JOB_PRINTER_AWAY,
    JOB_PRINTER_STOPPED,
    JOB_PRINTER_DRAINING,
    JOB_PRINTER_UNKNOWN,
    JOB_AT_SUBSTITUTE,
    JOB_NO_GRANT,
    JOB_HALF_PRINTED,
    JOB_NOT_SUPPORTED,
    JOB_DAMAGED,
    JOB_OWNER_UNKNOWN,
    JOB_MAY_NOT_PRINT,
    JOB_TOO_OLD,
    JOB_SEALED_FOR_ANOTHER_BROKER,
    JOB_SERVER_RESTARTED,
    JOB_SERVER_AWAY, // it is on its session host still, whose print server does not take it
    JOB_BY_ITS_PERSON,
    JOB_BY_AN_ADMINISTRATOR,
    JOB_AT_ITS_PRINTER,
    JOB_REASON_COUNT,
};
extern const char *const job_reason_words[]; // then NULL

// For its person: English, the gettext key; "" for JOB_REASON_NONE.
extern const char *const job_state_sentences[JOB_STATE_COUNT];
extern const char *const job_reason_sentences[JOB_REASON_COUNT];
// The sentence for a word of the API; "" when it is none of ours.
const char *job_reason_sentence(const char *word);

// Of several reasons their words, one space between; a bit for each. Words that are none of ours are ignored.
uint64_t job_reasons_read(const char *words);
void job_reasons_print(char words[JOB_REASONS_SIZE], uint64_t reasons);
bool job_reasons_have(uint64_t reasons, int64_t reason);
uint64_t job_reasons_with(uint64_t reasons, int64_t reason);

enum printer_state { PRINTER_UNKNOWN, PRINTER_IDLE, PRINTER_PRINTING, PRINTER_STOPPED, PRINTER_UNREACHABLE };
extern const char *const printer_state_words[]; // then NULL
