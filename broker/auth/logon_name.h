// SPDX-License-Identifier: EUPL-1.2
// The user name as typed (hostile), and the only place where a search filter is built.
#pragma once
#include "broker/api/types.h"
#include "broker/auth/ldap_types.h"

enum { FILTER_SIZE = 2048 };

// "anna", "DOM\anna", or "anna@suffix" when the suffix is the tenant's realm or id: `user_name` becomes "anna", in
// lower case. In an Active Directory a name with another suffix may be somebody's userPrincipalName and stays whole.
// False, and `user_name` empty, for any other suffix and for what cannot be a name: empty, too long, not clean UTF-8.
bool logon_name_read(char user_name[USER_NAME_SIZE], const struct tenant *tenant, const char *typed)
    __attribute__((warn_unused_result));
// A userPrincipalName of this user name ends in the realm.
bool name_lacks_suffix(const struct tenant *tenant, const char *user_name);
// Finds the person with this user name. Takes any bytes: every one that is not plainly harmless is escaped (RFC
// 4515).
void logon_name_filter(char filter[FILTER_SIZE], const struct tenant *tenant, const char *user_name);
// Finds the object with this security identifier (Active Directory). At most 68 bytes: sub-authorities end at 15.
void logon_name_sid_filter(char filter[FILTER_SIZE], struct ldap_bytes sid);
