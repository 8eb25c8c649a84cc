// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/page_visit.h"
#include "broker/base/mem.h"

#include <stdlib.h>
#include <string.h>

// Of the address, so that a link says it; else as the browser was told before; else as it is set up.
static void choose_language(struct page_visit *visit, const char *cookies, const char *accept_language,
                            const char *wanted)
{
    char kept[PAGE_LANGUAGE_TAG_SIZE];
    if (page_language_find(wanted, &visit->language)) {
        text_addf(&visit->cookies, COOKIE_LANGUAGE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=31536000\n",
                  page_language_rows[visit->language].tag);
        return;
    }
    if (!cookie_value(cookies, COOKIE_LANGUAGE, kept, sizeof kept) || !page_language_find(kept, &visit->language))
        visit->language = page_language_choose(accept_language);
}

struct page_visit *page_visit_new(const struct pages *pages, const struct page_assets *assets, const char *cookies,
                                  const char *accept_language, const char *language)
{
    struct page_visit *visit = mem_new(1, sizeof *visit);
    const char *header = cookies ? cookies : "";
    visit->cookies.is_secret = true;
    visit->pages = pages;
    visit->assets = assets;
    if (!cookie_read(header, COOKIE_SESSION, visit->session))
        visit->session[0] = 0;
    if (!cookie_read(header, COOKIE_VISITOR, visit->visitor))
        visit->visitor[0] = 0;
    choose_language(visit, header, accept_language, language);
    return visit;
}

void page_visit_free(struct page_visit *visit)
{
    if (!visit)
        return;
    text_drop(&visit->cookies);
    explicit_bzero(visit, sizeof *visit);
    free(visit);
}

void page_visit_give_cookie(struct page_visit *visit, const char *name, const char *cookie)
{
    if (*cookie)
        cookie_print(&visit->cookies, name, cookie);
    else
        cookie_print_end(&visit->cookies, name);
    text_adds(&visit->cookies, "\n");
}

bool page_visit_asset(struct page_visit *visit, const char *path, struct text *answer)
{
    const struct page_asset *asset = page_assets_find(visit->assets, path);
    if (!asset)
        return false;
    bool packed = visit->takes_gzip && asset->packed;
    visit->kind = PAGE_ASSET;
    visit->content_type = asset->content_type;
    visit->content_encoding = packed ? "gzip" : NULL;
    text_add(answer, packed ? asset->packed : asset->bytes, packed ? asset->packed_length : asset->length);
    return true;
}
