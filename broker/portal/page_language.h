// SPDX-License-Identifier: EUPL-1.2
// The languages in which the portal speaks.
#pragma once
#include "broker/portal/page_template.h"

enum page_language { PAGE_GERMAN, PAGE_ENGLISH, PAGE_LANGUAGE_COUNT };

enum { PAGE_LANGUAGE_TAG_SIZE = 8 };

struct page_language_row {
    const char *tag;                                                // RFC 5646
    const char *name;                                               // as its speakers write it
    void (*print_time)(char text[PAGE_TIME_SIZE], int64_t wall_ms); // local time
};
extern const struct page_language_row page_language_rows[PAGE_LANGUAGE_COUNT];

// By its tag, hostile. False: it is none of ours.
bool page_language_find(const char *tag, enum page_language *language) __attribute__((warn_unused_result));
// What somebody prefers by an Accept-Language header (RFC 9110, section 12.5.4), which is hostile; NULL or none of
// ours: German.
enum page_language page_language_choose(const char *header);
