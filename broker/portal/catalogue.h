// SPDX-License-Identifier: EUPL-1.2
// Sentences in another language, out of a catalogue as msgfmt makes it (.mo). The one of the C library speaks to one
// person per process; here each page has the language of who asked for it.
#pragma once
#include "broker/base/fault.h"

#include <stddef.h>

enum { CATALOGUE_MAX = 4 * 1024 * 1024 };

struct catalogue;
// Keeps a copy. NULL with why for what is damaged, or of a machine of another byte order.
struct catalogue *catalogue_read(const void *bytes, size_t length, struct fault *why);
void catalogue_free(struct catalogue *catalogue); // NULL allowed
// The English one itself, when the catalogue has none or is NULL.
const char *catalogue_sentence(const struct catalogue *catalogue, const char *english);
