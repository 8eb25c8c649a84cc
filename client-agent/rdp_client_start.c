// SPDX-License-Identifier: EUPL-1.2
// Loaded into xfreerdp3 (LD_PRELOAD), for what it has no option for.
#include <X11/Xutil.h>

enum { PRIMITIVES_ONLY_CPU = 1 }; // primitive_hints in freerdp/primitives.h

extern void primitives_set_hints(int hints) __attribute__((weak));

// Spares it the 0.3 s in which FreeRDP measures, at each start, whether this processor's own way to convert pictures is
// better than plain C.
__attribute__((constructor)) static void choose_primitives(void)
{
    if (primitives_set_hints)
        primitives_set_hints(PRIMITIVES_ONLY_CPU);
}

// Keys reach the session by their codes. FreeRDP asks here for the meaning of one only to find those that it keeps for
// itself, such as Ctrl+Alt+M, which would hide its window: with none it keeps none.
int XLookupString(XKeyEvent *event, char *buffer, int size, KeySym *symbol, XComposeStatus *compose)
{
    (void)event, (void)buffer, (void)size, (void)compose;
    if (symbol)
        *symbol = NoSymbol;
    return 0;
}
