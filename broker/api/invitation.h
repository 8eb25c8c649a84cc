// SPDX-License-Identifier: EUPL-1.2
// What somebody is handed to join with: a token that works once, and with it where the broker is and by which authority
// it is known, so that nothing else has to be carried to a new machine. In one word: TOKEN@HOST:PORT/SHA256. What is
// not known is left out, and a token alone is an invitation, too, for who knows the broker already.
#pragma once
#include "broker/api/types.h"

enum { INVITATION_SIZE = 2 * NAME_SIZE + DIGEST_SIZE + 16 };

struct invitation {
    char token[NAME_SIZE];
    char host[NAME_SIZE];  // empty: not told
    int64_t port;          // only with a host
    char pin[DIGEST_SIZE]; // SHA-256 of the authority's certificate (DER), lower case; empty: not told
};

// `text` is hostile. False when it is none.
bool invitation_read(struct invitation *invitation, const char *text) __attribute__((warn_unused_result));
void invitation_print(const struct invitation *invitation, char text[INVITATION_SIZE]);

// HOST, HOST:PORT, [IPv6], [IPv6]:PORT, IPv6. False when it is none of these. *port stays as it is when none is named.
bool invitation_split(const char *broker, char *host, size_t size, int64_t *port) __attribute__((warn_unused_result));
