// SPDX-License-Identifier: EUPL-1.2
// What pam_pult.so asks pult-host and what it hears: one packet each on a Unix socket (SOCK_SEQPACKET) that only root
// may use. Shared by both, so it stands on libc alone.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAM_SOCKET "/run/pult-host/pam.sock"

enum {
    PAM_USER_NAME_SIZE = 128,
    PAM_PASSWORD_SIZE = 1025,
    PAM_QUESTION_MAX = 1320,
    PAM_ANSWER_SIZE = 9,
    PAM_DEADLINE_MS = 2000, // from question to answer, whatever happens
};

#define PAM_NO_UID ((uid_t)UINT32_MAX)

struct pam_question {
    char user_name[PAM_USER_NAME_SIZE];
    char plain_name[PAM_USER_NAME_SIZE]; // the same account without its domain; "": it has none
    char password[PAM_PASSWORD_SIZE];
    uint64_t connection; // inode of the RDP server's end of the connection by which it asks the session manager; 0: not
                         // known
    uid_t uid;           // which account the session manager will take for this name; PAM_NO_UID: none
};

struct pam_answer {
    bool valid;
    uint16_t password_offset; // where in the password the typed one begins; 0: none follows
    uid_t uid;                // whose desktop they come to; PAM_NO_UID: no account of this host
};

// Length of the packet; 0 when it does not fit.
size_t pam_question_write(const struct pam_question *question, char packet[PAM_QUESTION_MAX]);
// The packet is hostile.
bool pam_question_read(struct pam_question *question, const char *packet, size_t length)
    __attribute__((warn_unused_result));
void pam_answer_write(const struct pam_answer *answer, char packet[PAM_ANSWER_SIZE]);
bool pam_answer_read(struct pam_answer *answer, const char *packet, size_t length) __attribute__((warn_unused_result));
