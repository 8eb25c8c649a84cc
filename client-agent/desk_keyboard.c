// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/desk_keyboard.h"
#include "broker/base/text.h"

enum { SUBTYPE_FIRST = 101 };

// As Windows numbers them.
static const struct layout_row {
    const char *layout;
    uint32_t number;
} layout_rows[] = {
    {"us", 0x409}, {"dk", 0x406}, {"de", 0x407},    {"at", 0xc07}, {"es", 0x40a}, {"fi", 0x40b},
    {"fr", 0x40c}, {"it", 0x410}, {"no", 0x414},    {"pl", 0x415}, {"ru", 0x419}, {"se", 0x41d},
    {"ch", 0x807}, {"gb", 0x809}, {"latam", 0x80a}, {"be", 0x813}, {"pt", 0x816},
};

// In the order of their subtypes; only to be added to.
static const char *const variants[] = {
    "nodeadkeys", "neo",  "bone",       "mac", "mac_nodeadkeys", "deadacute",     "deadgraveacute", "dvorak",
    "colemak",    "intl", "altgr-intl", "fr",  "fr_nodeadkeys",  "de_nodeadkeys", "qwerty",         "T3",
    "bepo",       "oss",  "us"};

bool desk_keyboard_numbers(const struct desk_keyboard *keyboard, uint32_t *layout, uint32_t *subtype)
{
    *layout = *subtype = 0;
    for (size_t i = 0; i < sizeof layout_rows / sizeof *layout_rows; i++)
        if (text_equal(layout_rows[i].layout, keyboard->layout))
            *layout = layout_rows[i].number;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        if (text_equal(variants[i], keyboard->variant))
            *subtype = SUBTYPE_FIRST + (uint32_t)i;
    return *layout && *subtype;
}
