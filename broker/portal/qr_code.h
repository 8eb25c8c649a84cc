// SPDX-License-Identifier: EUPL-1.2
// A QR code (ISO/IEC 18004) as the path of an SVG picture, so that it stands in the page itself: what it says may be a
// secret, and no address leads to it.
#pragma once
#include "broker/base/text.h"

// Adds to `path` what is dark, a square of 1 by 1 a module; to be wiped when the text is secret. The picture is *side
// modules wide and high, the light margin with it. False: the text is too long for any.
bool qr_code_draw(const char *text, struct text *path, int64_t *side) __attribute__((warn_unused_result));
