// SPDX-License-Identifier: EUPL-1.2
// Where in a page something stands, followed letter by letter, and how a value is written there so that it stays a
// value. Strict on purpose: what a content security policy forbids, and what a browser would have to guess, is refused.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/text.h"

enum html_place {
    HTML_NOWHERE, // within a tag, a script, an attribute that holds code: no value may stand here
    HTML_TEXT,    // between tags
    HTML_VALUE,   // within the quotes of an attribute
    HTML_URL,     // there, in an address whose beginning the page itself has said
};

enum { HTML_NAME_SIZE = 32 };

struct html_context {
    int state;
    char name[HTML_NAME_SIZE]; // of the tag or attribute, as far as it has come
    size_t length;
    char tag[HTML_NAME_SIZE]; // with a "/" before it where it closes
    char first, second;       // letters of the attribute's value
    const char *script;       // or style, whose end alone may follow; NULL: none
};

// Zeroed it is the beginning of a page. False: it is no HTML as we write it.
bool html_follow(struct html_context *context, char letter, struct fault *why) __attribute__((warn_unused_result));
enum html_place html_place(const struct html_context *context);
// Whether what may follow is the same in both.
bool html_same(const struct html_context *a, const struct html_context *b);
// Between tags, and in no script.
bool html_is_complete(const struct html_context *context);

// A value for that place: hostile, any bytes without NUL.
void html_add(struct text *out, enum html_place place, const char *value);
