// SPDX-License-Identifier: EUPL-1.2
// Which system calls the viewer may make: those that xfreerdp3 makes, as strace(1) shows it with sound, drives and a
// clipboard, and their like in other versions of the libraries. Any other answers ENOSYS, as on a kernel without it, so
// that a library which knows a newer call falls back to an older one.
#pragma once
#include "broker/base/fault.h"

// A descriptor that holds the list for bwrap's --seccomp, the caller's to close; -1 with a fault. Shared memory is for
// sound alone.
int syscall_filter_open(bool sound, struct fault *why);
