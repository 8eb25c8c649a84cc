// SPDX-License-Identifier: EUPL-1.2
// Words for the person in a session: a window there, by a program that runs as the person.
#pragma once
#include "broker/api/host_link.h"
#include "broker/base/loop.h"
#include "broker/host-agent/inventory.h"

enum { TELL_SENTENCE_SIZE = 800 };

// The sentence for a reason, in the language set by language_init; `text` for HOST_BECAUSE_NONE.
void tell_sentence(char sentence[TELL_SENTENCE_SIZE], enum host_reason reason, int64_t minutes, const char *text);

struct tell;

struct tell *tell_new(struct loop *loop);
void tell_free(struct tell *tell); // its windows go, too; NULL allowed
// Does not wait. Of more than a few windows in a session the oldest goes, and one of the same reason in any case.
void tell_show(struct tell *tell, const struct desktop *session, enum host_reason reason, const char *sentence);
// Who has touched it since is not idle any more: a warning that says so goes.
void tell_idle(struct tell *tell, const struct desktop *session, int64_t idle_s);
// Whether there is a program that can show something.
bool tell_can(void);
