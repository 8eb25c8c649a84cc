// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/window_watch.h"
#include "broker/base/mem.h"
#include "client-agent/x_server.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

struct window_watch {
    xcb_connection_t *connection;
    struct loop_watch *watch;
    struct window_watch_events events;
    void *arg;
};

// True when it is a window of its own, not a menu or a tooltip.
static bool takes_keyboard(struct window_watch *watch, const xcb_generic_event_t *event)
{
    if ((event->response_type & 0x7f) != XCB_MAP_NOTIFY)
        return false;
    xcb_map_notify_event_t mapped;
    memcpy(&mapped, event, sizeof mapped);
    if (mapped.override_redirect)
        return false;
    xcb_set_input_focus(watch->connection, XCB_INPUT_FOCUS_POINTER_ROOT, mapped.window, XCB_CURRENT_TIME);
    xcb_flush(watch->connection);
    return true;
}

static void events_ready(void *arg, bool readable, bool writable)
{
    struct window_watch *watch = arg;
    bool appeared = false, lock = false;
    (void)readable;
    (void)writable;
    for (;;) {
        xcb_generic_event_t *event = xcb_poll_for_event(watch->connection);
        if (!event)
            break;
        appeared = takes_keyboard(watch, event) || appeared;
        lock = (event->response_type & 0x7f) == XCB_KEY_PRESS || lock;
        free(event);
    }
    // The end of the X server is noticed by who started it.
    if (xcb_connection_has_error(watch->connection))
        loop_watch_set(watch->watch, false, false);
    // The second is told only when the first has not freed us: a lock needs a desktop that was shown before.
    if (appeared)
        watch->events.shown(watch->arg);
    else if (lock)
        watch->events.lock(watch->arg);
}

static xcb_connection_t *let_in(const char *display, const unsigned char *cookie)
{
    char name[] = "MIT-MAGIC-COOKIE-1";
    char data[COOKIE_SIZE];
    memcpy(data, cookie, sizeof data);
    xcb_auth_info_t auth = {.namelen = sizeof name - 1, .name = name, .datalen = sizeof data, .data = data};
    return xcb_connect_to_display_with_auth_info(display, &auth, NULL);
}

static void listen_to_root(xcb_connection_t *connection)
{
    const uint32_t mask = XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY;
    xcb_screen_iterator_t screens = xcb_setup_roots_iterator(xcb_get_setup(connection));
    for (; screens.rem; xcb_screen_next(&screens))
        xcb_change_window_attributes(connection, screens.data->root, XCB_CW_EVENT_MASK, &mask);
    xcb_flush(connection);
}

// With and without caps lock and num lock: to the X protocol they are modifiers like others.
static void grab_key(xcb_connection_t *connection, xcb_window_t root, xcb_keycode_t key, uint16_t modifiers)
{
    static const uint16_t locks[] = {0, XCB_MOD_MASK_LOCK, XCB_MOD_MASK_2, XCB_MOD_MASK_LOCK | XCB_MOD_MASK_2};
    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++)
        xcb_grab_key(connection, 0, root, modifiers | locks[i], key, XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC);
}

static void grab_lock_keys(xcb_connection_t *connection)
{
    enum { KEYSYM_L = 'l' };
    const xcb_setup_t *setup = xcb_get_setup(connection);
    xcb_window_t root = xcb_setup_roots_iterator(setup).data->root;
    uint8_t count = (uint8_t)(setup->max_keycode - setup->min_keycode + 1);
    xcb_get_keyboard_mapping_reply_t *map = xcb_get_keyboard_mapping_reply(
        connection, xcb_get_keyboard_mapping(connection, setup->min_keycode, count), NULL);
    for (unsigned i = 0; map && i < count; i++) {
        if (xcb_get_keyboard_mapping_keysyms(map)[i * map->keysyms_per_keycode] != KEYSYM_L)
            continue;
        xcb_keycode_t key = (xcb_keycode_t)(setup->min_keycode + i);
        grab_key(connection, root, key, XCB_MOD_MASK_4);
        grab_key(connection, root, key, XCB_MOD_MASK_CONTROL | XCB_MOD_MASK_1);
    }
    free(map);
    xcb_flush(connection);
}

struct window_watch *window_watch_new(struct loop *loop, const char *display, const unsigned char *cookie,
                                      const struct window_watch_events *events, void *arg, struct fault *why)
{
    xcb_connection_t *connection = let_in(display, cookie);
    if (xcb_connection_has_error(connection)) {
        xcb_disconnect(connection);
        fault_set(why, FAULT_UNAVAILABLE, "the X server %s refuses the connection", display);
        return NULL;
    }
    listen_to_root(connection);
    if (events->lock)
        grab_lock_keys(connection);
    struct window_watch *watch = mem_new(1, sizeof *watch);
    watch->connection = connection;
    watch->events = *events;
    watch->arg = arg;
    watch->watch = loop_watch_new(loop, xcb_get_file_descriptor(connection), events_ready, watch);
    loop_watch_set(watch->watch, true, false);
    return watch;
}

void window_watch_free(struct window_watch *watch)
{
    if (!watch)
        return;
    loop_watch_free(watch->watch);
    xcb_disconnect(watch->connection);
    free(watch);
}
