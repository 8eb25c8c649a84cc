// SPDX-License-Identifier: EUPL-1.2
// The desk's keyboard layout as a session host of ours understands it. RDP has numbers for layouts and none for X
// variants: those are said by a subtype of the keyboard, see broker/pult-host/package/xrdp_keyboard.ini.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { DESK_KEYBOARD_NAME_SIZE = 32 };

// As the X server has it.
struct desk_keyboard {
    char layout[DESK_KEYBOARD_NAME_SIZE], variant[DESK_KEYBOARD_NAME_SIZE];
};

// False when there is no variant, or one that is not known: then FreeRDP finds a number by itself.
bool desk_keyboard_numbers(const struct desk_keyboard *keyboard, uint32_t *layout, uint32_t *subtype);
