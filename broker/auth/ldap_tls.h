// SPDX-License-Identifier: EUPL-1.2
// TLS settings of LDAP handles: a context for each authority file, and so for each tenant, never libldap's common one.
#pragma once
#include "broker/base/fault.h"
#include <ldap.h>

// The handle will believe the authorities in `ca_file` and nothing else, with TLS by net/tls_policy.
// From any thread. A changed file is noticed.
bool ldap_tls_set(LDAP *ldap, const char *ca_file, struct fault *why) __attribute__((warn_unused_result));
