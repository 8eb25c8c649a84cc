// SPDX-License-Identifier: EUPL-1.2
// Loaded into xfreerdp3 (LD_PRELOAD): spares it the 0.3 s in which FreeRDP measures, at each start, whether this
// processor's own way to convert pictures is better than plain C.
enum { PRIMITIVES_ONLY_CPU = 1 }; // primitive_hints in freerdp/primitives.h

extern void primitives_set_hints(int hints) __attribute__((weak));

__attribute__((constructor)) static void choose(void)
{
    if (primitives_set_hints)
        primitives_set_hints(PRIMITIVES_ONLY_CPU);
}
