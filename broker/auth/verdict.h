// SPDX-License-Identifier: EUPL-1.2
// From the result of a bind or of a change of password to a verdict. No state, no I/O; every input is hostile.
#pragma once
#include "broker/api/types.h"
#include "broker/auth/ldap_types.h"
#include "broker/core/port.h"

// What slapd's password policy says beside the result (draft-behera-ldap-password-policy-10, section 6.2).
struct policy {
    int error;          // POLICY_NO_ERROR without one
    int64_t grace_left; // logons left with an expired password; -1: not said
    int64_t expires_s;  // seconds until the password expires; -1: not said
};

enum policy_error {
    POLICY_NO_ERROR = -1,
    POLICY_EXPIRED = 0,
    POLICY_LOCKED = 1,
    POLICY_CHANGE_AFTER_RESET = 2,
    POLICY_CHANGE_FORBIDDEN = 3,
    POLICY_TOO_SIMPLE = 5,
    POLICY_TOO_SHORT = 6,
    POLICY_TOO_YOUNG = 7,
    POLICY_REUSED = 8,
    POLICY_ERROR_LAST = 9,
};

// False when `bytes` are no such value; without a control (`at` is NULL) nothing is said, which is right.
bool policy_read(struct policy *policy, struct ldap_bytes bytes) __attribute__((warn_unused_result));

// Everything but RIGHT, WRONG and UNAVAILABLE means that the password was right.
enum auth_verdict verdict_of_bind(enum directory_kind kind, const struct ldap_result *result);
// Of the change itself, after the bind with the old password: RIGHT, REJECTED and what is after it, TOO_LATE, or
// UNAVAILABLE.
enum auth_verdict verdict_of_change(const struct ldap_result *result);
// The same for a domain, which may also find the old password WRONG.
enum auth_verdict verdict_of_domain_change(const struct ldap_result *result);
// Another new password may be taken.
bool verdict_asks_for_another(enum auth_verdict verdict);
