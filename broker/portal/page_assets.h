// SPDX-License-Identifier: EUPL-1.2
// What pages are shown with: style sheets, fonts, pictures. They are in memory, and part of their address is a digest
// of them all, so that a browser asks for each once and has the new one as soon as there is one.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"

struct page_assets;

struct page_asset {
    const char *name, *content_type;
    const char *bytes;
    size_t length;
    const char *packed; // by gzip; NULL: it would not get smaller
    size_t packed_length;
};

// NULL with why: one is missing.
struct page_assets *page_assets_read(const char *folder, struct fault *why);
void page_assets_free(struct page_assets *assets); // NULL allowed
const char *page_assets_digest(const struct page_assets *assets);
// "/assets/DIGEST/NAME", which is hostile; NULL: there is none, or it is one of before.
const struct page_asset *page_assets_find(const struct page_assets *assets, const char *path);
