// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/qr_code.h"

#include <assert.h>
#include <qrencode.h>
#include <string.h>

enum { MARGIN = 4 }; // of light modules, as the standard wants it

static void draw_row(struct text *path, const unsigned char *row, int width, int y)
{
    for (int x = 0; x < width;) {
        int end = x;
        while (end < width && row[end] & 1)
            end++;
        if (end > x)
            text_addf(path, "M%d %dh%dv1h-%dz", MARGIN + x, MARGIN + y, end - x, end - x);
        x = end + (end == x);
    }
}

bool qr_code_draw(const char *text, struct text *path, int64_t *side)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (!code)
        return false;
    assert(code->width > 0);
    for (int y = 0; y < code->width; y++)
        draw_row(path, code->data + (size_t)y * (size_t)code->width, code->width, y);
    *side = code->width + 2 * MARGIN;
    explicit_bzero(code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
    return true;
}
