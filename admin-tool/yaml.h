// SPDX-License-Identifier: EUPL-1.2
// The file of `pultctl apply`: YAML of a fixed shape, top-level keys tenants: to devices:, each a list of flat objects.
// Anything else YAML can do (anchors, aliases, tags, deeper nesting, several documents) is refused, so the text may be
// hostile.
#pragma once
#include "broker/api/codec.h"

enum { YAML_MAX = 1024 * 1024 };

// *objects receives an array as POST /v1/apply takes it. Faults name the line.
bool yaml_read(json_object **objects, const char *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
