// SPDX-License-Identifier: EUPL-1.2
// Kerberos for whoever calls the broker: the one token that proves a person to it.
#pragma once
#include "broker/base/fault.h"

// "Negotiate <base64>" for HTTP/<host>, bound to the TLS certificate whose SHA-256 is `digest` (tls-server-end-point,
// RFC 5929). `cache` holds the person's ticket; NULL: the cache of this user ("kinit"). May ask the KDC, and block.
// NULL with a fault; FAULT_ABSENT when there is no ticket. The caller's: wipe, then free.
char *client_ticket(const char *cache, const char *host, const unsigned char digest[32], struct fault *why);
