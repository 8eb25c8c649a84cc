// SPDX-License-Identifier: EUPL-1.2
// What a directory answers, without libldap's types, so that judging it needs neither a server nor a connection.
// Everything here is borrowed, lives only during the call it is handed to, and is hostile.
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct ldap_bytes {
    const char *at; // any bytes, no NUL behind them
    size_t length;
};

struct ldap_attribute {
    struct ldap_bytes name;
    const struct ldap_bytes *values;
    size_t count;
};

struct ldap_entry {
    struct ldap_bytes dn;
    const struct ldap_attribute *attributes;
    size_t count;
};

// RFC 4511, section 4.1.9: those that mean something here.
enum result_code {
    RESULT_SUCCESS = 0,
    RESULT_SIZE_LIMIT = 4,
    RESULT_CONSTRAINT = 19,
    RESULT_NO_SUCH_OBJECT = 32,
    RESULT_BAD_DN = 34,
    RESULT_INAPPROPRIATE_AUTH = 48,
    RESULT_INVALID_CREDENTIALS = 49,
    RESULT_INSUFFICIENT_ACCESS = 50,
    RESULT_UNWILLING = 53,
};

struct ldap_result {
    int code;
    const char *diagnostic;   // never NULL
    struct ldap_bytes policy; // value of the password policy response control; `at` is NULL without one
};

// The attribute of this name (ASCII, any case), NULL when the entry has none.
const struct ldap_attribute *ldap_entry_attribute(const struct ldap_entry *entry, const char *name);
// Compares without regard to case, as text_same_name.
bool ldap_bytes_equal(struct ldap_bytes bytes, const char *text);
