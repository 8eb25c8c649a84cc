// SPDX-License-Identifier: EUPL-1.2
// Wakes machines: by magic packet (AMD, Magic Packet Technology; UDP port 9 to the broadcast addresses of all own
// networks), and by a command for those that a hypervisor or a management board switches on.
#pragma once
#include "broker/base/loop.h"
#include "broker/core/port.h"

struct waker;

enum { WAKER_PACKET = 102 };

// `command`: its words are separated by spaces, %h stands for the host's id and %a for its address; "" for none. It is
// run without a shell, and ended after a minute.
struct waker *waker_new(struct loop *loop, const char *command);
void waker_free(struct waker *waker); // NULL allowed
void waker_wake(struct waker *waker, const struct host *host);

// "00:11:22:aa:bb:cc" or with dashes; the text is hostile.
bool waker_packet(const char *hardware_address, unsigned char packet[WAKER_PACKET]) __attribute__((warn_unused_result));
