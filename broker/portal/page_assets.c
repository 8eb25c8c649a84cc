// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/page_assets.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASSET_SIZE_MAX = 8 * 1024 * 1024 };

static const struct {
    const char *name, *content_type;
    bool is_packed; // NAME.gz stands beside it
} rows[] = {
    {"kern.min.css", "text/css; charset=utf-8", true},
    {"portal.css", "text/css; charset=utf-8", true},
    {"factors.js", "text/javascript; charset=utf-8", true},
    {"logon.js", "text/javascript; charset=utf-8", true},
    {"fira-sans-latin-400-normal.woff2", "font/woff2", false},
    {"fira-sans-latin-600-normal.woff2", "font/woff2", false},
    {"fira-sans-latin-ext-400-normal.woff2", "font/woff2", false},
    {"fira-sans-latin-ext-600-normal.woff2", "font/woff2", false},
    {"icon.svg", "image/svg+xml", false},
    {"desktop.js", "text/javascript; charset=utf-8", true},
    {"iron-remote-desktop.js", "text/javascript; charset=utf-8", true},
    {"iron-remote-desktop-rdp.js", "text/javascript; charset=utf-8", true},
    {"iron-remote-desktop.wasm", "application/wasm", true},
};
enum { ASSET_COUNT = sizeof rows / sizeof *rows };

struct page_assets {
    struct page_asset assets[ASSET_COUNT];
    char digest[DIGEST_SIZE];
};

// Its bytes are the receiver's.
static bool read_bytes(const char **into, size_t *length, const char *folder, const char *name, const char *ending,
                       struct fault *why)
{
    char path[FILE_PATH_SIZE];
    if (snprintf(path, sizeof path, "%s/%s%s", folder, name, ending) >= (int)sizeof path)
        return fault_set(why, FAULT_INVALID, "%.200s: is too long", folder);
    owned(bytes) char *bytes = mem_room(ASSET_SIZE_MAX);
    if (!file_read(path, bytes, ASSET_SIZE_MAX, length, why))
        return false;
    if (*length == ASSET_SIZE_MAX)
        return fault_set(why, FAULT_INVALID, "%.240s: is too large", path);
    *into = mem_copy(bytes, *length);
    return true;
}

static bool read_asset(struct page_asset *asset, const char *folder, size_t row, struct fault *why)
{
    asset->name = rows[row].name;
    asset->content_type = rows[row].content_type;
    return read_bytes(&asset->bytes, &asset->length, folder, asset->name, "", why) &&
           (!rows[row].is_packed || read_bytes(&asset->packed, &asset->packed_length, folder, asset->name, ".gz", why));
}

static bool digest_all(struct page_assets *assets)
{
    unsigned char digest[(DIGEST_SIZE - 1) / 2];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; made && i < ASSET_COUNT; i++) {
        const struct page_asset *asset = &assets->assets[i];
        made = EVP_DigestUpdate(context, asset->name, strlen(asset->name) + 1) == 1 &&
               EVP_DigestUpdate(context, &asset->length, sizeof asset->length) == 1 &&
               EVP_DigestUpdate(context, asset->bytes, asset->length) == 1;
    }
    made = made && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (made)
        text_hex(assets->digest, digest, sizeof digest);
    return made;
}

struct page_assets *page_assets_read(const char *folder, struct fault *why)
{
    struct page_assets *assets = mem_new(1, sizeof *assets);
    bool read = true;
    for (size_t i = 0; read && i < ASSET_COUNT; i++)
        read = read_asset(&assets->assets[i], folder, i, why);
    if (read && !digest_all(assets))
        read = fault_set(why, FAULT_BROKEN, "SHA-256 is not available");
    if (read)
        return assets;
    page_assets_free(assets);
    return NULL;
}

static void free_asset(struct page_asset *asset)
{
    free((char *)(uintptr_t)asset->bytes);
    free((char *)(uintptr_t)asset->packed);
}

void page_assets_free(struct page_assets *assets)
{
    for (size_t i = 0; assets && i < ASSET_COUNT; i++)
        free_asset(&assets->assets[i]);
    free(assets);
}

const char *page_assets_digest(const struct page_assets *assets)
{
    assert(assets->digest[0]);
    return assets->digest;
}

const struct page_asset *page_assets_find(const struct page_assets *assets, const char *path)
{
    char start[DIGEST_SIZE + 16];
    int length = snprintf(start, sizeof start, "/assets/%s/", assets->digest);
    assert(length > 0 && length < (int)sizeof start);
    if (!text_starts(path, start))
        return NULL;
    for (size_t i = 0; i < ASSET_COUNT; i++)
        if (text_equal(path + length, assets->assets[i].name))
            return &assets->assets[i];
    return NULL;
}
