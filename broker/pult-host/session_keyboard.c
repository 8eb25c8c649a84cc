// SPDX-License-Identifier: EUPL-1.2
// pult-session-keyboard: runs as the person beside a session of xrdp and keeps the keyboard layout that was chosen
// there. xrdp loads the desk's layout at each connection; a program that chooses one asks the X server for it, and that
// is how the two are told apart. What was chosen stands at the root window, so that it outlives this program.
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xcb/xcb.h>
#include <xcb/xkb.h>

// rules, model, layout, variant and options, each with a NUL behind it
enum { NAMES = 5, NAMES_SIZE = 1024 };

struct session_keyboard {
    xcb_connection_t *connection;
    xcb_window_t root;
    xcb_atom_t rules, chosen;
    uint8_t xkb_opcode, xkb_event;
    bool was_asked_for; // a program has the X server load another layout; its names come next
};

static xcb_atom_t atom_of(xcb_connection_t *connection, const char *name)
{
    xcb_intern_atom_reply_t *reply =
        xcb_intern_atom_reply(connection, xcb_intern_atom(connection, 0, (uint16_t)strlen(name), name), NULL);
    xcb_atom_t atom = reply ? reply->atom : XCB_NONE;
    free(reply);
    return atom;
}

// How many bytes the property has; 0: none that could be used.
static size_t read_names(const struct session_keyboard *keyboard, xcb_atom_t property, char names[NAMES_SIZE])
{
    xcb_get_property_cookie_t asked = xcb_get_property(keyboard->connection, 0, keyboard->root, property,
                                                       XCB_GET_PROPERTY_TYPE_ANY, 0, NAMES_SIZE / 4);
    xcb_get_property_reply_t *reply = xcb_get_property_reply(keyboard->connection, asked, NULL);
    size_t length = reply ? (size_t)xcb_get_property_value_length(reply) : 0, ends = 0;
    bool usable = length > 0 && length < NAMES_SIZE && reply->bytes_after == 0;
    if (usable)
        memcpy(names, xcb_get_property_value(reply), length);
    free(reply);
    for (size_t i = 0; usable && i < length; i++)
        ends += names[i] == 0;
    return usable && ends == NAMES && names[length - 1] == 0 ? length : 0;
}

static void load_layout(const char names[NAMES_SIZE])
{
    static const char *const options[NAMES] = {"-rules", "-model", "-layout", "-variant", "-option"};
    const char *words[2 * NAMES + 4] = {"setxkbmap"};
    size_t count = 1;
    for (size_t i = 0; i < NAMES; i++, names += strlen(names) + 1) {
        if (i + 1 == NAMES) { // without this they would be added to those of the desk
            words[count++] = options[i];
            words[count++] = "";
        }
        if (*names) {
            words[count++] = options[i];
            words[count++] = names;
        }
    }
    pid_t child = fork();
    if (child == 0) {
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

static void compare_layouts(struct session_keyboard *keyboard)
{
    char now[NAMES_SIZE], chosen[NAMES_SIZE];
    size_t length = read_names(keyboard, keyboard->rules, now),
           chosen_length = read_names(keyboard, keyboard->chosen, chosen);
    if (keyboard->was_asked_for && length)
        xcb_change_property(keyboard->connection, XCB_PROP_MODE_REPLACE, keyboard->root, keyboard->chosen,
                            XCB_ATOM_STRING, 8, (uint32_t)length, now);
    else if (chosen_length && (chosen_length != length || memcmp(now, chosen, length) != 0))
        load_layout(chosen);
    keyboard->was_asked_for = false;
    xcb_flush(keyboard->connection);
}

static void take_event(struct session_keyboard *keyboard, const xcb_generic_event_t *event)
{
    xcb_xkb_new_keyboard_notify_event_t loaded;
    xcb_property_notify_event_t changed;
    memcpy(&loaded, event, sizeof loaded);
    memcpy(&changed, event, sizeof changed);
    uint8_t type = event->response_type & 0x7f;
    if (type == keyboard->xkb_event && loaded.xkbType == XCB_XKB_NEW_KEYBOARD_NOTIFY)
        keyboard->was_asked_for = keyboard->was_asked_for || (loaded.requestMajor == keyboard->xkb_opcode &&
                                                              loaded.requestMinor == XCB_XKB_GET_KBD_BY_NAME);
    else if (type == XCB_PROPERTY_NOTIFY && changed.atom == keyboard->rules)
        compare_layouts(keyboard);
}

static bool listen_to_server(struct session_keyboard *keyboard)
{
    static const uint32_t properties = XCB_EVENT_MASK_PROPERTY_CHANGE;
    const xcb_query_extension_reply_t *xkb = xcb_get_extension_data(keyboard->connection, &xcb_xkb_id);
    if (xcb_connection_has_error(keyboard->connection) || !xkb || !xkb->present)
        return false;
    keyboard->xkb_opcode = xkb->major_opcode;
    keyboard->xkb_event = xkb->first_event;
    free(xcb_xkb_use_extension_reply(keyboard->connection, xcb_xkb_use_extension(keyboard->connection, 1, 0), NULL));
    keyboard->root = xcb_setup_roots_iterator(xcb_get_setup(keyboard->connection)).data->root;
    keyboard->rules = atom_of(keyboard->connection, "_XKB_RULES_NAMES");
    keyboard->chosen = atom_of(keyboard->connection, "_PULT_KEYBOARD");
    xcb_xkb_select_events(keyboard->connection, XCB_XKB_ID_USE_CORE_KBD, XCB_XKB_EVENT_TYPE_NEW_KEYBOARD_NOTIFY, 0,
                          XCB_XKB_EVENT_TYPE_NEW_KEYBOARD_NOTIFY, 0, 0, NULL);
    xcb_change_window_attributes(keyboard->connection, keyboard->root, XCB_CW_EVENT_MASK, &properties);
    return keyboard->rules && keyboard->chosen;
}

int main(void)
{
    struct session_keyboard keyboard = {.connection = xcb_connect(NULL, NULL)};
    if (!listen_to_server(&keyboard))
        return 1;
    compare_layouts(&keyboard); // somebody may have come while nobody listened
    for (xcb_generic_event_t *event; (event = xcb_wait_for_event(keyboard.connection)); free(event))
        take_event(&keyboard, event);
    xcb_disconnect(keyboard.connection);
    return 0;
}
