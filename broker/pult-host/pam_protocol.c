// SPDX-License-Identifier: EUPL-1.2
// A request: "PG1", the port (two bytes, the higher first), the login and a NUL, the password and a NUL.
// An answer: "PG", 'y' or 'n', where the rest begins (two bytes).
#include "broker/pult-host/pam_protocol.h"

#include <string.h>

enum { PORT_AT = 3, LOGIN_AT = 5 };

static void put_short(char *at, uint16_t number)
{
    at[0] = (char)(number >> 8);
    at[1] = (char)(number & 255);
}

static uint16_t short_at(const char *at)
{
    return (uint16_t)((unsigned char)at[0] << 8 | (unsigned char)at[1]);
}

size_t pam_question_write(const struct pam_question *request, char packet[PAM_QUESTION_MAX])
{
    size_t login = strlen(request->login) + 1, password = strlen(request->password) + 1;
    if (LOGIN_AT + login + password > PAM_QUESTION_MAX)
        return 0;
    memcpy(packet, "PG1", PORT_AT);
    put_short(packet + PORT_AT, request->port);
    memcpy(packet + LOGIN_AT, request->login, login);
    memcpy(packet + LOGIN_AT + login, request->password, password);
    return LOGIN_AT + login + password;
}

bool pam_question_read(struct pam_question *request, const char *packet, size_t length)
{
    memset(request, 0, sizeof *request);
    if (length < LOGIN_AT + 2 || length > PAM_QUESTION_MAX || memcmp(packet, "PG1", PORT_AT) != 0)
        return false;
    const char *login = packet + LOGIN_AT;
    size_t login_length = strnlen(login, length - LOGIN_AT);
    size_t password_at = LOGIN_AT + login_length + 1;
    if (login_length == 0 || login_length >= PAM_LOGIN_SIZE || password_at >= length)
        return false;
    size_t password_length = strnlen(packet + password_at, length - password_at);
    if (password_at + password_length + 1 != length || password_length >= PAM_PASSWORD_SIZE)
        return false;
    request->port = short_at(packet + PORT_AT);
    memcpy(request->login, login, login_length);
    memcpy(request->password, packet + password_at, password_length);
    return true;
}

void pam_answer_write(const struct pam_answer *answer, char packet[PAM_ANSWER_SIZE])
{
    memcpy(packet, answer->good ? "PGy" : "PGn", 3);
    put_short(packet + 3, answer->rest);
}

bool pam_answer_read(struct pam_answer *answer, const char *packet, size_t length)
{
    *answer = (struct pam_answer){0};
    if (length != PAM_ANSWER_SIZE || memcmp(packet, "PG", 2) != 0 || (packet[2] != 'y' && packet[2] != 'n'))
        return false;
    answer->good = packet[2] == 'y';
    answer->rest = short_at(packet + 3);
    return true;
}
