// SPDX-License-Identifier: EUPL-1.2
// What is done in an Active Directory in another way than elsewhere.
#pragma once
#include "broker/auth/service_account.h"
#include "broker/core/port.h"

enum { ACTIVE_DIRECTORY_PASSWORD_MAX = 2 * (SECRET_MAX + 2) };

// The password in quotation marks and UTF-16, little end first, as unicodePwd wants it. Returns its length in bytes, 0
// when it is no UTF-8.
size_t active_directory_password(char quoted[ACTIVE_DIRECTORY_PASSWORD_MAX], const struct secret *password);

// Changes the password of the person at `dn`; blocks. A domain lets nobody bind whose password has expired or must be
// changed, so there the service account asks, with the old password as the proof that it always is.
enum auth_verdict active_directory_change(const struct service_account *service, struct ldap_link *link,
                                          const char *uri, const char *dn, const struct secret *old_password,
                                          const struct secret *new_password, struct fault *why);
