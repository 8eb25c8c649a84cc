// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/greeter/keyboard.h"

#include <gdk/x11/gdkx.h>

struct keyboard {
    GtkWindow *window;
    keyboard_caps *caps;
    void *arg;
};

static void take_focus(GtkWidget *widget, gpointer arg)
{
    (void)arg;
    GdkSurface *surface = gtk_native_get_surface(GTK_NATIVE(widget));
    GdkDisplay *display = gtk_widget_get_display(widget);
    if (!GDK_IS_X11_SURFACE(surface))
        return;
    gdk_x11_display_error_trap_push(display);
    XSetInputFocus(gdk_x11_display_get_xdisplay(display), gdk_x11_surface_get_xid(surface), RevertToPointerRoot,
                   CurrentTime);
    gdk_x11_display_error_trap_pop_ignored(display);
}

static void fill_monitor(GtkWindow *window, GdkMonitor *monitor)
{
    GdkRectangle area;
    gdk_monitor_get_geometry(monitor, &area);
    gtk_window_set_default_size(window, area.width, area.height);
}

static void monitor_changed(GdkMonitor *monitor, GParamSpec *property, gpointer window)
{
    (void)property;
    fill_monitor(window, monitor);
}

static void caps_changed(GdkDevice *device, GParamSpec *property, gpointer arg)
{
    const struct keyboard *keyboard = arg;
    (void)property;
    keyboard->caps(keyboard->arg, gdk_device_get_caps_lock_state(device));
}

void keyboard_take(GtkWindow *window, keyboard_caps *caps, void *arg)
{
    GdkDisplay *display = gtk_widget_get_display(GTK_WIDGET(window));
    GdkDevice *device = gdk_seat_get_keyboard(gdk_display_get_default_seat(display));
    GdkMonitor *monitor = g_list_model_get_item(gdk_display_get_monitors(display), 0);
    struct keyboard *keyboard = g_new0(struct keyboard, 1); // as long as the program
    keyboard->window = window;
    keyboard->caps = caps;
    keyboard->arg = arg;
    gtk_window_set_decorated(window, FALSE);
    g_signal_connect(window, "map", G_CALLBACK(take_focus), NULL);
    if (monitor) {
        fill_monitor(window, monitor);
        g_signal_connect(monitor, "notify::geometry", G_CALLBACK(monitor_changed), window);
    }
    if (device) {
        g_signal_connect(device, "notify::caps-lock-state", G_CALLBACK(caps_changed), keyboard);
        caps_changed(device, NULL, keyboard);
    }
}
