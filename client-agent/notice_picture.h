// SPDX-License-Identifier: EUPL-1.2
// Words as a picture of black and white: the greeter draws it, the agent shows it over a session (notice_overlay.h).
#pragma once
#include <stdbool.h>
#include <stddef.h>

// How many bytes an X server's socket surely takes at once when it takes any: showing it must not hold the agent up.
enum { NOTICE_BYTES_MAX = 96 * 1024, NOTICE_SIDE_MAX = 4096 };

// A bit a pixel, the lowest bit of a byte the leftmost; rows are padded to 32 bits.
struct notice_picture {
    int width, height;
    const unsigned char *bits;
};

size_t notice_picture_stride(int width); // bytes of a row
bool notice_picture_fits(int width, int height);
