// SPDX-License-Identifier: EUPL-1.2
// How loaded the machine is: /proc/stat, /proc/meminfo and, where the kernel has it, /proc/pressure.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct load {
    uint64_t busy, total;          // ticks of all processors at the last reading
    int64_t cpu, memory, pressure; // permille, see host_message
};

// `root` is "/proc". The share of the processors is of the time since the last reading; 0 at the first.
void load_read(struct load *load, const char *root);

// The parts, for bytes that may be anything. False: not understood.
bool load_read_processors(const char *text, uint64_t *busy, uint64_t *total) __attribute__((warn_unused_result));
bool load_read_memory(const char *text, int64_t *permille) __attribute__((warn_unused_result));
bool load_read_pressure(const char *text, int64_t *permille) __attribute__((warn_unused_result));
