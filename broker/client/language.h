// SPDX-License-Identifier: EUPL-1.2
// The language of the person in front of a program: gettext, one domain "pult", one catalogue for all that people read.
#pragma once
#include "broker/api/refusal.h"
#include "broker/base/text.h"

// Sets the locale from the environment, or the language to `wanted` ("de") when it is not NULL. Works without
// installed locales: the text is then translated all the same and numbers and times are plain. Catalogues come from
// the installation, or from the folder PULT_LOCALE_DIR names.
void language_init(const char *wanted);
__attribute__((format_arg(1))) const char *language_text(const char *english);
// "" for REFUSAL_NONE.
const char *language_sentence(enum refusal refusal);

// A sentence that the broker made in English from `format`, in the person's language where the catalogue has the
// format. Both are hostile: they are taken apart, and nothing is formatted by them.
void language_detail(struct text *text, const char *detail, const char *format);

#define _(english) language_text(english)
#define N_(english) english
