// SPDX-License-Identifier: EUPL-1.2
// What each fuzz target is: libFuzzer or replay.c calls it with one input after the other.
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
