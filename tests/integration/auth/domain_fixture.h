// SPDX-License-Identifier: EUPL-1.2
// The town's domain controller (tests/town/serve-domain) for a test; see tests/town/README.md for its people.
#pragma once
#include "tests/integration/auth/directory_fixture.h"

// After fixture_begin. Waits until it answers; ends with the test. /etc/hosts and KRB5_CONFIG are the test's own.
void domain_start(void);
void domain_start_with(int people); // so many more: u0 u1 ..., all in the group "alle"
// SIGSTOP, SIGCONT, SIGKILL to all of its processes.
void domain_signal(int signal);
// Signs on with the keytab over LDAPS.
struct tenant domain_tenant(void);
