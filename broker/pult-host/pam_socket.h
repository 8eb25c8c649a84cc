// SPDX-License-Identifier: EUPL-1.2
// The socket at which pam_pult.so asks. Root only: whoever can ask can try passwords.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "broker/pult-host/pam_protocol.h"

struct pam_socket;
struct pam_request; // one question; answered once

// The question is wiped after this returns.
typedef void pam_socket_asked(void *arg, const struct pam_question *question, struct pam_request *request);

struct pam_socket *pam_socket_open(struct loop *loop, const char *path, pam_socket_asked *asked, void *arg,
                                   struct fault *why);
void pam_socket_free(struct pam_socket *pam_socket);        // who is waiting gets no answer; NULL allowed
pid_t pam_request_asker(const struct pam_request *request); // the process that asks; 0: not known
void pam_socket_answer(struct pam_request *request, const struct pam_answer *answer);
