// SPDX-License-Identifier: EUPL-1.2
// Links that take the place of a living one of the same machine and the same certificate. A machine that was switched
// off and on, or moved to another address, does so once; a copied key and its owner do so in turn. Soft state.
#pragma once
#include "broker/base/sorted_table.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TAKEOVER_RETURNS_MAX = 1,            // from an address and back: a machine that lost its network in between
    TAKEOVER_COUNT_MAX = 12,             // from any address
    TAKEOVER_WINDOW_MS = 10 * 60 * 1000, // without one, all is forgotten
};

enum takeover_verdict {
    TAKEOVER_ACCEPTED,
    TAKEOVER_NOTICED, // the first that is too much: refused, and news
    TAKEOVER_REFUSED,
};

// `from`: the address of the link that lives; `to`: of the one that comes.
enum takeover_verdict takeover_judge(struct sorted_table *takeovers, const char *id, const char *from, const char *to,
                                     int64_t now_ms);
// Another certificate proves it now.
void takeover_forget(struct sorted_table *takeovers, const char *id);
