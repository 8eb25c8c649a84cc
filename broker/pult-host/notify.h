// SPDX-License-Identifier: EUPL-1.2
// Words for the person in a session: a window there, by a program that runs as the person.
#pragma once
#include "broker/api/host_link.h"
#include "broker/base/loop.h"
#include "broker/pult-host/inventory.h"

enum { NOTIFY_SENTENCE_SIZE = 800 };

// The sentence for a reason, in the language set by language_init; `text` for HOST_BECAUSE_NONE.
void notify_sentence(char sentence[NOTIFY_SENTENCE_SIZE], enum host_reason reason, int64_t minutes, const char *text);

struct notifier;

struct notifier *notify_new(struct loop *loop);
void notify_free(struct notifier *notifier); // its windows go, too; NULL allowed
// Does not wait. Of more than a few windows in a session the oldest goes, and one of the same reason in any case.
void notify_show(struct notifier *notifier, const struct xrdp_session *session, enum host_reason reason,
                 const char *sentence);
// Who has touched it since is not idle any more: a warning that says so goes.
void notify_idle(struct notifier *notifier, const struct xrdp_session *session, int64_t idle_s);
// Whether there is a program that can show something.
bool notify_can(void);
