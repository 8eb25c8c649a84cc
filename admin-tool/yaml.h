// SPDX-License-Identifier: EUPL-1.2
// The file of `pultctl apply`: YAML of a fixed shape, top-level keys tenants: to devices:, each a list of flat objects.
// Anything else YAML can do (anchors, aliases, tags, deeper nesting, several documents) is refused, so the text may be
// hostile.
#pragma once
#include "broker/api/body.h"
#include "broker/base/fault.h"

enum { YAML_MAX = 1024 * 1024 };

// Fills the objects of a request as POST /v1/apply takes it; the caller frees it by record_free. Faults name the line,
// and nothing is left to free.
bool yaml_read(struct apply_request *request, const char *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
