// SPDX-License-Identifier: EUPL-1.2
// Pages as files: HTML with gaps that are filled from a struct by its rows. What a gap names is looked up when the page
// is read, so a page that is read can be written; and each value is escaped for the place where it stands, in no way
// that a page could choose.
//   {{field}}               its value; a time as people write it between tags, by RFC 3339 within quotes
//   {{#field}}...{{/field}} once a row of a list (whose fields are then found first); else, when it is not empty
//   {{^field}}...{{/field}} when it is empty
//   {{#field=word}}         when the choice is this word; {{^field=word}} when it is not
//   {{_ A sentence.}}       in the language of the page
//   {{_ %s waits.|field}}   with a value in each gap
//   {{> head}}              another file
//   {{! for the reader }}
#pragma once
#include "broker/api/record.h"
#include "broker/base/fault.h"

enum {
    PAGE_PARTS_MAX = 4000,
    PAGE_DEPTH_MAX = 8,         // sections in sections, and files in files
    PAGE_SIZE_MAX = 512 * 1024, // bytes of what is written
    PAGE_TIME_SIZE = 64,
};

struct page_source {
    const char *(*file)(void *arg, const char *name);        // its text; NULL: there is none
    const char *(*sentence)(void *arg, const char *english); // in the language of the page
    void (*time)(char text[PAGE_TIME_SIZE], int64_t wall_ms);
    void *arg;
};

struct page_template;
// The file `name` of the source, for records of this type. NULL with why, which names file and line.
struct page_template *page_template_read(const struct page_source *source, const char *name,
                                         const struct record_type *type, struct fault *why);
void page_template_free(struct page_template *pattern); // NULL allowed
// Adds the page; the record's strings are hostile. False: it would be longer than PAGE_SIZE_MAX, and there is none.
bool page_template_write(const struct page_template *pattern, const void *record, struct text *page)
    __attribute__((warn_unused_result));
