// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/forwarded.h"
#include "broker/base/text.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

// With brackets and a port.
enum { HOP_SIZE = ADDRESS_TEXT_SIZE + 16, PORT_MAX = 65535 };

static const char *const field_names[FORWARDED_FIELD_COUNT] = {
    [FORWARDED_NONE] = "",
    [FORWARDED_X_FOR] = "X-Forwarded-For",
    [FORWARDED_STANDARD] = "Forwarded",
};

// What is known after each hop, from the first to the last.
struct forwarded_path {
    const char *proxies;
    struct forwarded_caller caller;
    bool is_broken; // as far as it was read; what comes after may be known again
};

// ---- a hop

// "192.0.2.1", "192.0.2.1:47011", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:47011". What stands there instead of a
// port (RFC 7239, section 6.3: "_hidden") is passed over. False: it says no address.
static bool read_node(struct forwarded_caller *hop, char *node)
{
    int64_t port = 0;
    char *address = node, *behind = strchr(node, ':');
    if (node[0] == '[') {
        address = node + 1;
        char *end = strchr(address, ']');
        if (!end || (end[1] && end[1] != ':'))
            return false;
        *end = 0;
        behind = end[1] ? end + 1 : NULL;
    } else if (behind && strchr(behind + 1, ':')) {
        behind = NULL; // an IPv6 address, bare
    }
    if (behind)
        *behind++ = 0;
    if (!behind || !text_number(behind, 1, PORT_MAX, &port))
        port = 0;
    hop->port = (int)port;
    hop->is_named = address_read(&hop->address, address);
    return hop->is_named;
}

// A hop that is not known hides all before it. One of the proxies passes on what it was told; whoever else is the last
// of them has called.
static void add_hop(struct forwarded_path *path, const char *node, size_t length)
{
    struct forwarded_caller hop = {.is_named = false};
    char text[HOP_SIZE];
    path->is_broken = false;
    bool fits = length < sizeof text;
    if (fits) {
        memcpy(text, node, length);
        text[length] = 0;
    }
    if (!fits || !read_node(&hop, text))
        path->caller = (struct forwarded_caller){.is_named = false};
    else if (!path->caller.is_named || !address_networks_have(path->proxies, &hop.address))
        path->caller = hop;
}

static void lose_path(struct forwarded_path *path)
{
    path->caller = (struct forwarded_caller){.is_named = false};
    path->is_broken = true;
}

// ---- X-Forwarded-For: addresses, with commas between, without quotes

static void read_addresses(struct forwarded_path *path, const char *at)
{
    while (*at) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ",");
        const char *next = at + length;
        while (length && (at[length - 1] == ' ' || at[length - 1] == '\t'))
            length--;
        if (length)
            add_hop(path, at, length);
        at = next;
    }
}

// ---- Forwarded (RFC 7239, section 4)

struct forwarded_pair {
    const char *name, *value;
    size_t name_length, value_length;
};

// Behind its last quote; NULL: it does not end. There are no escapes in an address: they stay as they are.
static const char *pass_quoted(const char *at)
{
    assert(*at == '"');
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && !*++at)
            return NULL;
    return *at ? at + 1 : NULL;
}

// Behind it; NULL: it is none. IPv6 addresses without quotes are taken, too, as some write them.
static const char *read_pair(struct forwarded_pair *pair, const char *at)
{
    pair->name = at;
    pair->name_length = strcspn(at, "=;,\" \t");
    if (!pair->name_length || at[pair->name_length] != '=')
        return NULL;
    pair->value = at + pair->name_length + 1;
    const char *end = *pair->value == '"' ? pass_quoted(pair->value) : pair->value + strcspn(pair->value, ";,\" \t");
    if (!end)
        return NULL;
    pair->value_length = (size_t)(end - pair->value);
    if (*pair->value == '"') {
        pair->value++;
        pair->value_length -= 2;
    }
    end += strspn(end, " \t");
    return !*end || *end == ';' || *end == ',' ? end : NULL;
}

// One hop; behind it. NULL: it is none.
static const char *read_element(struct forwarded_path *path, const char *at)
{
    const char *node = "";
    size_t length = 0;
    bool has_node = false;
    while (*at && *at != ',') {
        struct forwarded_pair pair;
        at += strspn(at, "; \t");
        if (!*at || *at == ',')
            break;
        at = read_pair(&pair, at);
        if (!at)
            return NULL;
        if (pair.name_length != strlen("for") || strncasecmp(pair.name, "for", pair.name_length) != 0)
            continue;
        if (has_node)
            return NULL;
        has_node = true;
        node = pair.value;
        length = pair.value_length;
    }
    add_hop(path, node, length);
    return at;
}

static void read_elements(struct forwarded_path *path, const char *at)
{
    while (at && *at) {
        at += strspn(at, ", \t");
        if (*at)
            at = read_element(path, at);
    }
    if (!at)
        lose_path(path);
}

// ---- all lines

bool forwarded_read(struct forwarded_caller *caller, enum forwarded_field field, const struct request_head *head,
                    const char *proxies)
{
    struct forwarded_path path = {.proxies = proxies};
    size_t at = 0;
    assert(field < FORWARDED_FIELD_COUNT);
    for (const char *value; (value = request_head_next(head, field_names[field], &at));) {
        if (field == FORWARDED_STANDARD)
            read_elements(&path, value);
        else
            read_addresses(&path, value);
    }
    *caller = path.caller;
    return !path.is_broken;
}
