// SPDX-License-Identifier: EUPL-1.2
// What cupsd has started a backend with: in its environment, where root alone can read it, or handed to pult-host as
// one packet on a Unix socket (SOCK_SEQPACKET), the document with it as a descriptor. The answer is one packet, too:
// what the backend ends with, and a sentence for the job's owner. On libc alone, since the backend is to start quickly.
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum print_word {
    PRINT_WORD_URI, // "pult:STATE-DIR?TARGET", "pult-door:SOCKET?TARGET"
    PRINT_WORD_UID,
    PRINT_WORD_USER,
    PRINT_WORD_COPIES,
    PRINT_WORD_OPTIONS,
    PRINT_WORD_FILE, // empty: the document is on standard input
    PRINT_WORD_TYPE,
    PRINT_WORD_FINAL_TYPE,
    PRINT_WORD_STATE_DIR, // cupsd's
    PRINT_WORD_MORE,      // empty: the document is the job's only one
    PRINT_WORD_COUNT
};

enum { PRINT_WORDS_MAX = 64 * 1024, PRINT_ANSWER_SIZE = 512, PRINT_SOCKET_SIZE = 108 };

// Variables of the environment; NULL-terminated.
extern const char *const print_word_names[PRINT_WORD_COUNT + 1];

// Those of the environment, empty where there is none.
void print_words_of_environment(const char *words[PRINT_WORD_COUNT]);

// Where pult-host listens; false: the folder's name is too long.
bool print_words_socket(char path[PRINT_SOCKET_SIZE], const char *state_dir) __attribute__((warn_unused_result));
// By a queue's URI; false also when it is none of a host's.
bool print_words_socket_of(char path[PRINT_SOCKET_SIZE], const char *uri) __attribute__((warn_unused_result));

// Length of the packet; 0 when it does not fit.
size_t print_words_write(const char *const words[PRINT_WORD_COUNT], char packet[PRINT_WORDS_MAX]);
// They point into the packet. False: it is cut, or something else.
bool print_words_read(const char *words[PRINT_WORD_COUNT], const char *packet, size_t length)
    __attribute__((warn_unused_result));

// A digit, and the sentence.
size_t print_answer_write(int code, const char *sentence, char packet[PRINT_ANSWER_SIZE]);
bool print_answer_read(int *code, char sentence[PRINT_ANSWER_SIZE], const char *packet, size_t length)
    __attribute__((warn_unused_result));
