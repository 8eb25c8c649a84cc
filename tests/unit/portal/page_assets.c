// SPDX-License-Identifier: EUPL-1.2
// Style sheets and fonts as the build gathered them: all there, and found by their digest alone.
#include "broker/portal/page_assets.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[512];
static struct page_assets *assets;
static struct fault why;

static void read_all(void)
{
    const char *build = getenv("PULT_BUILD");
    cr_assert(build);
    snprintf(folder, sizeof folder, "%s/portal/assets", build);
    assets = page_assets_read(folder, &why);
    cr_assert(assets, "%s", why.text);
}

static void free_all(void)
{
    page_assets_free(assets);
}

TestSuite(page_assets, .init = read_all, .fini = free_all);

static const struct page_asset *find(const char *digest, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "/assets/%s/%s", digest, name);
    return page_assets_find(assets, path);
}

Test(page_assets, are_all_that_was_gathered)
{
    DIR *gathered = opendir(folder);
    cr_assert(gathered);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(gathered));) {
        const char *ending = strrchr(entry->d_name, '.');
        if (entry->d_name[0] == '.' || text_equal(ending, ".gz"))
            continue;
        const struct page_asset *asset = find(page_assets_digest(assets), entry->d_name);
        cr_expect(asset && asset->length > 0 && asset->content_type[0], "%s", entry->d_name);
        count++;
    }
    closedir(gathered);
    cr_expect_geq(count, 8);
}

Test(page_assets, are_found_by_their_digest_alone)
{
    char other[DIGEST_SIZE];
    const char *digest = page_assets_digest(assets);
    cr_assert_eq(strlen(digest), DIGEST_SIZE - 1);
    memcpy(other, digest, sizeof other);
    other[0] = other[0] == '0' ? '1' : '0';
    cr_expect(find(digest, "portal.css"));
    cr_expect_null(find(other, "portal.css"));
    cr_expect_null(find("", "portal.css"));
    cr_expect_null(find(digest, "portal.css/"));
    cr_expect_null(find(digest, ""));
    cr_expect_null(find(digest, "../pages/logon.html"));
    cr_expect_null(page_assets_find(assets, "/assets/"));
    cr_expect_null(page_assets_find(assets, ""));
}

// What a browser fetches at its first visit of a page with letters of western Europe only, and of all of Europe. The
// page itself, its headers and those of TLS come on top: a tenth of what is left.
Test(page_assets, are_soon_fetched)
{
    static const char *const names[] = {"kern.min.css",
                                        "portal.css",
                                        "logon.js",
                                        "icon.svg",
                                        "fira-sans-latin-400-normal.woff2",
                                        "fira-sans-latin-600-normal.woff2",
                                        "fira-sans-latin-ext-400-normal.woff2",
                                        "fira-sans-latin-ext-600-normal.woff2"};
    size_t sum = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct page_asset *asset = find(page_assets_digest(assets), names[i]);
        cr_assert(asset, "%s", names[i]);
        sum += asset->packed ? asset->packed_length : asset->length;
        if (i == 5)
            cr_expect_lt(sum, 100 * 1000, "%zu bytes", sum);
    }
    cr_expect_lt(sum, 200 * 1000, "%zu bytes", sum);
}

// The policy of our pages would drop what comes from elsewhere.
Test(page_assets, come_from_nowhere_else)
{
    static const char *const sheets[] = {"kern.min.css", "portal.css"};
    for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++) {
        const struct page_asset *sheet = find(page_assets_digest(assets), sheets[i]);
        cr_assert(sheet);
        cr_expect_null(memmem(sheet->bytes, sheet->length, "@import", 7));
        cr_expect_null(memmem(sheet->bytes, sheet->length, "url(http", 8));
        cr_expect_null(memmem(sheet->bytes, sheet->length, "url(//", 6));
        cr_expect_null(memmem(sheet->bytes, sheet->length, "url(\"http", 9));
    }
}

Test(page_assets, that_are_not_there_are_named)
{
    cr_assert_null(page_assets_read("broker/portal", &why));
    cr_assert(strstr(why.text, "kern.min.css"), "%s", why.text);
}
