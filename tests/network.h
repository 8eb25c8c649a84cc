// SPDX-License-Identifier: EUPL-1.2
// A network of a test's own, so that tests that use the same ports can run at once. Needs root.
#pragma once

// For a suite's `.init`: an empty network namespace with `lo` up.
void network_own(void);
// This process sees `content` where others see the file at `path`, e.g. /etc/hosts. `path` must exist.
void network_replace_file(const char *path, const char *content);
