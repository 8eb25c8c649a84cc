// SPDX-License-Identifier: EUPL-1.2
// The authorities of a file whose certificates a port believes: read first, used when all else could be read, too.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/mem.h"

#include <openssl/ssl.h>

struct authorities {
    X509_STORE *store;
    STACK_OF(X509_NAME) * names;
};

void authorities_drop(struct authorities *authorities);
bool authorities_read(struct authorities *authorities, const char *path, struct fault *why)
    __attribute__((warn_unused_result));
void authorities_use(SSL_CTX *context, struct authorities *authorities); // hands them over
