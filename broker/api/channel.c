// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/channel.h"

#include <stddef.h>

const char *const channel_way_words[] = {"plain", "browser", "tsgu", "front-door", NULL};

const char *const channel_reason_words[] = {
    [CHANNEL_REASON_NONE] = "none",
    [CHANNEL_CLIENT_CLOSED] = "client-closed",
    [CHANNEL_HOST_CLOSED] = "host-closed",
    [CHANNEL_MOVED] = "moved",
    [CHANNEL_SESSION_ENDED] = "session-ended",
    [CHANNEL_LOCKED] = "locked",
    [CHANNEL_PERSON_DISABLED] = "person-disabled",
    [CHANNEL_DEVICE_LOST] = "device-lost",
    [CHANNEL_TOO_LONG] = "too-long",
    [CHANNEL_IDLE] = "idle",
    [CHANNEL_GATEWAY_DOWN] = "gateway-down",
    [CHANNEL_HOST_UNREACHABLE] = "host-unreachable",
    [CHANNEL_WRONG_CERTIFICATE] = "wrong-certificate",
    [CHANNEL_BROKEN] = "broken",
    [CHANNEL_LOGGED_OFF] = "logged-off",
    [CHANNEL_REASON_COUNT] = NULL,
};
