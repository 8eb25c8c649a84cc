// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/http_reader.h"
#include "broker/base/text.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

enum { CHUNK_LINE_MAX = 256, CHUNK_DIGITS_MAX = 12, FIELDS_MAX = 64 };

static enum http_event ruin(struct http_reader *reader, int status)
{
    reader->place = HTTP_IN_RUINS;
    reader->status = status;
    reader->head.closes = true;
    return HTTP_BROKEN;
}

// ---- the head

// RFC 9110, section 5.6.2.
static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] >= 127 || strchr("\"(),/:;<=>?@[\\]{}", text[i]))
            return false;
    return length > 0;
}

static bool is_visible(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text >= 127)
            return false;
    return true;
}

static bool is_field_value(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 127)
            return false;
    return true;
}

// "POST /ipp/print/next-to-me HTTP/1.1", or with the whole URI as a proxy gets it.
static int read_request_line(struct http_head *head, char *line)
{
    char *target = strchr(line, ' '), *version = target ? strchr(target + 1, ' ') : NULL;
    if (!version)
        return 400;
    *target++ = *version++ = 0;
    if (!is_token(line, strlen(line)) || !is_visible(target))
        return 400;
    if (!text_equal(version, "HTTP/1.1") && !text_equal(version, "HTTP/1.0"))
        return 505;
    head->closes = version[7] == '0';
    char *authority = strstr(target, "://");
    if (*target != '/' && authority)
        target = strchr(authority + 3, '/');
    if (!target || *target != '/')
        return 400;
    if (!text_copy(head->method, sizeof head->method, line))
        return 405;
    return text_copy(head->path, sizeof head->path, target) ? 0 : 414;
}

// Twice is once too often, even when both are the same: what stands before us may have taken the other.
static int read_length(struct http_head *head, const char *value)
{
    int64_t length;
    if (head->has_body || !text_number(value, 0, INT64_MAX / 2, &length))
        return 400;
    head->has_body = true;
    head->length = (uint64_t)length;
    return 0;
}

static int read_encoding(struct http_head *head, const char *value)
{
    if (head->has_body || head->is_chunked)
        return 400;
    head->has_body = head->is_chunked = true;
    return strcasecmp(value, "chunked") == 0 ? 0 : 501;
}

static int read_expectation(struct http_head *head, const char *value)
{
    head->wants_continue = strcasecmp(value, "100-continue") == 0;
    return head->wants_continue ? 0 : 417;
}

static int read_connection(struct http_head *head, const char *value)
{
    head->closes |= strcasecmp(value, "close") == 0;
    return 0;
}

static int read_type(struct http_head *head, const char *value)
{
    return text_copy(head->type, sizeof head->type, value) ? 0 : 415;
}

static int read_content_encoding(struct http_head *head, const char *value)
{
    (void)head;
    return strcasecmp(value, "identity") == 0 ? 0 : 415;
}

static const struct {
    const char *name;
    int (*read)(struct http_head *head, const char *value);
} known_fields[] = {
    {"content-length", read_length}, {"transfer-encoding", read_encoding},        {"expect", read_expectation},
    {"connection", read_connection}, {"content-encoding", read_content_encoding}, {"content-type", read_type},
};

