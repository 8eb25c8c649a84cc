// SPDX-License-Identifier: EUPL-1.2
// The header fields that go with each kind of answer of the portal: what a browser may do with it.
#pragma once

enum page_kind {
    PAGE_HTML,    // a page of ours
    PAGE_DESKTOP, // the page that shows a desktop, with the client that runs in it
    PAGE_ASSET,   // a style sheet, script, font or picture whose name changes with what is in it
    PAGE_FILE,    // to be kept by the person, such as a .rdp file
    PAGE_KIND_COUNT,
};

struct page_field {
    const char *name, *value;
};

// Ends with a row without name.
const struct page_field *page_policy(enum page_kind kind);
