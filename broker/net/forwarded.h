// SPDX-License-Identifier: EUPL-1.2
// Who calls, as proxies that end TLS say in the head of a request (Forwarded: RFC 7239; or X-Forwarded-For, which is
// older). Each of them adds at the end where it was called from; what was there before anybody can have written.
#pragma once
#include "broker/base/address.h"
#include "broker/net/request_head.h"

// Which of the two they write: the other one may be the caller's own.
enum forwarded_field {
    FORWARDED_NONE,
    FORWARDED_X_FOR,
    FORWARDED_STANDARD,
    FORWARDED_FIELD_COUNT,
};

struct forwarded_caller {
    bool is_named; // else nothing is said, or the last proxy does not tell
    struct address address;
    int port; // 0: it is not said
};

// The last hop of all lines that is in none of `proxies` (as address_networks_have takes them), or the first where all
// are. False: what was said last is no such field. The head is hostile.
bool forwarded_read(struct forwarded_caller *caller, enum forwarded_field field, const struct request_head *head,
                    const char *proxies) __attribute__((warn_unused_result));
