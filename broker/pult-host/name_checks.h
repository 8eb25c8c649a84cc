// SPDX-License-Identifier: EUPL-1.2
// Whether the host gives a user name back for its uid, of those who log on. Nobody is kept out for it, since accounts
// are what counts; but programs and people go by names, and an administrator should know of it.
#pragma once
#include "broker/base/loop.h"
#include "broker/base/text.h"
#include "broker/pult-host/used_otps.h"

enum { NAME_FAULT_SIZE = 320, NAME_FAULTS_MAX = 8 };

struct name_checks;

// `changed`: one more is wrong, or one is right again.
struct name_checks *name_checks_new(struct loop *loop, loop_work *changed, void *arg);
void name_checks_free(struct name_checks *checks); // NULL allowed
// Somebody logged on by this name, which has this uid. Looked at later, in a thread.
void name_checks_add(struct name_checks *checks, const char *user_name, uid_t uid);
// A line each, without an end of line after the last: of the newest NAME_FAULTS_MAX that are wrong.
void name_checks_print(const struct name_checks *checks, struct text *text);

// These wait for the directory. True: it comes back; else `fault` says what does not.
bool name_check(const char *user_name, uid_t uid, char fault[NAME_FAULT_SIZE]);
// Of those who were here last, by the log of one-time passwords; who has no account any more is passed over.
// For two seconds.
typedef void name_check_found(void *arg, const char *fault);
void name_check_log(const char *path, name_check_found *found, void *arg);
