// SPDX-License-Identifier: EUPL-1.2
// The spool of a cupsd, put in order before that starts. Seen with cups 2.4.2, and so written in 2.4.10: one that was
// killed in the middle of a change finds jobs twice when it starts again (a list of jobs that is older than they are, a
// control file that was half replaced) and ends over it sooner or later; and what waited for its next try is held for
// ever.
#pragma once
#include "broker/base/fault.h"

#include <stddef.h>

struct cups_spool_result {
    size_t resumed; // jobs that are tried again as soon as cupsd runs
    size_t removed; // files of jobs that were never accepted, or are over
};

// `spool` and `cache`: RequestRoot and CacheDir of cups-files.conf(5); cupsd does not run. What a person holds stays
// held. False: some of it could not be done.
bool cups_spool_settle(const char *spool, const char *cache, struct cups_spool_result *result, struct fault *why)
    __attribute__((warn_unused_result));
