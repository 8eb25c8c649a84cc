// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/active_directory.h"
#include "broker/auth/verdict.h"
#include "broker/base/text.h"

#include <stdint.h>
#include <string.h>

static void put_utf16(char **to, uint32_t character)
{
    uint16_t units[2];
    size_t count = text_utf16(units, character);
    for (size_t i = 0; i < count; i++) {
        *(*to)++ = (char)(units[i] & 0xff);
        *(*to)++ = (char)(units[i] >> 8);
    }
}

size_t active_directory_password(char quoted[ACTIVE_DIRECTORY_PASSWORD_MAX], const struct secret *password)
{
    char *to = quoted;
    uint32_t character = 0;
    put_utf16(&to, '"');
    for (size_t at = 0, length; at < password->length; at += length) {
        length = text_character(password->bytes + at, password->length - at, &character);
        if (length == 0)
            return 0;
        put_utf16(&to, character);
    }
    put_utf16(&to, '"');
    return (size_t)(to - quoted);
}

static enum auth_verdict replace_password(struct ldap_link *link, const char *dn, struct ldap_bytes old_value,
                                          struct ldap_bytes new_value, int64_t wait_ms, struct fault *why)
{
    struct ldap_reply reply;
    if (!ldap_link_exchange_now(link, dn, "unicodePwd", old_value, new_value, wait_ms, &reply, why))
        return AUTH_UNAVAILABLE;
    enum auth_verdict verdict = verdict_of_domain_change(&reply.result);
    if (verdict == AUTH_UNAVAILABLE)
        fault_set(why, FAULT_UNAVAILABLE, "code %d %s", reply.result.code, reply.text);
    return verdict;
}

enum auth_verdict active_directory_change(const struct service_account *service, struct ldap_link *link,
                                          const char *uri, const char *dn, const struct secret *old_password,
                                          const struct secret *new_password, struct fault *why)
{
    struct ldap_reply reply;
    if (!ldap_link_bind_now(link, dn, old_password, service->wait_ms, &reply, why))
        return AUTH_UNAVAILABLE;
    enum auth_verdict verdict = verdict_of_bind(DIRECTORY_ACTIVE_DIRECTORY, &reply.result);
    bool shut_out = verdict == AUTH_EXPIRED || verdict == AUTH_MUST_CHANGE;
    if (verdict != AUTH_RIGHT && !shut_out)
        return verdict;
    if (shut_out && !service_account_bind(service, link, uri, why))
        return AUTH_UNAVAILABLE;
    char old_value[ACTIVE_DIRECTORY_PASSWORD_MAX], new_value[ACTIVE_DIRECTORY_PASSWORD_MAX];
    struct ldap_bytes old = {old_value, active_directory_password(old_value, old_password)};
    struct ldap_bytes new = {new_value, active_directory_password(new_value, new_password)};
    verdict = old.length && new.length ? replace_password(link, dn, old, new, service->wait_ms, why) : AUTH_REJECTED;
    explicit_bzero(old_value, sizeof old_value);
    explicit_bzero(new_value, sizeof new_value);
    return verdict;
}
