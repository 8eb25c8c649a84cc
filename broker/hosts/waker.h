// SPDX-License-Identifier: EUPL-1.2
// Wakes machines: by magic packet (AMD, Magic Packet Technology; UDP port 9 to the broadcast addresses of all own
// networks), or by a command for those that a hypervisor or a management board switches on.
#pragma once
#include "broker/base/loop.h"
#include "broker/core/port.h"

struct waker;

enum { WAKER_PACKET = 102, WAKER_COMMANDS_MAX = 16, WAKER_DEADLINE_MS = 60 * 1000 };

// `command`: its words are separated by spaces, the first is a path; %h stands for the host's id and %a for its
// address; "" for none. It is run without a shell, for a few hosts at a time, and ended after the deadline.
struct waker *waker_new(struct loop *loop, const char *command, int64_t deadline_ms);
void waker_free(struct waker *waker); // NULL allowed; commands still running are ended
// By each word of host->wake. A host whose command waits or runs is not waited for twice.
void waker_wake(struct waker *waker, const struct host *host);

// False for what is no hardware address; the text is hostile.
bool waker_packet(const char *hardware_address, unsigned char packet[WAKER_PACKET]) __attribute__((warn_unused_result));
