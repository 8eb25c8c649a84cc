// SPDX-License-Identifier: EUPL-1.2
// Questions to the person at the terminal, and secrets that come without one.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/mem.h"

// Asks on the terminal of this process, without echo. False when there is none, or the answer was broken off.
bool prompt_secret(const char *question, struct secret *secret, struct fault *why) __attribute__((warn_unused_result));
// y, yes or the language's word for it; everything else is no. Standard input must be a terminal.
bool prompt_yes(const char *question);
// Whether what was shown shall be done: `yes` was given, or the person at the terminal says so. Else it complains.
bool prompt_confirmed(bool yes);
// The first line of `path`, or of standard input for "-".
bool prompt_read(const char *path, struct secret *secret, struct fault *why) __attribute__((warn_unused_result));
