// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/window_watch.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "client-agent/notice_overlay.h"
#include "client-agent/x_server.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/randr.h>
#include <xcb/xcb.h>
#include <xcb/xinput.h>

enum { KEYS = 256, DEVICES = 256, ORDINARY_HEIGHT = 1080, SCALE_MOST = 4 };
enum key_role { KEY_OTHER, KEY_CONTROL, KEY_ALT, KEY_SUPER, KEY_L, KEY_P, KEY_ROLE_COUNT };

// The letters that are kept, with Control and Alt; where no key has the letter, the one that has it elsewhere.
static const struct letter_row {
    enum key_role role;
    xcb_keycode_t elsewhere; // of Linux' evdev
    bool with_super;         // also with Super alone
} letter_rows[] = {{KEY_L, 46, true}, {KEY_P, 33, false}};

struct window_watch {
    xcb_connection_t *connection;
    struct loop_watch *watch;
    xcb_window_t window;              // the client's last one
    struct window_watch_screen fills; // that it has to fill; none without monitors
    uint8_t input_opcode;
    enum key_role roles[KEYS]; // by key code
    bool down[DEVICES][KEYS];
    struct notice_overlay notice;
    struct window_watch_events events;
    void *arg;
};

// ---- the layout

// Several layouts stand with commas between: "de,us", and "neo,"; the first is the one that is on.
static void take_first(char to[DESK_KEYBOARD_NAME_SIZE], const char *names, size_t length)
{
    size_t used = 0;
    while (used < length && names[used] && names[used] != ',')
        used++;
    if (used < DESK_KEYBOARD_NAME_SIZE)
        snprintf(to, DESK_KEYBOARD_NAME_SIZE, "%.*s", (int)used, names);
}

// The property holds rules, model, layout, variant and options, each with a NUL behind it.
void window_watch_keyboard(const struct window_watch *watch, struct desk_keyboard *keyboard)
{
    static const char name[] = "_XKB_RULES_NAMES";
    enum { LAYOUT = 2, VARIANT = 3, WORDS = 256 };
    *keyboard = (struct desk_keyboard){.layout = ""};
    xcb_intern_atom_reply_t *atom =
        xcb_intern_atom_reply(watch->connection, xcb_intern_atom(watch->connection, 1, sizeof name - 1, name), NULL);
    xcb_get_property_reply_t *reply = NULL;
    if (atom && atom->atom)
        reply = xcb_get_property_reply(
            watch->connection,
            xcb_get_property(watch->connection, 0,
                             xcb_setup_roots_iterator(xcb_get_setup(watch->connection)).data->root, atom->atom,
                             XCB_ATOM_STRING, 0, WORDS),
            NULL);
    const char *at = reply ? xcb_get_property_value(reply) : NULL;
    size_t left = reply ? (size_t)xcb_get_property_value_length(reply) : 0;
    for (int i = 0; left && i <= VARIANT; i++) {
        size_t length = strnlen(at, left);
        if (i == LAYOUT || i == VARIANT)
            take_first(i == LAYOUT ? keyboard->layout : keyboard->variant, at, length);
        at += length + (length < left);
        left -= length + (length < left);
    }
    free(atom);
    free(reply);
}

// ---- the keys that are kept

// With and without caps lock and num lock: to the X protocol they are modifiers like others.
static void grab_key(xcb_connection_t *connection, xcb_window_t root, xcb_keycode_t key, uint16_t modifiers)
{
    static const uint16_t locks[] = {0, XCB_MOD_MASK_LOCK, XCB_MOD_MASK_2, XCB_MOD_MASK_LOCK | XCB_MOD_MASK_2};
    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++)
        xcb_grab_key(connection, 0, root, modifiers | locks[i], key, XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC);
}

