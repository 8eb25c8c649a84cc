// SPDX-License-Identifier: EUPL-1.2
// Whose ticket it is according to the domain controller (MS-PAC, section 2.10). The name in the ticket is only what was
// asked for: who may write another account's userPrincipalName can have it say any name.
#pragma once
#include "broker/api/types.h"
#include "broker/auth/ldap_types.h"

// `info`: UPN_DNS_INFO, taken for hostile. `user_name`: the account's sAMAccountName, lower case. False when it does
// not say: domain controllers do since the updates of November 2021.
bool pac_user_name(char user_name[USER_NAME_SIZE], struct ldap_bytes info) __attribute__((warn_unused_result));
