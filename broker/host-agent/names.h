// SPDX-License-Identifier: EUPL-1.2
// Who has which uid. The directory is asked in a thread, once per uid, and may take its time.
#pragma once
#include "broker/base/loop.h"

#include <sys/types.h>

struct names;

// `found` is called when a name came that names_of did not know before.
struct names *names_new(struct loop *loop, loop_work *found, void *arg);
void names_free(struct names *names);                 // NULL allowed
const char *names_of(struct names *names, uid_t uid); // "" while it is not known
