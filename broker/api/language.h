// SPDX-License-Identifier: EUPL-1.2
// The language of the person in front of a program: gettext, one domain "pult", one catalogue for all that people read.
#pragma once
#include "broker/api/refusal.h"

// Sets the locale from the environment, or the language to `wanted` ("de") when it is not NULL. Works without
// installed locales: the text is then translated all the same and numbers and times are plain. Catalogues come from
// the installation, or from the folder PULT_LOCALE_DIR names.
void language_init(const char *wanted);
__attribute__((format_arg(1))) const char *language_text(const char *english);
// "" for REFUSAL_NONE.
const char *language_sentence(enum refusal refusal);

#define _(english) language_text(english)
#define N_(english) english
