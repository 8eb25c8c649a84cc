// SPDX-License-Identifier: EUPL-1.2
// Whether tickets of a realm can be accepted with a keytab, as far as the realm's KDC tells.
#pragma once
#include "broker/auth/check_steps.h"

// Blocks. Adds one step. True: `ahead_s` says how far the KDC's clock is ahead of this machine's.
bool kerberos_check(struct check_steps *steps, const char *realm, const char *keytab_file, int64_t *ahead_s);