static enum key_role role_of(xcb_keysym_t symbol)
{
    static const struct {
        xcb_keysym_t symbol;
        enum key_role role;
    } rows[] = {{'l', KEY_L},        {'p', KEY_P},       {0xffe3, KEY_CONTROL}, {0xffe4, KEY_CONTROL},
                {0xffe9, KEY_ALT},   {0xffea, KEY_ALT},  {0xffe7, KEY_ALT},     {0xffe8, KEY_ALT},
                {0xffeb, KEY_SUPER}, {0xffec, KEY_SUPER}};
    // keysymdef.h: Control, Alt, Meta and Super, left and right
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].symbol == symbol)
            return rows[i].role;
    return KEY_OTHER;
}

static void take_letter(struct window_watch *watch, const struct letter_row *letter, xcb_keycode_t key)
{
    xcb_window_t root = xcb_setup_roots_iterator(xcb_get_setup(watch->connection)).data->root;
    watch->roles[key] = letter->role;
    grab_key(watch->connection, root, key, XCB_MOD_MASK_CONTROL | XCB_MOD_MASK_1);
    if (letter->with_super)
        grab_key(watch->connection, root, key, XCB_MOD_MASK_4);
}

static void take_letters(struct window_watch *watch, const struct letter_row *letter)
{
    bool found = false;
    for (size_t key = 0; key < KEYS; key++) {
        if (watch->roles[key] != letter->role)
            continue;
        take_letter(watch, letter, (xcb_keycode_t)key);
        found = true;
    }
    if (!found)
        take_letter(watch, letter, letter->elsewhere);
}

// Before there is a client that could change what the keys mean. The grabs keep the keys from it. A layout may have the
// Latin letters in its second group, or none.
static void learn_keys(struct window_watch *watch)
{
    const xcb_setup_t *setup = xcb_get_setup(watch->connection);
    unsigned count = (unsigned)setup->max_keycode - setup->min_keycode + 1U;
    xcb_get_keyboard_mapping_reply_t *map = xcb_get_keyboard_mapping_reply(
        watch->connection, xcb_get_keyboard_mapping(watch->connection, setup->min_keycode, (uint8_t)count), NULL);
    for (unsigned i = 0; map && i < count * map->keysyms_per_keycode; i++) {
        xcb_keycode_t key = (xcb_keycode_t)(setup->min_keycode + i / map->keysyms_per_keycode);
        if (watch->roles[key] == KEY_OTHER)
            watch->roles[key] = role_of(xcb_get_keyboard_mapping_keysyms(map)[i]);
    }
    for (size_t i = 0; i < sizeof letter_rows / sizeof *letter_rows; i++)
        take_letters(watch, &letter_rows[i]);
    free(map);
}

// Raw events (XInput 2.1 and later) come whoever has grabbed the keyboard.
static bool listen_to_keyboard(struct window_watch *watch)
{
    struct {
        xcb_input_event_mask_t head;
        uint32_t events;
    } mask = {{XCB_INPUT_DEVICE_ALL, 1},
              XCB_INPUT_XI_EVENT_MASK_RAW_KEY_PRESS | XCB_INPUT_XI_EVENT_MASK_RAW_KEY_RELEASE};
    const xcb_query_extension_reply_t *extension = xcb_get_extension_data(watch->connection, &xcb_input_id);
    if (!extension || !extension->present)
        return false;
    watch->input_opcode = extension->major_opcode;
    free(
        xcb_input_xi_query_version_reply(watch->connection, xcb_input_xi_query_version(watch->connection, 2, 2), NULL));
    xcb_window_t root = xcb_setup_roots_iterator(xcb_get_setup(watch->connection)).data->root;
    xcb_generic_error_t *error = xcb_request_check(
        watch->connection, xcb_input_xi_select_events_checked(watch->connection, root, 1, &mask.head));
    bool fine = !error;
    free(error);
    return fine;
}

static bool holds(const struct window_watch *watch, enum key_role role)
{
    for (size_t device = 0; device < DEVICES; device++)
        for (size_t key = 0; key < KEYS; key++)
            if (watch->down[device][key] && watch->roles[key] == role)
                return true;
    return false;
}

