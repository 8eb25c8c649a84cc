// SPDX-License-Identifier: EUPL-1.2
// What pam_pult.so asks pult-host and what it hears: one packet each on a Unix socket (SOCK_SEQPACKET) that only root
// may use. Shared by both, so it stands on libc alone.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATE_SOCKET "/run/pult-host/gate.sock"

enum {
    GATE_LOGIN_SIZE = 128,
    GATE_PASSWORD_SIZE = 1025,
    GATE_REQUEST_MAX = 1200,
    GATE_ANSWER_SIZE = 5,
    GATE_DEADLINE_MS = 2000, // from question to answer, whatever happens
};

struct gate_request {
    char login[GATE_LOGIN_SIZE];
    char password[GATE_PASSWORD_SIZE];
    uint16_t port; // TCP port on loopback from which the RDP server asked the session manager; 0: not known
};

struct gate_answer {
    bool good;
    uint16_t rest; // where in the password the typed one begins; 0: none follows
};

// Length of the packet; 0 when it does not fit.
size_t gate_request_write(const struct gate_request *request, char packet[GATE_REQUEST_MAX]);
// The packet is hostile.
bool gate_request_read(struct gate_request *request, const char *packet, size_t length)
    __attribute__((warn_unused_result));
void gate_answer_write(const struct gate_answer *answer, char packet[GATE_ANSWER_SIZE]);
bool gate_answer_read(struct gate_answer *answer, const char *packet, size_t length)
    __attribute__((warn_unused_result));
