// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/greeter/picture.h"
#include "client-agent/notice_picture.h"

#include <stdbool.h>
#include <unistd.h>

enum { TEXT_WIDTH = 700, MARGIN = 18, TITLE_PIXELS = 19, SENTENCE_PIXELS = 22, GAP = 4 };

static PangoLayout *new_layout(GtkWidget *widget, const char *text, int pixels, bool bold, int scale)
{
    PangoContext *context = gtk_widget_create_pango_context(widget);
    PangoLayout *layout = pango_layout_new(context);
    PangoFontDescription *font = pango_font_description_new();
    cairo_font_options_t *options = cairo_font_options_create();
    pango_font_description_set_family(font, "sans-serif");
    pango_font_description_set_absolute_size(font, (double)pixels * scale * PANGO_SCALE);
    pango_font_description_set_weight(font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    // There is no grey: letters are fitted to whole pixels.
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_NONE);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_FULL);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_ON);
    pango_cairo_context_set_font_options(context, options);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, text, -1);
    pango_layout_set_width(layout, TEXT_WIDTH * scale * PANGO_SCALE);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    cairo_font_options_destroy(options);
    pango_font_description_free(font);
    g_object_unref(context);
    return layout;
}

static bool write_picture(cairo_surface_t *surface, int file)
{
    cairo_surface_flush(surface);
    size_t length = (size_t)cairo_image_surface_get_stride(surface) * (size_t)cairo_image_surface_get_height(surface);
    return pwrite(file, cairo_image_surface_get_data(surface), length, 0) == (ssize_t)length;
}

static bool draw_scaled(GtkWidget *widget, const char *title, const char *sentence, int scale, int file, int *width,
                        int *height)
{
    PangoLayout *head = new_layout(widget, title, TITLE_PIXELS, true, scale);
    PangoLayout *body = new_layout(widget, sentence, SENTENCE_PIXELS, false, scale);
    int head_height = 0, body_height = 0;
    pango_layout_get_pixel_size(head, NULL, &head_height);
    pango_layout_get_pixel_size(body, NULL, &body_height);
    *width = (TEXT_WIDTH + 2 * MARGIN) * scale;
    *height = (2 * MARGIN + GAP) * scale + head_height + body_height;
    bool fits = notice_picture_fits(*width, *height);
    if (fits) {
        cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A1, *width, *height);
        cairo_t *pen = cairo_create(surface);
        cairo_move_to(pen, MARGIN * scale, MARGIN * scale);
        pango_cairo_show_layout(pen, head);
        cairo_move_to(pen, MARGIN * scale, (MARGIN + GAP) * scale + head_height);
        pango_cairo_show_layout(pen, body);
        cairo_destroy(pen);
        fits = write_picture(surface, file);
        cairo_surface_destroy(surface);
    }
    g_object_unref(head);
    g_object_unref(body);
    return fits;
}

void picture_draw(GtkWidget *widget, const char *title, const char *sentence, int scale, int file, int *width,
                  int *height)
{
    for (; scale > 0; scale--)
        if (draw_scaled(widget, title, sentence, scale, file, width, height))
            return;
    *width = *height = 0;
}
