// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/service_account.h"
#include "broker/auth/ldap_dial.h"
#include "broker/base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void service_account_init(struct service_account *service, const struct tenant *tenant, const char *credentials,
                          int64_t wait_ms)
{
    service->tenant = *tenant;
    service->wait_ms = wait_ms;
    snprintf(service->password_file, SERVICE_PATH_SIZE, "%s/%s.password", credentials, tenant->id);
    snprintf(service->ca_file, SERVICE_PATH_SIZE, "%s/%s.ca.pem", credentials, tenant->id);
    snprintf(service->keytab_file, SERVICE_PATH_SIZE, "%s/%s.keytab", credentials, tenant->id);
}

int64_t service_account_changed_ns(const struct service_account *service)
{
    struct stat about;
    bool by_ticket = service->tenant.bind_method == BIND_METHOD_KERBEROS;
    if (stat(by_ticket ? service->keytab_file : service->password_file, &about) != 0)
        return 1;
    return (int64_t)about.st_ctim.tv_sec * 1000000000 + about.st_ctim.tv_nsec;
}

static bool read_password(const char *path, struct secret *password, struct fault *why)
{
    char bytes[SECRET_MAX + 2];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = descriptor < 0 ? -1 : read(descriptor, bytes, sizeof bytes);
    if (descriptor >= 0)
        close(descriptor);
    while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
        length--;
    bool good = length > 0 && secret_set(password, bytes, (size_t)length);
    explicit_bzero(bytes, sizeof bytes);
    return good || fault_set(why, FAULT_UNAVAILABLE, "no password in %s", path);
}

static bool bind_by_password(const struct service_account *service, struct ldap_link *link, struct ldap_reply *reply,
                             struct fault *why)
{
    owned(secret) struct secret password = {0};
    return read_password(service->password_file, &password, why) &&
           ldap_link_bind_now(link, service->tenant.bind_dn, &password, service->wait_ms, reply, why);
}

static bool bind_by_ticket(const struct service_account *service, struct ldap_link *link, const char *uri,
                           struct ldap_reply *reply, struct fault *why)
{
    char host[256], principal[DN_SIZE + NAME_SIZE];
    const struct tenant *tenant = &service->tenant;
    if (!tenant->realm[0])
        return fault_set(why, FAULT_INVALID, "bind_method: kerberos, but no realm is set");
    ldap_dial_host(uri, host);
    snprintf(principal, sizeof principal, "%s%s%s", tenant->bind_dn, strchr(tenant->bind_dn, '@') ? "" : "@",
             strchr(tenant->bind_dn, '@') ? "" : tenant->realm);
    struct sasl_gssapi_config config = {
        .keytab = service->keytab_file, .principal = principal, .host = host, .realm = tenant->realm};
    return ldap_link_bind_ticket_now(link, &config, service->wait_ms, reply, why);
}

bool service_account_bind(const struct service_account *service, struct ldap_link *link, const char *uri,
                          struct fault *why)
{
    struct ldap_reply reply = {.result = {.code = RESULT_UNWILLING}};
    bool answered = service->tenant.bind_method == BIND_METHOD_KERBEROS
                        ? bind_by_ticket(service, link, uri, &reply, why)
                        : bind_by_password(service, link, &reply, why);
    if (!answered || reply.result.code == RESULT_SUCCESS)
        return answered;
    bool wrong = reply.result.code == RESULT_INVALID_CREDENTIALS;
    return fault_set(why, wrong ? FAULT_DENIED : FAULT_UNAVAILABLE, "the service account was rejected: code %d %s",
                     reply.result.code, reply.text);
}

bool service_account_fits(const struct service_account *service, struct ldap_link *link, struct fault *why)
{
    bool is_domain = false, should_be = service->tenant.directory == DIRECTORY_ACTIVE_DIRECTORY;
    if (!ldap_link_is_domain_now(link, service->wait_ms, &is_domain, why))
        return false;
    return is_domain == should_be ||
           fault_set(why, FAULT_INVALID, "this server is %s Active Directory, but the tenant says directory: %s",
                     is_domain ? "an" : "no", directory_kind_words[service->tenant.directory]);
}

struct ldap_link *service_account_open(const struct service_account *service, const char *uri, struct fault *why)
{
    struct ldap_link *link = ldap_link_open(uri, service->ca_file, service->wait_ms, why);
    if (!link)
        return NULL;
    // The kind first: a domain does not know the account by the name that another directory would.
    if (service_account_fits(service, link, why) && service_account_bind(service, link, uri, why))
        return link;
    ldap_link_close(link);
    return NULL;
}
