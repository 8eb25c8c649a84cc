// SPDX-License-Identifier: EUPL-1.2
// The token of the first administrator: whoever has it administers the district for one logon, without any directory.
// It is made for the first start, and again whenever root at the broker's machine wants one, since nobody else may be
// able to log on. Its digest stands in a file until it is used; a new one takes the place of the one before.
#pragma once
#include "broker/base/mem.h"
#include "broker/calls/services.h"

// Durable when it returns.
bool first_token_make(const char *file, struct secret *token, struct fault *why) __attribute__((warn_unused_result));
// What the journal says of it.
void first_token_event(struct event *event);

typedef void first_token_done(void *arg, const struct secret *token, const struct fault *why); // NULL token with why
// In a broker that runs: it is in the journal before anybody has it. `file` is borrowed until `done`.
void first_token_issue(struct services *services, const char *file, first_token_done *done, void *arg);
