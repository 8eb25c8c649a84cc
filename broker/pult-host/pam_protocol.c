// SPDX-License-Identifier: EUPL-1.2
// A question: "PG3", the connection (eight bytes, the highest first), the uid (four), then, each with a NUL behind it,
// the user name, the plain name and the password. An answer: "PG", 'y' or 'n', where the typed password begins in the
// one that was asked about (two bytes), the uid (four).
#include "broker/pult-host/pam_protocol.h"

#include <string.h>

enum { CONNECTION_AT = 3, UID_AT = 11, USER_NAME_AT = 15, OFFSET_AT = 3, ANSWER_UID_AT = 5 };

static void put_number(char *at, size_t bytes, uint64_t number)
{
    for (size_t i = bytes; i-- > 0; number >>= 8)
        at[i] = (char)(number & 255);
}

static uint64_t number_at(const char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | (unsigned char)at[i];
    return number;
}

static size_t put_text(char *packet, size_t at, const char *text)
{
    size_t size = strlen(text) + 1;
    if (at == 0 || size > PAM_QUESTION_MAX - at)
        return 0;
    memcpy(packet + at, text, size);
    return at + size;
}

// Where the next one begins; 0: it is not whole or does not fit.
static size_t take_text(char *text, size_t size, const char *packet, size_t at, size_t length)
{
    if (at == 0 || at >= length)
        return 0;
    size_t taken = strnlen(packet + at, length - at);
    if (taken == length - at || taken >= size)
        return 0;
    memcpy(text, packet + at, taken + 1);
    return at + taken + 1;
}

size_t pam_question_write(const struct pam_question *question, char packet[PAM_QUESTION_MAX])
{
    memcpy(packet, "PG3", CONNECTION_AT);
    put_number(packet + CONNECTION_AT, 8, question->connection);
    put_number(packet + UID_AT, 4, question->uid);
    size_t at = put_text(packet, USER_NAME_AT, question->user_name);
    at = put_text(packet, at, question->plain_name);
    return put_text(packet, at, question->password);
}

bool pam_question_read(struct pam_question *question, const char *packet, size_t length)
{
    memset(question, 0, sizeof *question);
    if (length < USER_NAME_AT || length > PAM_QUESTION_MAX || memcmp(packet, "PG3", CONNECTION_AT) != 0)
        return false;
    question->connection = number_at(packet + CONNECTION_AT, 8);
    question->uid = (uid_t)number_at(packet + UID_AT, 4);
    size_t at = take_text(question->user_name, sizeof question->user_name, packet, USER_NAME_AT, length);
    at = take_text(question->plain_name, sizeof question->plain_name, packet, at, length);
    at = take_text(question->password, sizeof question->password, packet, at, length);
    return at == length && *question->user_name;
}

void pam_answer_write(const struct pam_answer *answer, char packet[PAM_ANSWER_SIZE])
{
    memcpy(packet, answer->valid ? "PGy" : "PGn", 3);
    put_number(packet + OFFSET_AT, 2, answer->password_offset);
    put_number(packet + ANSWER_UID_AT, 4, answer->uid);
}

bool pam_answer_read(struct pam_answer *answer, const char *packet, size_t length)
{
    *answer = (struct pam_answer){0};
    if (length != PAM_ANSWER_SIZE || memcmp(packet, "PG", 2) != 0 || (packet[2] != 'y' && packet[2] != 'n'))
        return false;
    answer->valid = packet[2] == 'y';
    answer->password_offset = (uint16_t)number_at(packet + OFFSET_AT, 2);
    answer->uid = (uid_t)number_at(packet + ANSWER_UID_AT, 4);
    return true;
}
