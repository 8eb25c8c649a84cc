// SPDX-License-Identifier: EUPL-1.2
// A tenant's service account and how it signs on at the directory. Everything here blocks, so never in the loop's
// thread.
#pragma once
#include "broker/api/types.h"
#include "broker/auth/ldap.h"

enum { SERVICE_PATH_SIZE = 512 };

struct service_account {
    struct tenant tenant;
    char password_file[SERVICE_PATH_SIZE], ca_file[SERVICE_PATH_SIZE], keytab_file[SERVICE_PATH_SIZE];
    int64_t wait_ms; // for each answer
};

// `credentials`: the folder with <tenant>.password or <tenant>.keytab, and <tenant>.ca.pem, read anew every time.
void service_account_init(struct service_account *service, const struct tenant *tenant, const char *credentials,
                          int64_t wait_ms);

// A link to this server that is bound as the service account. A server of another kind than the tenant's settings say
// is refused: there nobody would be found, and everybody told that their password is wrong.
struct ldap_link *service_account_open(const struct service_account *service, const char *uri, struct fault *why);
// Whether the server is of the kind that the tenant's settings say.
bool service_account_fits(const struct service_account *service, struct ldap_link *link, struct fault *why)
    __attribute__((warn_unused_result));
// When its secret was written last, in ns of the wall clock; 1 where there is none.
int64_t service_account_changed_ns(const struct service_account *service);
// FAULT_DENIED: the secret is wrong. The link stays open but is not bound when this says no.
bool service_account_bind(const struct service_account *service, struct ldap_link *link, const char *uri,
                          struct fault *why) __attribute__((warn_unused_result));