// Each key comes several times: from its keyboard, from the one that stands for all, and again while it is held. Each
// keyboard has keys of its own, so that what a client types with one of its making (XTEST) changes none of a real one.
static enum key_role kept_letter(struct window_watch *watch, const xcb_generic_event_t *event)
{
    xcb_input_raw_key_press_event_t key;
    memcpy(&key, event, sizeof key);
    if ((event->response_type & 0x7f) != XCB_GE_GENERIC || key.extension != watch->input_opcode || key.detail >= KEYS ||
        key.sourceid >= DEVICES)
        return KEY_OTHER;
    bool *down = &watch->down[key.sourceid][key.detail], was_down = *down;
    *down = key.event_type == XCB_INPUT_RAW_KEY_PRESS;
    if (was_down || !*down)
        return KEY_OTHER;
    for (size_t i = 0; i < sizeof letter_rows / sizeof *letter_rows; i++)
        if (watch->roles[key.detail] == letter_rows[i].role &&
            ((letter_rows[i].with_super && holds(watch, KEY_SUPER)) ||
             (holds(watch, KEY_CONTROL) && holds(watch, KEY_ALT))))
            return letter_rows[i].role;
    return KEY_OTHER;
}

// An X server that a client keeps for itself reads nothing, and a full socket would hold up the whole agent. It takes
// requests again when the socket does; what is left out by then is that client's loss.
static bool takes_requests(const struct window_watch *watch)
{
    struct pollfd line = {.fd = xcb_get_file_descriptor(watch->connection), .events = POLLOUT};
    return poll(&line, 1, 0) == 1 && (line.revents & POLLOUT);
}

// ---- its size

int window_watch_scale(int width, int height)
{
    int scale = (width < height ? width : height) / ORDINARY_HEIGHT;
    return scale < 1 ? 1 : scale > SCALE_MOST ? SCALE_MOST : scale;
}

static void take_monitor(struct window_watch_screen *screen, const xcb_randr_monitor_info_t *monitor)
{
    screen->x = monitor->x;
    screen->y = monitor->y;
    screen->width = monitor->width;
    screen->height = monitor->height;
}

void window_watch_screen(const struct window_watch *watch, struct window_watch_screen *screen)
{
    const xcb_screen_t *whole = xcb_setup_roots_iterator(xcb_get_setup(watch->connection)).data;
    *screen =
        (struct window_watch_screen){.monitors = 1, .width = whole->width_in_pixels, .height = whole->height_in_pixels};
    xcb_randr_get_monitors_reply_t *reply = xcb_randr_get_monitors_reply(
        watch->connection, xcb_randr_get_monitors(watch->connection, whole->root, 1), NULL);
    if (reply && xcb_randr_get_monitors_monitors_length(reply) > 0) {
        xcb_randr_monitor_info_iterator_t monitors = xcb_randr_get_monitors_monitors_iterator(reply);
        screen->monitors = monitors.rem;
        take_monitor(screen, monitors.data);
        for (; monitors.rem; xcb_randr_monitor_info_next(&monitors))
            if (monitors.data->primary)
                take_monitor(screen, monitors.data);
    }
    free(reply);
    screen->scale = window_watch_scale(screen->width, screen->height);
}

// Asks the X server, so before there is a client: one that was taken over may keep the server for itself.
void window_watch_fill(struct window_watch *watch)
{
    window_watch_screen(watch, &watch->fills);
}

// Its client may take the size back at any time; whoever manages windows has the last word.
static void keep_size(struct window_watch *watch, uint16_t width, uint16_t height)
{
    const struct window_watch_screen *screen = &watch->fills;
    const uint32_t values[] = {(uint32_t)screen->x, (uint32_t)screen->y, screen->width, screen->height};
    const uint16_t mask =
        XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT;
    if (!screen->monitors || (width == screen->width && height == screen->height) || !takes_requests(watch))
        return;
    xcb_configure_window(watch->connection, watch->window, mask, values);
    xcb_flush(watch->connection);
}

// ---- what comes from the X server

