// SPDX-License-Identifier: EUPL-1.2
// What of channels stands in the journal: that somebody came in from outside, and, once, what that came to.
#pragma once
#include "broker/calls/services.h"

// False: it is not written, and `done` does not come.
bool channel_opened(struct services *services, const struct known_channel *channel, commit_done *done, void *arg)
    __attribute__((warn_unused_result));
// Its gateway says that it has ended, until it hears that this is counted. The gateway is proven, what it says hostile.
void channel_hear_end(struct services *services, const char *gateway_id, const struct gateway_message *message);
// It is known to have ended, and how much there was nobody knows. False: it is not written, so it stays.
bool channel_lost(struct services *services, const struct known_channel *channel, enum channel_reason reason);
// All that this gateway carried and has not confirmed, or, if it is no gateway any more, all that it carried.
void channel_lost_all(struct services *services, const char *gateway_id);
// Once per link: the log hears that something it says is ignored.
void channel_complain(struct services *services, const char *gateway_id, const char *what);
