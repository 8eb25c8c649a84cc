// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/active_directory.h"
#include "broker/auth/verdict.h"

#include <stdint.h>
#include <string.h>

// One character of valid UTF-8 at `at`; its length, 0 for what is none.
static size_t read_character(const char *at, size_t left, uint32_t *character)
{
    const unsigned char *bytes = (const unsigned char *)at;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = bytes[0] < 0x80 ? 1 : bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (length > left || (bytes[0] & 0xc0) == 0x80 || bytes[0] >= 0xf8)
        return 0;
    *character = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        *character = *character << 6 | (bytes[i] & 0x3f);
    }
    bool good = *character >= smallest[length] && *character < 0x110000 && (*character & ~0x7ffu) != 0xd800;
    return good ? length : 0;
}

static void put_utf16(char **to, uint32_t unit)
{
    *(*to)++ = (char)(unit & 0xff);
    *(*to)++ = (char)(unit >> 8 & 0xff);
}

size_t active_directory_password(char quoted[ACTIVE_DIRECTORY_PASSWORD_MAX], const struct secret *password)
{
    char *to = quoted;
    uint32_t character = 0;
    put_utf16(&to, '"');
    for (size_t at = 0, length; at < password->length; at += length) {
        length = read_character(password->bytes + at, password->length - at, &character);
        if (length == 0)
            return 0;
        if (character >= 0x10000) {
            put_utf16(&to, 0xd800 | (character - 0x10000) >> 10);
            put_utf16(&to, 0xdc00 | (character & 0x3ff));
        } else {
            put_utf16(&to, character);
        }
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
