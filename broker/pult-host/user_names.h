// SPDX-License-Identifier: EUPL-1.2
// Which user name a uid has, for show: names change hands. The directory is asked in a thread, again every minute, and
// may take its time.
#pragma once
#include "broker/base/loop.h"

#include <sys/types.h>

struct user_names;

// `found` is called when a name came that user_names_of did not give before.
struct user_names *user_names_new(struct loop *loop, loop_work *found, void *arg);
void user_names_free(struct user_names *names);                 // NULL allowed
const char *user_names_of(struct user_names *names, uid_t uid); // "" while it is not known
