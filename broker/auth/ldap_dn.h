// SPDX-License-Identifier: EUPL-1.2
// Distinguished names, which people and servers write in many ways: one spelling of each, to compare byte by byte.
#pragma once
#include "broker/api/types.h"
#include "broker/auth/ldap_types.h"

enum { DN_WRITTEN_SIZE = 3 * DN_SIZE }; // as a server writes it, each byte perhaps escaped

// "CN=Amt für Bau\, Planung, OU=Groups" becomes "cn=amt für bau\2c planung,ou=groups": names of types in their short
// form, parts of a name that has several in order, lower case, spaces as caseIgnoreMatch counts them (RFC 4518), and no
// letter escaped that need not be. False, and `to` empty, when it is no DN or too long.
bool ldap_dn_canonical(char *to, size_t size, struct ldap_bytes dn) __attribute__((warn_unused_result));
// Both canonical. A DN is below itself.
bool ldap_dn_is_below(const char *dn, const char *base);
// The end of a canonical DN from its first dc=, o= or c= on, where a directory begins; all of it without one.
const char *ldap_dn_top(const char *dn);
// Whether both name the same entry, however each is written; what is no DN is equal to nothing.
bool ldap_dn_equal(struct ldap_bytes a, struct ldap_bytes b);
// Whether the entry is named by this value of the attribute: "jan" and "uid" of "uid=Jan+ou=Bau,ou=people". As
// text_same_name.
bool ldap_dn_is_named(struct ldap_bytes dn, const char *attribute, const char *value);
