// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ldap_dial.h"
#include "broker/base/text.h"
#include "broker/net/dial.h"

#include <string.h>

enum { KEEPALIVE_IDLE_S = 30, KEEPALIVE_EVERY_S = 5 };

struct ldap_place {
    char host[256];
    int64_t port;
};

static bool split_host(struct ldap_place *place, const char *rest)
{
    const char *start = rest[0] == '[' ? rest + 1 : rest;
    size_t length = strcspn(start, rest[0] == '[' ? "]" : ":/");
    const char *behind = start + length + (rest[0] == '[' && start[length] == ']');
    if (length == 0 || length >= sizeof place->host || (rest[0] == '[' && behind == start + length))
        return false;
    memcpy(place->host, start, length);
    place->host[length] = 0;
    return *behind == ':' ? text_number(behind + 1, 1, 65535, &place->port) : *behind == 0;
}

static bool split_uri(struct ldap_place *place, const char *uri)
{
    bool tls = text_starts(uri, "ldaps://");
    if (!tls && !text_starts(uri, "ldap://"))
        return false;
    place->port = tls ? 636 : 389;
    return split_host(place, uri + (tls ? 8 : 7));
}

void ldap_dial_host(const char *uri, char host[256])
{
    struct ldap_place place;
    host[0] = 0;
    if (split_uri(&place, uri))
        text_put(host, 256, place.host);
}

int ldap_dial(const char *uri, int64_t wait_ms, struct fault *why)
{
    struct ldap_place place;
    if (!split_uri(&place, uri)) {
        fault_set(why, FAULT_UNAVAILABLE, "not an address of a directory");
        return -1;
    }
    int descriptor = dial_now(place.host, (int)place.port, wait_ms, why);
    // A firewall may forget a quiet connection; the first who then uses it must not wait for its deadline.
    if (descriptor >= 0)
        dial_watch_over(descriptor, KEEPALIVE_IDLE_S, KEEPALIVE_EVERY_S, wait_ms);
    return descriptor;
}
