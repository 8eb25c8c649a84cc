// SPDX-License-Identifier: EUPL-1.2
// What comes with the request of a browser at the portal, and what goes back with its page: cookies, the language, the
// header fields that say what the browser may do with it.
#pragma once
#include "broker/portal/browser_name.h"
#include "broker/portal/cookie.h"
#include "broker/portal/page_assets.h"
#include "broker/portal/page_language.h"
#include "broker/portal/page_policy.h"
#include "broker/portal/pages.h"

struct page_visit {
    const struct pages *pages;
    const struct page_assets *assets;
    // As it came.
    char session[COOKIE_SIZE], visitor[COOKIE_SIZE]; // "" without a good one
    enum page_language language;
    bool takes_gzip;
    char browser[BROWSER_NAME_SIZE];
    // Of the answer.
    enum page_kind kind;
    const char *content_type;     // NULL: a page
    const char *content_encoding; // NULL: as it is
    const char *location;         // where to go on; NULL: nowhere
    const char *file_name;        // ASCII, under which it is to be kept; NULL: it is shown
    struct text cookies;          // values of Set-Cookie, a line each
};

// All that is given is hostile; NULL: there was no such header. `language`: of the address, "" without.
struct page_visit *page_visit_new(const struct pages *pages, const struct page_assets *assets, const char *cookies,
                                  const char *accept_language, const char *language);
void page_visit_free(struct page_visit *visit); // NULL allowed
// A cookie for the browser, of COOKIE_SESSION or COOKIE_VISITOR; "" ends it.
void page_visit_give_cookie(struct page_visit *visit, const char *name, const char *cookie);
// The file at this path, hostile. False: there is none.
bool page_visit_asset(struct page_visit *visit, const char *path, struct text *answer)
    __attribute__((warn_unused_result));
