// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/request_head.h"
#include "broker/base/text.h"

#include <string.h>
#include <strings.h>

size_t request_head_length(const char *bytes, size_t length)
{
    static const char end[] = "\r\n\r\n";
    const char *at = memmem(bytes, length, end, sizeof end - 1);
    return at ? (size_t)(at - bytes) + sizeof end - 1 : 0;
}

// RFC 9110, section 5.6.2.
static bool is_token(const char *text)
{
    for (size_t i = 0; text[i]; i++)
        if (text[i] <= ' ' || text[i] >= 127 || strchr("\"(),/:;<=>?@[\\]{}", text[i]))
            return false;
    return text[0];
}

static bool is_path(const char *text)
{
    for (size_t i = 0; text[i]; i++)
        if (text[i] <= ' ' || text[i] >= 127)
            return false;
    return text[0] == '/';
}

static bool is_value(const char *text)
{
    for (size_t i = 0; text[i]; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 127)
            return false;
    return true;
}

static int read_request_line(struct request_head *head, char *line)
{
    char *path = strchr(line, ' '), *version = path ? strchr(path + 1, ' ') : NULL;
    if (!version)
        return 400;
    *path++ = *version++ = 0;
    head->method = line;
    head->path = path;
    if (!is_token(line) || !is_path(path))
        return 400;
    head->is_http_1_0 = text_equal(version, "HTTP/1.0");
    return head->is_http_1_0 || text_equal(version, "HTTP/1.1") ? 0 : 505;
}

static int read_field(struct request_head *head, char *line)
{
    char *colon = strchr(line, ':');
    if (!colon)
        return 400;
    *colon = 0;
    char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t length = strlen(value);
    while (length && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        value[--length] = 0;
    if (!is_token(line) || !is_value(value))
        return 400;
    if (head->count == REQUEST_FIELDS_MAX)
        return 431;
    head->fields[head->count++] = (struct request_field){line, value};
    return 0;
}

// The lines end with CR LF, the last of them empty: request_head_length has seen to that.
int request_head_read(struct request_head *head, char *bytes, size_t length)
{
    *head = (struct request_head){.method = "", .path = ""};
    if (memchr(bytes, 0, length))
        return 400;
    int status = 0;
    for (char *line = bytes, *end; !status && line < bytes + length - 2; line = end + 2) {
        end = memmem(line, (size_t)(bytes + length - line), "\r\n", 2);
        *end = 0;
        status = line == bytes ? read_request_line(head, line) : read_field(head, line);
    }
    return status;
}

const char *request_head_next(const struct request_head *head, const char *name, size_t *at)
{
    while (*at < head->count) {
        const struct request_field *field = &head->fields[(*at)++];
        if (strcasecmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

const char *request_head_field(const struct request_head *head, const char *name)
{
    size_t at = 0;
    const char *value = request_head_next(head, name, &at);
    return value && !request_head_next(head, name, &at) ? value : NULL;
}

bool request_head_lists(const struct request_head *head, const char *name, const char *word)
{
    const char *at = request_head_field(head, name);
    size_t length = strlen(word);
    while (at && *at) {
        at += strspn(at, ", \t");
        size_t some = strcspn(at, ", \t");
        if (some == length && strncasecmp(at, word, length) == 0)
            return true;
        at += some;
    }
    return false;
}
