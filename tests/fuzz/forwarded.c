// SPDX-License-Identifier: EUPL-1.2
// What a caller says about who calls, a line each, before a proxy adds who it was: whatever it is, the proxy's word
// counts, in a line of its own and behind the caller's last one, or there is no request.
#include "broker/net/forwarded.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 8 * 1024, WORD_MAX = 64 };

#define PROXIES "192.0.2.0/24"

static struct request_head head;

static bool read_head(enum forwarded_field field, struct forwarded_caller *caller)
{
    bool is_read = forwarded_read(caller, field, &head, PROXIES);
    assert(is_read || !caller->is_named);
    assert(caller->port >= 0 && caller->port <= 65535);
    return is_read;
}

static void expect_address(const struct forwarded_caller *caller, const char *address)
{
    struct address expected;
    bool is_read = address_read(&expected, address);
    assert(is_read && caller->is_named && address_equal(&caller->address, &expected));
    (void)caller, (void)is_read;
}

static void add_by_proxy(enum forwarded_field field, const char *name, const char *word, const char *address)
{
    struct forwarded_caller caller;
    size_t count = head.count;
    head.fields[head.count++] = (struct request_field){name, word};
    bool is_read = read_head(field, &caller);
    assert(is_read);
    (void)is_read;
    expect_address(&caller, address);
    head.count = count;
    if (!count)
        return;
    const char *last = head.fields[count - 1].value;
    size_t size = strlen(last) + WORD_MAX;
    char *joined = malloc(size);
    assert(joined);
    snprintf(joined, size, "%s, %s", last, word);
    head.fields[count - 1].value = joined;
    if (read_head(field, &caller))
        expect_address(&caller, address);
    else
        assert(field == FORWARDED_STANDARD);
    head.fields[count - 1].value = last;
    free(joined);
}

static void try_lines(enum forwarded_field field, char **lines, size_t count)
{
    const char *name = field == FORWARDED_X_FOR ? "X-Forwarded-For" : "Forwarded";
    struct forwarded_caller caller;
    head = (struct request_head){.method = "GET", .path = "/", .count = count};
    for (size_t i = 0; i < count; i++)
        head.fields[i] = (struct request_field){name, lines[i]};
    read_head(field, &caller);
    if (field == FORWARDED_X_FOR) {
        add_by_proxy(field, name, "203.0.113.9", "203.0.113.9");
        add_by_proxy(field, name, "2001:db8::9, 192.0.2.1", "2001:db8::9");
    } else {
        add_by_proxy(field, name, "for=203.0.113.9", "203.0.113.9");
        add_by_proxy(field, name, "proto=https;for=\"[2001:db8::9]:4711\", for=192.0.2.1", "2001:db8::9");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX + 1], *lines[REQUEST_FIELDS_MAX - 1];
    size_t count = 0;
    if (size > TEXT_MAX || memchr(data, 0, size))
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    for (char *at = text; at && count < REQUEST_FIELDS_MAX - 1;) {
        lines[count++] = at;
        at = strchr(at, '\n');
        if (at)
            *at++ = 0;
    }
    try_lines(FORWARDED_X_FOR, lines, count);
    try_lines(FORWARDED_STANDARD, lines, count);
    return 0;
}
