// SPDX-License-Identifier: EUPL-1.2
// A question: "PG3", the connection (eight bytes, the highest first), the uid (four), the user name and a NUL, the
// password and a NUL. An answer: "PG", 'y' or 'n', where the typed password begins in the one that was asked about (two
// bytes), the uid (four).
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

size_t pam_question_write(const struct pam_question *question, char packet[PAM_QUESTION_MAX])
{
    size_t user_name = strlen(question->user_name) + 1, password = strlen(question->password) + 1;
    if (USER_NAME_AT + user_name + password > PAM_QUESTION_MAX)
        return 0;
    memcpy(packet, "PG3", CONNECTION_AT);
    put_number(packet + CONNECTION_AT, 8, question->connection);
    put_number(packet + UID_AT, 4, question->uid);
    memcpy(packet + USER_NAME_AT, question->user_name, user_name);
    memcpy(packet + USER_NAME_AT + user_name, question->password, password);
    return USER_NAME_AT + user_name + password;
}

bool pam_question_read(struct pam_question *question, const char *packet, size_t length)
{
    memset(question, 0, sizeof *question);
    if (length < USER_NAME_AT + 2 || length > PAM_QUESTION_MAX || memcmp(packet, "PG3", CONNECTION_AT) != 0)
        return false;
    const char *user_name = packet + USER_NAME_AT;
    size_t user_name_length = strnlen(user_name, length - USER_NAME_AT);
    size_t password_at = USER_NAME_AT + user_name_length + 1;
    if (user_name_length == 0 || user_name_length >= PAM_USER_NAME_SIZE || password_at >= length)
        return false;
    size_t password_length = strnlen(packet + password_at, length - password_at);
    if (password_at + password_length + 1 != length || password_length >= PAM_PASSWORD_SIZE)
        return false;
    question->connection = number_at(packet + CONNECTION_AT, 8);
    question->uid = (uid_t)number_at(packet + UID_AT, 4);
    memcpy(question->user_name, user_name, user_name_length);
    memcpy(question->password, packet + password_at, password_length);
    return true;
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