// True when it is a window of its own, not a menu or a tooltip.
static bool takes_keyboard(struct window_watch *watch, const xcb_generic_event_t *event)
{
    if ((event->response_type & 0x7f) != XCB_MAP_NOTIFY)
        return false;
    xcb_map_notify_event_t mapped;
    memcpy(&mapped, event, sizeof mapped);
    if (mapped.override_redirect)
        return false;
    watch->window = mapped.window;
    keep_size(watch, 0, 0);
    if (takes_requests(watch)) {
        xcb_set_input_focus(watch->connection, XCB_INPUT_FOCUS_POINTER_ROOT, mapped.window, XCB_CURRENT_TIME);
        xcb_flush(watch->connection);
    }
    return true;
}

static void follow_size(struct window_watch *watch, const xcb_generic_event_t *event)
{
    xcb_configure_notify_event_t changed;
    memcpy(&changed, event, sizeof changed);
    if ((event->response_type & 0x7f) == XCB_CONFIGURE_NOTIFY && changed.window == watch->window)
        keep_size(watch, changed.width, changed.height);
}

// ---- what is shown over the windows

bool window_watch_notice(struct window_watch *watch, const struct window_watch_screen *screen,
                         const struct notice_picture *picture)
{
    window_watch_hide_notice(watch);
    return takes_requests(watch) && !watch->notice.window &&
           notice_overlay_open(&watch->notice, watch->connection, screen->x, screen->y, screen->width, picture);
}

void window_watch_hide_notice(struct window_watch *watch)
{
    if (takes_requests(watch))
        notice_overlay_close(&watch->notice, watch->connection);
}

// What one reading brings is handled at a turn, some hundred events at most: the loop has others to serve.
static void events_ready(void *arg, bool readable, bool writable)
{
    struct window_watch *watch = arg;
    bool appeared = false, clicked = false, pressed[KEY_ROLE_COUNT] = {false};
    (void)readable;
    (void)writable;
    for (xcb_generic_event_t *event = xcb_poll_for_event(watch->connection); event;
         event = xcb_poll_for_queued_event(watch->connection)) {
        appeared = takes_keyboard(watch, event) || appeared;
        clicked = notice_overlay_is_clicked(&watch->notice, event) || clicked;
        pressed[kept_letter(watch, event)] = true;
        follow_size(watch, event);
        free(event);
    }
    // The end of the X server is noticed by who started it.
    if (xcb_connection_has_error(watch->connection))
        loop_watch_set(watch->watch, false, false);
    // One at a time, for any of them may free us: a lock needs a desktop that was shown before.
    if (appeared)
        watch->events.shown(watch->arg);
    else if (pressed[KEY_L])
        watch->events.lock(watch->arg);
    else if (pressed[KEY_P])
        watch->events.jobs(watch->arg);
    else if (clicked && watch->events.clicked)
        watch->events.clicked(watch->arg);
}

// ---- life

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
}

struct window_watch *window_watch_new(struct loop *loop, const char *display, const unsigned char *cookie,
                                      const struct window_watch_events *events, void *arg, struct fault *why)
{
    struct window_watch *watch = mem_new(1, sizeof *watch);
    assert(events->shown && events->lock && events->jobs);
    watch->connection = let_in(display, cookie);
    watch->events = *events;
    watch->arg = arg;
    if (xcb_connection_has_error(watch->connection) || !listen_to_keyboard(watch)) {
        xcb_disconnect(watch->connection);
        free(watch);
        fault_set(why, FAULT_UNAVAILABLE, "the X server %s refuses the connection", display);
        return NULL;
    }
    learn_keys(watch);
    listen_to_root(watch->connection);
    xcb_flush(watch->connection);
    watch->watch = loop_watch_new(loop, xcb_get_file_descriptor(watch->connection), events_ready, watch);
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

bool window_watch_refocus(struct window_watch *watch)
{
    if (!watch->window || memchr(watch->down, true, sizeof watch->down) || !takes_requests(watch))
        return false;
    xcb_set_input_focus(watch->connection, XCB_INPUT_FOCUS_NONE, XCB_NONE, XCB_CURRENT_TIME);
    xcb_set_input_focus(watch->connection, XCB_INPUT_FOCUS_POINTER_ROOT, watch->window, XCB_CURRENT_TIME);
    xcb_flush(watch->connection);
    return true;
}
