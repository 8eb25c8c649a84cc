// SPDX-License-Identifier: EUPL-1.2
// How the greeter looks. Every text has a contrast of at least 7:1 against what is behind it, in both looks.
#pragma once

extern const char style_css[];
