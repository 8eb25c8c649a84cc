// SPDX-License-Identifier: EUPL-1.2
// What can be told of a keytab without a KDC. The home of libkrb5's own calls beside sasl_gssapi.
#pragma once
#include "broker/base/fault.h"

// False: why says what is wrong with it. `realm`: people of it will show tickets, so that a key of a service HTTP/...
// of it is needed; "" when it is not known what it is for.
bool keytab_check(const char *path, const char *realm, struct fault *why) __attribute__((warn_unused_result));
