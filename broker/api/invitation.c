// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/invitation.h"
#include "broker/base/text.h"

#include <stdio.h>
#include <string.h>

enum { PORT = 8443 };

bool invitation_split(const char *broker, char *host, size_t size, int64_t *port)
{
    const char *start = broker, *end = NULL, *rest = NULL;
    if (broker[0] == '[') {
        start = broker + 1;
        end = strchr(start, ']');
        rest = end ? end + 1 : NULL;
    } else {
        const char *colon = strchr(broker, ':');
        bool bare_ipv6 = colon && strchr(colon + 1, ':');
        end = rest = colon && !bare_ipv6 ? colon : broker + strlen(broker);
    }
    size_t length = end ? (size_t)(end - start) : 0;
    if (length == 0 || length >= size)
        return false;
    memcpy(host, start, length);
    host[length] = 0;
    return !*rest || (*rest == ':' && text_number(rest + 1, 1, 65535, port));
}

static bool read_pin(struct invitation *invitation, const char *hex)
{
    unsigned char digest[32];
    if (!text_unhex(digest, sizeof digest, hex))
        return false;
    text_hex(invitation->pin, digest, sizeof digest);
    return true;
}

bool invitation_read(struct invitation *invitation, const char *text)
{
    char word[INVITATION_SIZE];
    *invitation = (struct invitation){.port = PORT};
    if (!text_is_clean(text, strlen(text)) || !text_copy(word, sizeof word, text))
        return false;
    char *at = strchr(word, '@'), *slash = at ? strchr(at, '/') : NULL;
    if (at)
        *at = 0;
    if (slash)
        *slash = 0;
    bool read = word[0] && text_copy(invitation->token, sizeof invitation->token, word) &&
                (!at || invitation_split(at + 1, invitation->host, sizeof invitation->host, &invitation->port)) &&
                (!slash || read_pin(invitation, slash + 1));
    explicit_bzero(word, sizeof word);
    return read;
}

void invitation_print(const struct invitation *invitation, char text[INVITATION_SIZE])
{
    bool brackets = strchr(invitation->host, ':') != NULL;
    if (!invitation->host[0])
        snprintf(text, INVITATION_SIZE, "%s", invitation->token);
    else
        snprintf(text, INVITATION_SIZE, "%s@%s%s%s:%d%s%s", invitation->token, brackets ? "[" : "", invitation->host,
                 brackets ? "]" : "", (int)invitation->port, invitation->pin[0] ? "/" : "", invitation->pin);
}
