// SPDX-License-Identifier: EUPL-1.2
// How directories are asked.
#pragma once
#include <stddef.h>
#include <stdint.h>

// For 0 and NULL auth_new takes the value in brackets.
struct directory_config {
    // <tenant>.password: of the service account; <tenant>.ca.pem: the only authority believed for its servers; both
    // read anew for every connection. <tenant>.keytab: for tickets; read anew after `forget`.
    const char *credentials_dir;
    int64_t deadline_ms;    // for a whole answer; then AUTH_UNAVAILABLE [5000]
    int connections;        // kept per tenant for checking passwords, at most 64 [16]
    int64_t keep_groups_ms; // how long a group's own groups, and which one a name means, are remembered [60000]
    int64_t keep_names_ms;  // how long it is remembered where a name stands [300000]
    size_t most;            // requests of one tenant at a time; more are AUTH_UNAVAILABLE [4096]
};
