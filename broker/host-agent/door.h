// SPDX-License-Identifier: EUPL-1.2
// The socket at which pam_pult.so asks. Root only: who can ask can try passwords.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "broker/host-agent/gate_wire.h"

struct door;
struct door_visit; // one question; answered once

// The question is wiped after this returns.
typedef void door_asked(void *arg, const struct gate_request *request, struct door_visit *visit);

struct door *door_open(struct loop *loop, const char *path, door_asked *asked, void *arg, struct fault *why);
void door_free(struct door *door); // who has asked gets no answer; NULL allowed
void door_answer(struct door_visit *visit, bool good, size_t rest);
