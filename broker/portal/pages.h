// SPDX-License-Identifier: EUPL-1.2
// The portal's pages, read once from their files, in each language that there is.
#pragma once
#include "broker/portal/page_language.h"
#include "broker/portal/view.h"

struct pages;

// `folder` holds the .html files, `locale_folder` the catalogues as they are installed. NULL with why: one of them is
// missing, or is wrong at the place that is named.
struct pages *pages_read(const char *folder, const char *locale_folder, struct fault *why);
void pages_free(struct pages *pages); // NULL allowed
// `record` is of the view's type. False: the page would be too long.
bool pages_write(const struct pages *pages, enum view view, enum page_language language, const void *record,
                 struct text *page) __attribute__((warn_unused_result));
const char *pages_sentence(const struct pages *pages, enum page_language language, const char *english);
