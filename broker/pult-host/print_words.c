// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/print_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const print_word_names[PRINT_WORD_COUNT + 1] = {
    "DEVICE_URI",
    "AUTH_UID",
    "PULT_JOB_USER",
    "PULT_JOB_COPIES",
    "PULT_JOB_OPTIONS",
    "PULT_JOB_FILE",
    "CONTENT_TYPE",
    "FINAL_CONTENT_TYPE",
    "CUPS_STATEDIR",
    "PULT_JOB_MORE",
    NULL,
};

void print_words_of_environment(const char *words[PRINT_WORD_COUNT])
{
    for (size_t i = 0; i < PRINT_WORD_COUNT; i++) {
        const char *word = getenv(print_word_names[i]);
        words[i] = word ? word : "";
    }
}

static bool put_socket(char path[PRINT_SOCKET_SIZE], const char *folder, size_t length)
{
    int put = snprintf(path, PRINT_SOCKET_SIZE, "%.*s/print.sock", (int)length, folder);
    return put > 0 && put < PRINT_SOCKET_SIZE;
}

bool print_words_socket(char path[PRINT_SOCKET_SIZE], const char *state_dir)
{
    return put_socket(path, state_dir, strlen(state_dir));
}

bool print_words_socket_of(char path[PRINT_SOCKET_SIZE], const char *uri)
{
    static const char scheme[] = "pult:";
    const char *folder = uri + sizeof scheme - 1, *target = strrchr(uri, '?');
    return strncmp(uri, scheme, sizeof scheme - 1) == 0 && *folder == '/' && target &&
           put_socket(path, folder, (size_t)(target - folder));
}

size_t print_words_write(const char *const words[PRINT_WORD_COUNT], char packet[PRINT_WORDS_MAX])
{
    size_t used = 0;
    for (size_t i = 0; i < PRINT_WORD_COUNT; i++) {
        size_t size = strlen(words[i]) + 1;
        if (size > PRINT_WORDS_MAX - used)
            return 0;
        memcpy(packet + used, words[i], size);
        used += size;
    }
    return used;
}

bool print_words_read(const char *words[PRINT_WORD_COUNT], const char *packet, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < PRINT_WORD_COUNT; i++) {
        const char *end = used < length ? memchr(packet + used, 0, length - used) : NULL;
        if (!end)
            return false;
        words[i] = packet + used;
        used = (size_t)(end - packet) + 1;
    }
    return used == length;
}

size_t print_answer_write(int code, const char *sentence, char packet[PRINT_ANSWER_SIZE])
{
    int length = snprintf(packet, PRINT_ANSWER_SIZE, "%d%s", code, sentence);
    return length < PRINT_ANSWER_SIZE ? (size_t)length : PRINT_ANSWER_SIZE - 1;
}

bool print_answer_read(int *code, char sentence[PRINT_ANSWER_SIZE], const char *packet, size_t length)
{
    if (length < 1 || length >= PRINT_ANSWER_SIZE || packet[0] < '0' || packet[0] > '9')
        return false;
    *code = packet[0] - '0';
    memcpy(sentence, packet + 1, length - 1);
    sentence[length - 1] = 0;
    return true;
}
