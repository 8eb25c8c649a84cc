// SPDX-License-Identifier: EUPL-1.2
// What stands behind the question mark of a request, read by the row of its method. Hostile.
#pragma once
#include "broker/api/method.h"

enum { QUERY_PAIR_SIZE = ID_SIZE + 32 }; // name, "=" and value

struct query {
    const struct record_type *type; // NULL: the method takes none
    struct page_query *page;
    uint32_t given; // bit: the field of this index
};

// Into `page`, which is what holds where nothing is given.
void query_begin(struct query *query, const struct method *method, struct page_query *page);
// One "limit=10" that is decoded already; nothing but what the row names, and that once.
bool query_take(struct query *query, const char *pair, size_t length, struct fault *why);
