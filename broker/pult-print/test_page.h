// SPDX-License-Identifier: EUPL-1.2
// A page of our own, A4, as PDF.
#pragma once
#include "broker/base/text.h"

// Which printer, where, and when; `place` may be empty.
void test_page_print(struct text *pdf, const char *printer, const char *place, int64_t now_ms);
