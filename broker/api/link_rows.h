// SPDX-License-Identifier: EUPL-1.2
// The kinds of links that there are. One more is a row here and one in api/method, its messages, and a handler in
// calls/link_handlers.
#pragma once
#include "broker/api/link.h"

extern const struct link_row link_rows[];
extern const size_t link_count;

const struct link_row *link_of(enum noun noun); // NULL: such machines have none
