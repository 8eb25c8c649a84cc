// SPDX-License-Identifier: EUPL-1.2
// Words as a picture of black and white, for where there are no fonts: see client-agent/notice_picture.h.
#pragma once
#include <gtk/gtk.h>

// In the font of the widget and `scale` times as large, into a file. 0 for both sides: it could not be drawn.
void picture_draw(GtkWidget *widget, const char *title, const char *sentence, int scale, int file, int *width,
                  int *height);
