// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/notice_overlay.h"

#include <assert.h>
#include <string.h>

// Dark on pale yellow, as the greeter's own messages: more than 12:1.
enum { INK = 0x3a2600, PAPER = 0xfff1cf, EDGE = 0xb36b00, EDGE_WIDTH = 4 };
enum { PAD_BITS = 32, TRUE_COLOUR_DEPTH = 24 };

static bool draws_as_we_do(const xcb_setup_t *setup, const xcb_screen_t *screen)
{
    return setup->bitmap_format_scanline_pad == PAD_BITS &&
           setup->bitmap_format_bit_order == XCB_IMAGE_ORDER_LSB_FIRST &&
           setup->image_byte_order == XCB_IMAGE_ORDER_LSB_FIRST && screen->root_depth == TRUE_COLOUR_DEPTH;
}

// As the background of the window: the server paints it again by itself.
static xcb_pixmap_t draw_picture(xcb_connection_t *connection, const xcb_screen_t *screen,
                                 const struct notice_picture *picture)
{
    const uint32_t colours[] = {INK, PAPER};
    uint16_t width = (uint16_t)picture->width, height = (uint16_t)picture->height;
    xcb_pixmap_t pixmap = xcb_generate_id(connection);
    xcb_gcontext_t pen = xcb_generate_id(connection);
    xcb_create_pixmap(connection, screen->root_depth, pixmap, screen->root, width, height);
    xcb_create_gc(connection, pen, pixmap, XCB_GC_FOREGROUND | XCB_GC_BACKGROUND, colours);
    xcb_put_image(connection, XCB_IMAGE_FORMAT_XY_BITMAP, pixmap, pen, width, height, 0, 0, 0, 1,
                  (uint32_t)(notice_picture_stride(picture->width) * height), picture->bits);
    xcb_free_gc(connection, pen);
    return pixmap;
}

bool notice_overlay_open(struct notice_overlay *notice, xcb_connection_t *connection, int x, int y, int width,
                         const struct notice_picture *picture)
{
    const xcb_setup_t *setup = xcb_get_setup(connection);
    const xcb_screen_t *screen = xcb_setup_roots_iterator(setup).data;
    assert(!notice->window && notice_picture_fits(picture->width, picture->height));
    if (!draws_as_we_do(setup, screen))
        return false;
    xcb_pixmap_t pixmap = draw_picture(connection, screen, picture);
    const uint32_t values[] = {pixmap, EDGE, 1, XCB_EVENT_MASK_BUTTON_PRESS};
    int left = x + (width - picture->width) / 2 - EDGE_WIDTH;
    notice->window = xcb_generate_id(connection);
    xcb_create_window(connection, XCB_COPY_FROM_PARENT, notice->window, screen->root, (int16_t)left, (int16_t)y,
                      (uint16_t)picture->width, (uint16_t)picture->height, EDGE_WIDTH, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                      XCB_COPY_FROM_PARENT,
                      XCB_CW_BACK_PIXMAP | XCB_CW_BORDER_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
    xcb_free_pixmap(connection, pixmap);
    xcb_map_window(connection, notice->window);
    xcb_flush(connection);
    return true;
}

void notice_overlay_close(struct notice_overlay *notice, xcb_connection_t *connection)
{
    if (!notice->window)
        return;
    xcb_destroy_window(connection, notice->window);
    xcb_flush(connection);
    notice->window = 0;
}

bool notice_overlay_is_clicked(const struct notice_overlay *notice, const xcb_generic_event_t *event)
{
    xcb_button_press_event_t press;
    memcpy(&press, event, sizeof press);
    return notice->window && (event->response_type & 0x7f) == XCB_BUTTON_PRESS && press.event == notice->window;
}
