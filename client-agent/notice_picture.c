// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/notice_picture.h"

enum { PAD_BITS = 32 };

size_t notice_picture_stride(int width)
{
    return ((size_t)width + PAD_BITS - 1) / PAD_BITS * (PAD_BITS / 8);
}

bool notice_picture_fits(int width, int height)
{
    return width > 0 && height > 0 && width <= NOTICE_SIDE_MAX && height <= NOTICE_SIDE_MAX &&
           notice_picture_stride(width) * (size_t)height <= NOTICE_BYTES_MAX;
}
