// SPDX-License-Identifier: EUPL-1.2
// The OpenAPI 3.1 document of the whole face of the broker, made from the rows of methods, nouns, answers, refusals and
// links: nothing stands in it that is written a second time.
#pragma once
#include "broker/base/text.h"

void openapi_print(struct text *out);