static int read_field(struct http_head *head, char *line)
{
    char *colon = strchr(line, ':');
    if (!colon || !is_token(line, (size_t)(colon - line)))
        return 400;
    *colon = 0;
    char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t length = strlen(value);
    while (length && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        value[--length] = 0;
    if (!is_field_value(value))
        return 400;
    for (size_t i = 0; i < sizeof known_fields / sizeof *known_fields; i++)
        if (strcasecmp(line, known_fields[i].name) == 0)
            return known_fields[i].read(head, value);
    return 0;
}

// Lines that end with CR LF, the last of them empty. 0, or what to answer.
static int read_head(struct http_head *head, char *text, size_t length)
{
    int status = 0, fields = -1;
    if (memchr(text, 0, length))
        return 400;
    for (char *line = text, *end; status == 0 && (end = strstr(line, "\r\n")) != line; line = end + 2) {
        if (!end)
            return 400;
        *end = 0;
        if (strpbrk(line, "\r\n") || ++fields > FIELDS_MAX)
            return 400;
        status = fields == 0 ? read_request_line(head, line) : read_field(head, line);
    }
    return fields < 0 ? 400 : status;
}

static enum http_event finish_head(struct http_reader *reader)
{
    reader->line[reader->held] = 0;
    int status = read_head(&reader->head, reader->line, reader->held);
    reader->held = 0;
    if (status)
        return ruin(reader, status);
    reader->left = reader->head.is_chunked ? 0 : reader->head.length;
    reader->place = reader->head.is_chunked ? HTTP_IN_CHUNK_SIZE : reader->left ? HTTP_IN_BODY : HTTP_AT_END;
    return HTTP_HEAD;
}

static size_t add_to_head(struct http_reader *reader, const char *bytes, size_t length, enum http_event *event)
{
    size_t taken = 0;
    if (reader->held == 0)
        reader->head = (struct http_head){0};
    while (taken < length) {
        if (reader->held == sizeof reader->line - 1) {
            *event = ruin(reader, 431);
            return taken;
        }
        reader->line[reader->held++] = bytes[taken++];
        if (reader->held >= 4 && memcmp(reader->line + reader->held - 4, "\r\n\r\n", 4) == 0) {
            *event = finish_head(reader);
            return taken;
        }
    }
    return taken;
}

// ---- the body

static size_t add_to_body(struct http_reader *reader, const char *bytes, size_t length, enum http_event *event)
{
    size_t part = reader->left < length ? (size_t)reader->left : length;
    assert(part > 0);
    reader->body = bytes;
    reader->body_length = part;
    reader->left -= part;
    if (reader->left == 0)
        reader->place = reader->place == HTTP_IN_BODY ? HTTP_AT_END : HTTP_IN_CHUNK_END;
    *event = HTTP_BODY;
    return part;
}

// "1a2b" or "1a2b;name=value".
static enum http_event begin_chunk(struct http_reader *reader)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t count = strspn(reader->line, digits);
    char after = reader->line[count];
    if (count == 0 || count > CHUNK_DIGITS_MAX || (after && !strchr("; \t", after)))
        return ruin(reader, 400);
    reader->left = 0;
    for (size_t i = 0; i < count; i++) {
        size_t digit = (size_t)(strchr(digits, reader->line[i]) - digits);
        reader->left = reader->left * 16 + (digit > 15 ? digit - 6 : digit);
    }
    reader->trailer = 0;
    reader->place = reader->left ? HTTP_IN_CHUNK : HTTP_IN_TRAILER;
    return HTTP_MORE;
}

static enum http_event finish_line(struct http_reader *reader)
{
    size_t length = reader->held;
    reader->held = 0;
    reader->line[length] = 0;
    if (strlen(reader->line) != length || strchr(reader->line, '\r'))
        return ruin(reader, 400);
    if (reader->place == HTTP_IN_CHUNK_SIZE)
        return begin_chunk(reader);
    if (reader->place == HTTP_IN_CHUNK_END) {
        reader->place = HTTP_IN_CHUNK_SIZE;
        return length == 0 ? HTTP_MORE : ruin(reader, 400);
    }
    reader->trailer += length + 1;
    if (length == 0)
        reader->place = HTTP_AT_END;
    return reader->trailer > HTTP_HEAD_MAX ? ruin(reader, 431) : HTTP_MORE;
}

// Of chunks: their sizes, what ends them, and what follows the last.
static size_t add_to_line(struct http_reader *reader, const char *bytes, size_t length, enum http_event *event)
{
    for (size_t i = 0; i < length; i++) {
        if (reader->held == CHUNK_LINE_MAX) {
            *event = ruin(reader, 400);
            return i;
        }
        reader->line[reader->held++] = bytes[i];
        if (bytes[i] != '\n')
            continue;
        if (reader->held < 2 || reader->line[reader->held - 2] != '\r') {
            *event = ruin(reader, 400);
            return i;
        }
        reader->held -= 2;
        *event = finish_line(reader);
        return i + 1;
    }
    return length;
}

// ---- all

size_t http_reader_add(struct http_reader *reader, const char *bytes, size_t length, enum http_event *event)
{
    size_t taken = 0;
    *event = HTTP_MORE;
    while (*event == HTTP_MORE) {
        if (reader->place == HTTP_AT_END) {
            reader->place = HTTP_IN_HEAD;
            *event = HTTP_END;
            return taken;
        }
        if (reader->place == HTTP_IN_RUINS) {
            *event = HTTP_BROKEN;
            return taken;
        }
        if (taken == length)
            return taken;
        const char *at = bytes + taken;
        size_t left = length - taken;
        switch (reader->place) {
        case HTTP_IN_HEAD:
            taken += add_to_head(reader, at, left, event);
            break;
        case HTTP_IN_BODY:
        case HTTP_IN_CHUNK:
            taken += add_to_body(reader, at, left, event);
            break;
        case HTTP_IN_CHUNK_END:
        case HTTP_IN_CHUNK_SIZE:
        case HTTP_IN_TRAILER:
            taken += add_to_line(reader, at, left, event);
            break;
        case HTTP_AT_END:
        case HTTP_IN_RUINS:
            break;
        }
    }
    return taken;
}

bool http_reader_is_idle(const struct http_reader *reader)
{
    return reader->place == HTTP_IN_HEAD && reader->held == 0;
}

const char *http_status_words(int status)
{
    static const struct {
        int status;
        const char *words;
    } rows[] = {
        {100, "Continue"},
        {200, "OK"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].status == status)
            return rows[i].words;
    return "Error";
}
