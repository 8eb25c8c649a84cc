// SPDX-License-Identifier: EUPL-1.2
// The broker is asked about somebody at the front door: each by a connection of their own, so that nobody waits for the
// directory of others, and no answer is mixed with another's.
#pragma once
#include "broker/api/channel.h"
#include "broker/api/refusal.h"
#include "broker/base/mem.h"
#include "broker/client/uplink.h"

enum { DOOR_LOGONS_MAX = 64, DOOR_NETWORK_LOGONS_MAX = 16, DOOR_LOGON_MS = 30 * 1000 }; // at a time

struct door_logon_result {
    enum refusal refusal;           // REFUSAL_NONE: in
    int64_t retry_after_s;          // 0: the broker says nothing about that
    char token[CHANNEL_TOKEN_SIZE]; // of a channel
};
typedef void door_logon_done(void *arg, const struct door_logon_result *result);

struct door_logon;

// What the front door needs for it; `arg` is its room's.
struct door_port {
    struct door_logon *(*open)(void *arg, door_logon_done *done, void *done_arg);
    // All strings are copied. `done` comes later, once, unless it is freed before.
    void (*ask)(struct door_logon *logon, const char *name, const struct secret *password, const char *network);
    void (*free)(struct door_logon *logon); // not from within `done`; NULL allowed
};

struct door_logon *door_logon_new(struct loop *loop, const struct uplink *uplink, door_logon_done *done, void *arg);
void door_logon_ask(struct door_logon *logon, const char *name, const struct secret *password, const char *network);
void door_logon_free(struct door_logon *logon);
