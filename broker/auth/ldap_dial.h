// SPDX-License-Identifier: EUPL-1.2
// A TCP connection to a directory server, made in a thread that may block.
#pragma once
#include "broker/base/fault.h"
#include <stdint.h>

// `uri`: ldap:// or ldaps://, host or [address], optional port, nothing behind it. Tries each address of the host,
// `wait_ms` for all of them together. The descriptor is non-blocking and notices a dead peer by itself; -1 with `why`.
int ldap_dial(const char *uri, int64_t wait_ms, struct fault *why);
// The host of `uri` alone, without brackets; "" when it is no such address.
void ldap_dial_host(const char *uri, char host[256]);
